// What the browser tests share: a page in Chromium against the mock server, watched for errors.
import { existsSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { startMock } from './mock_server.mjs';

// The packages lie in web/.
const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');

const program = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
const pictures = process.env.FRUGAL_SCREENSHOTS; // a folder; without it none are taken

const axeSource = require.resolve('axe-core/axe.min.js');

if (!program) {
  console.log('SKIPPED: Chromium is not installed');
  process.exit(77);
}

const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox'] });
export const closeBrowser = () => browser.close();

/**
 * Runs `test` with { page, mock } on a page of its own and a mock server of its own, or on `server`. Errors of the page,
 * breaches of its security policy among them, fail the test.
 */
export async function withPage(options, test, server = undefined) {
  const mock = server ?? (await startMock());
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, locale: 'en', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000); // a busy machine is slow, and only failures wait
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (line) => {
    // A refused request shows there too; the tests that provoke one look at the page.
    if (line.type() === 'error' && !line.text().startsWith('Failed to load resource')) errors.push(line.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(mock.url) && !/^(blob|data):/.test(request.url())) errors.push(`asked ${request.url()}`);
  });
  try {
    await page.goto(mock.url);
    await test({ page, mock, context });
    if (errors.length) throw new Error(`the page: ${errors.join('\n')}`);
  } catch (error) {
    await picture(page, 'failed');
    throw error;
  } finally {
    await context.close();
    await mock.close();
  }
}

export async function picture(page, name) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

export async function send(page, text) {
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await page.keyboard.press('Enter');
}

export const question = (page, at = 0) => page.locator('.question').nth(at);
export const answer = (page, at = 0) => page.locator('.answer').nth(at);

/** Waits until the answer is complete. */
export async function answered(page, at = 0) {
  await page.locator(`.answer[aria-busy=false]`).nth(at).waitFor();
  return answer(page, at);
}

/** Fails on faults that axe calls serious or critical. */
export async function assertAccessible(page) {
  // The page's security policy forbids to add a script; the debugger may evaluate one.
  await page.evaluate(await readFile(axeSource, 'utf8'));
  const { violations } = await page.evaluate(() => window.axe.run());
  const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
  const report = serious.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => n.html).join('\n  ')}`);
  if (report.length) throw new Error(`axe: ${report.join('\n')}`);
}
