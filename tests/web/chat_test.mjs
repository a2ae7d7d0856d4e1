// Conversations in a real browser.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { answer, answered, closeBrowser, picture, question, send, withPage } from './support.mjs';

after(closeBrowser);

test('a conversation, with thinking, formulas, code and a table', () =>
  withPage({}, async ({ page, mock }) => {
    await picture(page, 'hello');
    await page.getByRole('button', { name: 'DeepThink' }).click();
    let go;
    mock.api.held = new Promise((resolve) => (go = resolve));
    await send(page, 'Add the numbers from 1 to n');
    await page.locator('.thinking .body').waitFor(); // shown while it goes on
    go();
    const first = await answered(page);
    assert.equal(await first.locator('.thinking .body').count(), 0); // folded afterwards
    assert.match(await first.locator('.thinking .head').innerText(), /^Thought/);
    assert.ok((await first.locator('math').count()) > 3);
    assert.equal(await first.locator('.hljs-keyword').first().innerText(), 'def');
    assert.match(await first.locator('.cost').innerText(), /\d+ tokens/);
    await first.locator('.thinking .head').click();
    await picture(page, 'thinking');

    await send(page, 'Thanks');
    assert.match(await (await answered(page, 1)).innerText(), /You said: Thanks/);
    const { messages, thinking } = mock.api.requests.at(-1);
    assert.deepEqual(messages.map((m) => m.role), ['user', 'assistant', 'user']);
    assert.ok(messages.every((m) => m.reasoning_content === undefined));
    assert.equal(thinking.type, 'enabled');
    await picture(page, 'conversation');
  }));

test('stop, then continue', () =>
  withPage({}, async ({ page, mock }) => {
    await send(page, 'Count');
    await page.getByText('word5 ').waitFor();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByText('Stopped').waitFor();
    const before = await answer(page).locator('.prose').innerText();
    assert.ok(before.startsWith('word1 word2') && before.length < 2000);
    await page.waitForTimeout(100);
    assert.ok(mock.api.generations.get('g1').stopped); // and not only left

    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('word60 ').waitFor();
    assert.equal(mock.api.requests.at(-1).messages.at(-1).prefix, true);
    const text = await answer(page).locator('.prose').innerText();
    const words = text.trim().split(/\s+/).slice(0, 50);
    assert.deepEqual(words, Array.from({ length: 50 }, (_, i) => `word${i + 1}`));
  }));

test('edit a question and ask again: versions', () =>
  withPage({}, async ({ page }) => {
    await send(page, 'one');
    await answered(page);
    await question(page).hover();
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'Edit' }).fill('two');
    await page.keyboard.press('Enter');
    await page.getByText('You said: two').waitFor();
    await answered(page);
    assert.match(await question(page).innerText(), /two/);
    assert.match(await question(page).locator('.versions').innerText(), /2 \/ 2/);
    await page.getByRole('button', { name: 'Regenerate' }).click();
    await answered(page);
    assert.match(await answer(page).locator('.versions').innerText(), /2 \/ 2/);
    await picture(page, 'versions');

    await question(page).getByRole('button', { name: 'Previous version' }).click();
    assert.match(await question(page).innerText(), /one/);
    assert.match(await answer(page).innerText(), /You said: one/);
  }));

/** word1 word2 ..., as many as `text` must begin with. */
async function assertCounted(page, most) {
  const words = (await answer(page).locator('.prose').innerText()).trim().split(/\s+/);
  assert.deepEqual(words.slice(0, most), Array.from({ length: most }, (_, i) => `word${i + 1}`));
}

test('a reload in mid-stream takes the same stream up again', () =>
  withPage({}, async ({ page, mock }) => {
    await send(page, 'Count');
    await page.getByText('word60 ').waitFor();
    await page.reload();
    await page.getByText('word120 ').waitFor();
    await assertCounted(page, 110);
    assert.equal(mock.api.requests.length, 1);
  }));

test('a reload when the server has forgotten the stream goes on from what is there', () =>
  withPage({}, async ({ page, mock }) => {
    await send(page, 'Count');
    await page.getByText('word160 ').waitFor(); // by then some of it is stored
    await page.goto('about:blank');
    mock.api.generations.clear();
    await page.goBack();
    await page.getByText('word200 ').waitFor();
    await assertCounted(page, 190);
    const prefix = mock.api.requests.at(-1).messages.at(-1);
    assert.equal(prefix.prefix, true);
    assert.match(prefix.content, /^word1 .*word20 /);
  }));

test('a connection that breaks is taken up again', () =>
  withPage({}, async ({ page, mock }) => {
    await send(page, 'Count');
    await page.getByText('word20 ').waitFor();
    const generation = mock.api.generations.get('g1');
    generation.cut = true;
    await page.waitForTimeout(100);
    generation.cut = false;
    await page.getByText('word120 ').waitFor();
    await assertCounted(page, 110);
    assert.equal(mock.api.requests.length, 1);
  }));

test('script in what the model writes stays text', () =>
  withPage({}, async ({ page }) => {
    await send(page, 'Hack me <img src=x onerror="window.hacked=7">');
    const text = await (await answered(page)).innerText();
    assert.match(text, /<script>window.hacked = 1<\/script>/);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.equal(await page.locator('.answer img, .answer script, .side img:not(.brand img)').count(), 0);
    await picture(page, 'hostile');
  }));
