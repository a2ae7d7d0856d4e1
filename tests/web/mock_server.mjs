// A stand-in for `frugal serve`, whose answers the browser tests know beforehand:
//   node tests/web/mock_server.mjs [PORT]
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answerTo, reasoningFor } from './answers.mjs';

const dist = fileURLToPath(new URL('../../web/dist', import.meta.url));

// As strict as a page can be told to be; a breach of it fails the tests.
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
  "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function readJson(request) {
  let body = '';
  for await (const piece of request) body += piece;
  return JSON.parse(body || '{}');
}

function sendJson(response, status, value) {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(value));
}

async function sendFile(response, path) {
  const file = normalize(join(dist, path === '/' ? 'index.html' : path));
  try {
    if (!file.startsWith(dist)) throw new Error('outside');
    const body = await readFile(file);
    const type = types[extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': policy });
    response.end(body);
  } catch {
    sendJson(response, 404, { error: { message: `there is nothing at ${path}` } });
  }
}

/** Some tokens are half a word, so that tags and formulas arrive in pieces. */
function pieces(text) {
  return text.match(/\s*\S{1,4}|\s+$/g) ?? [];
}

/** Streams an answer; what a prefix holds already is left out. */
async function complete(request, response, gone) {
  const { messages, thinking, model, max_tokens: limit = Infinity } = request;
  const question = messages.findLast((m) => m.role === 'user').content;
  const prefix = messages.at(-1).prefix ? messages.at(-1) : null;
  const { text, delay } = answerTo(question);
  const reasoning = thinking?.type === 'enabled' && !prefix?.content ? reasoningFor(question) : '';
  const rest = prefix && text.startsWith(prefix.content) ? text.slice(prefix.content.length) : text;

  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  const id = 'mock';
  const send = (chunk) =>
    response.write(`data: ${JSON.stringify({ id, object: 'chat.completion.chunk', model, ...chunk })}\n\n`);
  const delta = (fields, finish = null) => send({ choices: [{ index: 0, delta: fields, finish_reason: finish }] });

  response.write(': keep-alive\n\n');
  delta({ role: 'assistant', content: '' });
  const steps = [
    ...pieces(reasoning).map((piece) => ({ reasoning_content: piece })),
    ...pieces(rest).map((piece) => ({ content: piece })),
  ];
  const kept = steps.slice(0, limit);
  for (const step of kept) {
    if (gone()) return;
    delta(step);
    await pause(delay);
  }
  delta({}, kept.length < steps.length ? 'length' : 'stop');
  const prompt = messages.reduce((sum, m) => sum + pieces(m.content).length, 0);
  const hit = 64 * Math.floor(prompt / 128);
  send({
    choices: [],
    usage: {
      prompt_tokens: prompt,
      prompt_cache_hit_tokens: hit,
      prompt_cache_miss_tokens: prompt - hit,
      completion_tokens: kept.length,
      total_tokens: prompt + kept.length,
      completion_tokens_details: { reasoning_tokens: kept.filter((s) => s.reasoning_content).length },
    },
  });
  response.end('data: [DONE]\n\n');
}

/** Gives { url, requests, cancelled, close }. `requests`: the bodies of completions, as they came. */
export async function startMock(port = 0) {
  const requests = [];
  const mock = { requests, cancelled: 0, key: '' };
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://mock').pathname;
    const route = `${request.method} ${path.replace(/^\/(v1|beta)\//, '/')}`;
    if (mock.key && !path.includes('.') && path !== '/' && request.headers.authorization !== `Bearer ${mock.key}`) {
      return sendJson(response, 401, { error: { message: 'a key is needed', type: 'authentication_error' } });
    }
    if (route === 'GET /models') {
      const model = (id) => ({ id, object: 'model', created: 1700000000, owned_by: 'frugal' });
      return sendJson(response, 200, { object: 'list', data: [model('smollm2-135m'), model('deepseek-r1-distill-qwen-1.5b')] });
    }
    if (route === 'POST /chat/completions') {
      const body = await readJson(request);
      requests.push(body);
      let gone = false;
      response.on('close', () => {
        gone = true;
        if (!response.writableFinished) ++mock.cancelled;
      });
      return complete(body, response, () => gone);
    }
    return sendFile(response, decodeURIComponent(path));
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  mock.url = `http://127.0.0.1:${server.address().port}/`;
  mock.close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return mock;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log((await startMock(Number(process.argv[2] ?? 8090))).url);
}
