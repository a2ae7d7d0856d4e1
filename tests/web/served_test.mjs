// The page on the real server with a real model: FRUGAL_PROGRAM serves SmolLM2.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { metrics } from './figures.mjs';
import { answer, answered, assertAccessible, closeBrowser, picture, send, withPage } from './support.mjs';

const fetched = process.env.FRUGAL_FETCHED ?? fileURLToPath(new URL('../../build-data', import.meta.url));
const model = join(fetched, 'smollm2.gguf');
if (!existsSync(model)) {
  console.log('SKIPPED: build-data/smollm2.gguf was not fetched (tools/get_smollm2.sh)');
  process.exit(77);
}
// A model in a queue behind other work answers too late for anybody who waits.
if (loadavg()[0] > 4 * cpus().length) {
  console.log(`SKIPPED: the machine is busy (load ${loadavg()[0].toFixed(0)} on ${cpus().length} cores)`);
  process.exit(77);
}

const folder = mkdtempSync(join(tmpdir(), 'frugal-served-'));
mkdirSync(join(folder, 'runs/tiny'), { recursive: true });
writeFileSync(join(folder, 'runs/tiny/metrics.jsonl'), metrics.map((line) => JSON.stringify(line) + '\n').join(''));

const options = ['--model', model, '--port', '0', '--data', join(folder, 'data'), '--runs', join(folder, 'runs')];
const server = spawn(process.env.FRUGAL_PROGRAM, ['serve', ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
const url = await new Promise((resolve, reject) => {
  let said = '';
  server.stderr.on('data', (text) => {
    said += text;
    const address = /serving on (\S+)/.exec(said)?.[1];
    if (address) resolve(`${address}/`);
  });
  server.on('exit', () => reject(new Error(`the server ended: ${said}`)));
});

after(async () => {
  await closeBrowser();
  server.removeAllListeners('exit');
  server.kill();
  await new Promise((resolve) => server.on('exit', resolve));
  rmSync(folder, { recursive: true });
});

const onServer = (body) =>
  withPage({}, (given) => (given.page.setDefaultTimeout(120_000), body(given)), { url, close: async () => {} });

test('a conversation is answered, kept and billed', () =>
  onServer(async ({ page }) => {
    await send(page, 'What is the capital of France? Answer in one sentence.');
    const first = await answered(page);
    assert.match(await first.innerText(), /Paris/);
    assert.match(await first.locator('.cost').innerText(), /\d+ tokens\s*·\s*\S*\$0\.0/);
    await picture(page, 'served');
    await page.reload();
    await page.getByText('Paris').first().waitFor();
    await send(page, 'And of Italy?');
    assert.notEqual(await (await answered(page, 1)).locator('.prose').innerText(), '');

    await page.getByRole('link', { name: 'Ledger' }).click();
    await page.getByRole('button', { name: 'By model' }).click();
    await page.getByRole('rowheader', { name: 'smollm2' }).waitFor();
    await picture(page, 'served_ledger');
  }));

test('a stream survives a reload, and ends when stopped', () =>
  onServer(async ({ page }) => {
    await send(page, 'Write a very long story about a lighthouse, with many chapters.');
    const prose = answer(page).locator('.prose');
    const atLeast = (length) =>
      page.waitForFunction((n) => (document.querySelector('.answer .prose')?.textContent.length ?? 0) > n, length);
    await atLeast(60);
    const before = await prose.innerText();
    await page.reload();
    await atLeast(120);
    assert.ok((await prose.innerText()).startsWith(before.slice(0, 50)));
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByText('Stopped').waitFor();
    const stopped = (await prose.innerText()).length;
    await page.getByRole('button', { name: 'Continue' }).click();
    await atLeast(stopped + 20);
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByText('Stopped').waitFor();
  }));

test('a run folder is drawn', () =>
  onServer(async ({ page }) => {
    await page.getByRole('link', { name: 'Training runs' }).click();
    await page.locator('figure canvas').nth(3).waitFor();
    await page.getByText('240', { exact: true }).waitFor();
    await assertAccessible(page);
  }));
