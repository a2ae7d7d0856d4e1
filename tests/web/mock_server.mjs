// A stand-in for `frugal serve`, whose answers the browser tests know beforehand:
//   node tests/web/mock_server.mjs [PORT]
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MockApi } from './mock_api.mjs';

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

async function sendFile(response, path) {
  const file = normalize(join(dist, path === '/' ? 'index.html' : path));
  if (!file.startsWith(dist)) return response.writeHead(404).end();
  try {
    const body = await readFile(file);
    const type = types[extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': policy });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}

/** Gives { url, api, close }. */
export async function startMock(port = 0) {
  const api = new MockApi();
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://mock').pathname;
    if (!(await api.answer(request, response))) await sendFile(response, decodeURIComponent(path));
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    api,
    url: `http://127.0.0.1:${server.address().port}/`,
    close() {
      for (const generation of api.generations.values()) generation.stopped = true;
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log((await startMock(Number(process.argv[2] ?? 8090))).url);
}
