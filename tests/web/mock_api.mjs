// The server's endpoints, kept in memory. docs/serving.md describes the real ones.
import { Generation } from './mock_generation.mjs';
import { ledger, metrics } from './figures.mjs';

const status = {
  version: '0.1',
  needs_key: false,
  user: 'local',
  catalog: [
    { id: 'smollm2-135m', gigabytes: 0.1, licence: 'Apache-2.0', here: true },
    { id: 'deepseek-r1-distill-llama-8b', gigabytes: 4.9, licence: 'MIT', here: false },
  ],
  prices: {
    'smollm2-135m': { hit: 0.14, miss: 0.55, output: 2.19 },
    'deepseek-r1-distill-qwen-1.5b': { hit: 0.14, miss: 0.55, output: 2.19 },
  },
};

async function readJson(request) {
  let body = '';
  for await (const piece of request) body += piece;
  return JSON.parse(body || '{}');
}

function send(response, code, value) {
  response.writeHead(code, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(value));
}

const refuse = (response, code, message) => send(response, code, { error: { message, type: 'error', param: null, code: null } });
const now = () => Date.now() / 1000;

export class MockApi {
  key = ''; // when set, only requests with it are answered
  requests = []; // the bodies of those that generate
  chats = new Map();
  generations = new Map();
  models = [
    { id: 'smollm2-135m', loaded: true, context: 8192, parameters: 134515008, thinking: 'switch', default: true },
    { id: 'deepseek-r1-distill-qwen-1.5b', loaded: false },
    { id: 'mini', loaded: true, context: 1024, parameters: 1500000, thinking: 'switch', thinks: true },
    { id: 'shakespeare', loaded: true, context: 256, parameters: 4200000, thinking: 'never' },
  ];
  lines = metrics;
  held = undefined; // a promise that answers wait for, once their reasoning is over
  pull = { model: '', done: 0, total: 0, running: false, error: '' };

  /** False when it is no matter of the API. */
  async answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, 'http://mock');
    const [, first, what, id] = pathname.split('/').map(decodeURIComponent);
    if (first === 'chat') return this.title(request, response), true;
    if (first !== 'api') return false;
    if (this.key && request.headers.authorization !== `Bearer ${this.key}`) {
      refuse(response, 401, 'this server needs a key');
      return true;
    }
    const endpoint = this[`${what}_${request.method}`];
    if (endpoint) await endpoint.call(this, { request, response, id, query: searchParams });
    else refuse(response, 404, `there is nothing at ${pathname}`);
    return true;
  }

  async title(request, response) {
    const { messages } = await readJson(request);
    const content = `"About ${messages[0].content.split(' ').slice(0, 3).join(' ')}"`;
    send(response, 200, { choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }] });
  }

  status_GET({ response }) {
    send(response, 200, { ...status, models: this.models });
  }

  chats_GET({ response, id }) {
    const chat = this.chats.get(id);
    if (chat) return send(response, 200, chat);
    if (id) return refuse(response, 404, 'there is no such chat');
    const chats = Array.from(this.chats.values(), ({ data: _, ...summary }) => summary);
    return send(response, 200, { chats: chats.reverse() });
  }

  async chats_PUT({ request, response, id }) {
    const { title, pinned, data } = await readJson(request);
    const created = this.chats.get(id)?.created ?? now();
    const summary = { id, title, pinned, created, updated: now() };
    this.chats.set(id, { ...summary, data });
    send(response, 200, summary);
  }

  chats_DELETE({ response, id }) {
    const deleted = id ? Number(this.chats.delete(id)) : this.chats.size;
    if (!id) this.chats.clear();
    send(response, 200, { deleted });
  }

  async generations_POST({ request, response }) {
    const body = await readJson(request);
    this.requests.push(body);
    const generation = new Generation(`g${this.requests.length}`, body, this.held);
    this.generations.set(generation.id, generation);
    return generation.stream(response, 0);
  }

  generations_GET({ response, id, query }) {
    const generation = this.generations.get(id);
    return generation ? generation.stream(response, Number(query.get('from'))) : refuse(response, 404, 'forgotten');
  }

  generations_DELETE({ response, id }) {
    const generation = this.generations.get(id);
    if (generation) generation.stopped = true;
    send(response, 200, { deleted: Number(generation !== undefined) });
  }

  /** Ends the fetch, as if all bytes had come. */
  finishPull() {
    Object.assign(this.pull, { running: false, done: this.pull.total });
    this.models.push({ id: this.pull.model, loaded: false });
  }

  pulls_GET({ response }) {
    send(response, 200, this.pull);
  }

  async pulls_POST({ request, response }) {
    const { model } = await readJson(request);
    this.pull = { model, done: 1.2e9, total: 4.8e9, running: true, error: '' };
    send(response, 200, this.pull);
  }

  pulls_DELETE({ response }) {
    this.pull.running = false;
    send(response, 200, this.pull);
  }

  ledger_GET({ response, query }) {
    send(response, 200, { days: ledger(Number(query.get('days'))), balance: null });
  }

  runs_GET({ response, id, query }) {
    if (!id) {
      const runs = [
        { id: 'shakespeare-v3-tiny', updated: now(), kind: 'train', steps: this.lines.length },
        { id: 'countdown', updated: now() - 86400, kind: 'reinforce', steps: 40 },
      ];
      return send(response, 200, { runs });
    }
    const from = Number(query.get('from'));
    const lines = this.lines.slice(from);
    return send(response, 200, { id, recipe: '', lines, next: from + lines.length });
  }
}
