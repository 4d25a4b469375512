/** The journal's page in a real browser. Needs Chromium: `npm run test:browser`. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMock, type TestMock } from '../../src/mock-server/index.ts';

const canary = 'canary-id.canarySecret0042';
let browser: Browser;
let page: Page;
let mock: TestMock;
const problems: string[] = [];

beforeAll(async () => {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  if (executablePath === undefined) throw new Error('no Chromium found; on Debian: apt install chromium');
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  mock = await createMock({ keys: [canary], timing: 'ttft=300ms,itl=50ms', replyTokens: 12, thinkingTokens: 0 });
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on('pageerror', error => problems.push(error.message));
  page.on('console', message => message.type() === 'error' && problems.push(message.text()));
  await page.goto(`${mock.url}/__admin`);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await mock?.close({ graceMs: 0 });
});

const ask = async (fields: object = {}) =>
  (
    await fetch(`${mock.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${canary}` },
      body: JSON.stringify({ model: 'glm-4.6', messages: [{ role: 'user', content: '<b>tea</b>' }], ...fields }),
    })
  ).text();

test('requests appear as they come, newest first', { timeout: 20_000 }, async () => {
  await ask({ stream: true });
  await ask({ model: '<img src=x onerror=alert(1)>' });
  await page.locator('#rows tr').nth(1).waitFor();
  expect(await page.locator('#rows tr').first().innerText()).toContain('1211');
  expect(await page.locator('#counts').innerText()).toBe('2 requests, 1 not answered well');
  expect(await page.locator('#rows img').count()).toBe(0);
});

test('a stream shows its chunks against their schedule', { timeout: 20_000 }, async () => {
  await page.locator('#rows tr', { hasText: 'glm-4.6' }).click();
  const drawing = page.locator('#detail svg');
  await drawing.waitFor();
  expect(await drawing.getAttribute('aria-label')).toMatch(/^\d+ chunks over \d+ ms, at most [\d.]+ ms late$/);
  const { due, sent } = await (await fetch(`${mock.url}/__admin/timeline?n=1`)).json();
  expect(due.length).toBeGreaterThan(8);
  expect(await drawing.locator('line').count()).toBe(due.length + sent.length);
});

test('a fault is set on the page, and a misspelt one is explained there', { timeout: 20_000 }, async () => {
  await page.fill('input[name=text]', 'stalll');
  await page.click('#faults button');
  await page.getByText('no fault is called "stalll", perhaps "stall"').waitFor();
  await page.fill('input[name=text]', '1113; crlf');
  await page.click('#faults button');
  await page.getByText('They strike from now on.').waitFor();
  expect(await ask()).toContain('1113');
  await page.getByText('FAIL').waitFor({ state: 'hidden' });
});

test('the page shows no secret and complains of nothing', async () => {
  expect(await page.content()).not.toContain('canarySecret');
  // The refused fault is an answer of 400, which the browser notes by itself.
  expect(problems.filter(text => !text.includes('400'))).toEqual([]);
});
