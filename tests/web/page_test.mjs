// The page around the conversations: the list of chats, files, languages, looks, the other pages.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { makeDocx, makePdf } from './documents.mjs';
import { answered, assertAccessible, closeBrowser, picture, question, send, withPage } from './support.mjs';

after(closeBrowser);

const row = (page, title) => page.locator('.list li').filter({ hasText: title });

async function choose(page, title, action) {
  await row(page, title).hover();
  await row(page, title).getByRole('button').click();
  await page.getByRole('menuitem', { name: action, exact: true }).click();
}

test('chats are named, renamed, pinned, searched, deleted', () =>
  withPage({}, async ({ page, mock }) => {
    await send(page, 'Bread and butter');
    await answered(page);
    await row(page, 'About Bread and butter').waitFor(); // what the model calls it
    await page.getByRole('link', { name: 'New chat' }).first().click();
    await send(page, 'Second <b>thing</b>');
    await answered(page);
    await row(page, 'About Second <b>thing</b>').waitFor();

    await choose(page, 'Second', 'Rename');
    await page.getByRole('textbox', { name: 'Rename' }).fill('<script>window.hacked=1</script>');
    await page.keyboard.press('Enter');
    await row(page, '<script>window.hacked=1</script>').waitFor();
    await choose(page, 'Bread', 'Pin');
    await page.getByRole('heading', { name: 'Pinned' }).waitFor();
    await picture(page, 'list');

    await page.getByRole('searchbox').fill('said: bread');
    await row(page, 'Bread').waitFor();
    await row(page, 'script').waitFor({ state: 'detached' });
    await page.getByRole('searchbox').fill('');
    await choose(page, 'script', 'Delete');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await row(page, 'script').waitFor({ state: 'detached' });
    assert.deepEqual([...mock.api.chats.values()].map((c) => c.title), ['About Bread and butter']);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
  }));

test('chats are exported, deleted, imported', () =>
  withPage({}, async ({ page, mock }) => {
    await send(page, 'Remember me');
    await answered(page);
    await page.getByRole('button', { name: 'Settings' }).click();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export all' }).click(),
    ]);
    const text = await readFile(await file.path(), 'utf8');
    assert.equal(JSON.parse(text).chats.length, 1);
    await page.getByRole('button', { name: 'Delete all' }).click();
    await page.getByRole('dialog', { name: 'Delete all chats?' }).getByRole('button', { name: 'Delete all' }).click();
    await page.getByText('Your chats will appear here').waitFor();
    assert.equal(mock.api.chats.size, 0);

    await page.getByRole('dialog').locator('input[type=file]').setInputFiles({ name: 'c.json', mimeType: 'application/json', buffer: Buffer.from(text) });
    await page.getByText('1 chat imported').waitFor();
    await page.keyboard.press('Escape');
    await row(page, 'Remember me').click();
    await page.getByText('You said: Remember me').waitFor();
  }));

test('chats stay in the browser by choice', () =>
  withPage({}, async ({ page, mock }) => {
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByLabel('Chats are kept').selectOption('browser');
    await page.keyboard.press('Escape');
    await send(page, 'Between us');
    await answered(page);
    assert.equal(mock.api.chats.size, 0);
    await page.reload();
    await page.getByText('You said: Between us').waitFor();
  }));

test('files reach the model as text, in DeepSeek’s form', () =>
  withPage({}, async ({ page, mock }) => {
    const name = '<img src=x onerror=alert(1)>.txt';
    await page.locator('.composer input[type=file]').setInputFiles([
      { name, mimeType: 'text/plain', buffer: Buffer.from('plain <b>text</b>') },
      { name: 'a.pdf', mimeType: 'application/pdf', buffer: makePdf(['First line', 'Second line']) },
      { name: 'b.docx', mimeType: 'application/octet-stream', buffer: makeDocx(['Hello', 'مرحبا']) },
      { name: 'c.bin', mimeType: 'application/octet-stream', buffer: Buffer.from([0, 255, 254]) },
    ]);
    await page.getByText('c.bin is neither text').waitFor();
    assert.equal(await page.locator('.composer .chip').count(), 3);
    await picture(page, 'files');
    await send(page, 'Compare them');
    await answered(page);
    const file = (n, text) => `[file name]: ${n}\n[file content begin]\n${text}\n[file content end]\n`;
    assert.equal(
      mock.api.requests[0].messages[0].content,
      file(name, 'plain <b>text</b>') + file('a.pdf', 'First line\nSecond line') + file('b.docx', 'Hello\nمرحبا') + 'Compare them',
    );
    assert.equal(await question(page).locator('.chip').count(), 3);
    assert.equal(await page.locator('.chip img').count(), 0);
  }));

test('Arabic', () =>
  withPage({ locale: 'ar' }, async ({ page }) => {
    assert.equal(await page.locator('html').getAttribute('dir'), 'rtl');
    await picture(page, 'arabic_hello');
    await page.locator('#composer').fill('ما هي الجاذبية؟');
    await page.keyboard.press('Enter');
    const first = await answered(page);
    assert.equal(await first.locator('ul').getAttribute('dir'), 'rtl');
    const side = (selector) => first.locator(selector).first().evaluate((e) => getComputedStyle(e).direction);
    assert.equal(await side('p'), 'rtl');
    assert.equal(await first.locator('p', { hasText: 'universal' }).evaluate((e) => e.matches(':dir(ltr)')), true);
    assert.equal(await side('pre'), 'ltr');
    assert.equal(await side('math'), 'ltr');
    const sidebar = await page.locator('aside').boundingBox();
    assert.ok(sidebar.x > 600);
    await assertAccessible(page);
    await picture(page, 'arabic');
  }));

test('Chinese, chosen in the settings', () =>
  withPage({}, async ({ page }) => {
    await page.getByRole('button', { name: 'Settings' }).click();
    await picture(page, 'settings');
    await assertAccessible(page);
    await page.getByLabel('Language').selectOption('zh');
    await page.keyboard.press('Escape');
    await page.locator('#composer').fill('什么是勾股定理？');
    await page.keyboard.press('Enter');
    await answered(page);
    await picture(page, 'chinese');
    await page.reload();
    assert.equal(await page.locator('html').getAttribute('lang'), 'zh');
  }));

test('dark', () =>
  withPage({ colorScheme: 'dark' }, async ({ page }) => {
    await page.getByRole('button', { name: 'DeepThink' }).click();
    await send(page, 'Add the numbers from 1 to n');
    await answered(page);
    await page.locator('.scroll').evaluate((e) => e.scrollTo(0, 0));
    await assertAccessible(page);
    await picture(page, 'dark');
  }));

test('on a telephone', () =>
  withPage({ viewport: { width: 375, height: 720 }, hasTouch: true, isMobile: true }, async ({ page }) => {
    await picture(page, 'phone_hello');
    await send(page, 'Add the numbers from 1 to n');
    await answered(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(width, 375); // nothing sticks out
    await picture(page, 'phone');
    await page.getByRole('button', { name: 'Open the list of chats' }).click();
    await page.getByRole('link', { name: 'Training runs' }).waitFor();
    await page.waitForTimeout(300); // it slides in
    await picture(page, 'phone_list');
    await assertAccessible(page);
  }));

test('training runs, live', () =>
  withPage({}, async ({ page, mock }) => {
    mock.api.lines = mock.api.lines.slice(0, 200);
    await page.getByRole('link', { name: 'Training runs' }).click();
    await page.locator('figure canvas').nth(3).waitFor();
    await page.getByText('200', { exact: true }).waitFor();
    mock.api.lines = [...mock.api.lines, { ...mock.api.lines[199], step: 201 }];
    await page.getByText('201', { exact: true }).waitFor();
    await assertAccessible(page);
    await picture(page, 'runs');
    assert.deepEqual(await page.locator('figcaption .title').allInnerTexts(), ['Loss', 'Load of the experts', 'Speed', 'Cost']);
  }));

test('the ledger', () =>
  withPage({}, async ({ page }) => {
    await page.getByRole('link', { name: 'Ledger' }).click();
    await page.getByRole('button', { name: 'By model' }).click();
    assert.equal(await page.locator('tbody tr').count(), 2);
    await page.getByRole('button', { name: 'By day' }).click();
    await assertAccessible(page);
    await picture(page, 'ledger');
  }));

test('a server that needs a key', () =>
  withPage({}, async ({ page, mock }) => {
    mock.api.key = 'sk-right';
    await page.reload();
    await page.getByRole('dialog').getByLabel('API key').fill('sk-right');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Model: smollm2-135m' }).waitFor();
    await send(page, 'Hello');
    await answered(page);
  }));

test('by keyboard alone', () =>
  withPage({}, async ({ page }) => {
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the message box');
    await page.keyboard.press('Enter');
    await page.keyboard.type('Count');
    await page.keyboard.press('Enter');
    await page.getByText('word5 ').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('Stopped').waitFor();
    await page.keyboard.press('Alt+t');
    await page.getByRole('button', { name: 'DeepThink', pressed: true }).waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('count');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter'); // the menu of the chat
    await page.locator('[role=menuitem]:focus').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter'); // pin
    await page.getByRole('heading', { name: 'Pinned' }).waitFor();
    await page.keyboard.press('Control+Shift+o');
    await page.getByRole('heading', { name: 'What would you like to know?' }).waitFor();
  }));

test('a model is fetched, with its progress', () =>
  withPage({}, async ({ page, mock }) => {
    await page.getByRole('button', { name: 'Model: smollm2-135m' }).click();
    await page.getByRole('button', { name: 'Download deepseek-r1-distill-llama-8b' }).click();
    await page.getByText('Downloading, 25%').waitFor();
    await picture(page, 'pull');
    mock.api.finishPull();
    await page.getByRole('radio', { name: /llama-8b/ }).click();
    await page.getByRole('button', { name: 'Model: deepseek-r1-distill-llama-8b' }).waitFor();
  }));

test('a model that was trained to think does, and small ones write no titles', () =>
  withPage({}, async ({ page, mock }) => {
    const deepThink = page.getByRole('button', { name: 'DeepThink' });
    assert.equal(await deepThink.getAttribute('aria-pressed'), 'false');
    await page.getByRole('button', { name: 'Model: smollm2-135m' }).click();
    await page.getByRole('radio', { name: /mini/ }).click();
    await page.locator('.think[aria-pressed=true]').waitFor();
    await send(page, 'Add 2 and 3');
    await answered(page);
    await deepThink.click(); // what the user says counts from then on
    await send(page, 'Add 4 and 5');
    await answered(page, 1);
    assert.deepEqual(mock.api.requests.map((r) => r.thinking?.type), ['enabled', 'disabled']);
    await page.getByRole('link', { name: 'Add 2 and 3' }).waitFor();
  }));

test('models', () =>
  withPage({}, async ({ page, mock }) => {
    await page.getByRole('button', { name: 'Model: smollm2-135m' }).click();
    await assertAccessible(page);
    await picture(page, 'models');
    await page.getByRole('radio', { name: /shakespeare/ }).click();
    assert.ok(await page.getByRole('button', { name: 'DeepThink' }).isDisabled());
    await send(page, 'Hello');
    await answered(page);
    assert.equal(mock.api.requests[0].model, 'shakespeare');
  }));
