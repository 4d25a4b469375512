/** The status page in a real browser, wide and narrow, light and dark, without JavaScript. Needs Chromium. */
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHistory } from '../../src/probe/history.ts';
import { overviewOf } from '../../src/probe/overview.ts';
import { pageOf } from '../../src/probe/page.ts';
import { runsPage } from '../../src/probe/runs-page.ts';
import { tell } from '../support/probe-story.ts';

let browser: Browser;
let server: Server;

beforeAll(async () => {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  if (executablePath === undefined) throw new Error('no Chromium found; on Debian: apt install chromium');
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const history = await openHistory(':memory:');
  const now = Date.UTC(2026, 10, 28, 12);
  const page = pageOf(await overviewOf(await tell(history, now), now), { live: true });
  history.close();
  const line = { runId: 'r1', state: 'bad', skipped: null, degraded: false, repeat: true, whole: true } as const;
  const runs = runsPage('home/chat_stream/glm-4.6', [
    { ...line, atMs: now, reason: 'timeout_first_token', domain: 'provider', latencyMs: 30_120, detail: null },
  ]);
  server = createServer(({ url }, res) =>
    res.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(url === '/runs' ? runs : page),
  );
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
}, 120_000);
afterAll(async () => {
  await browser?.close();
  server?.close();
});

const screens = [
  { name: 'wide-light', width: 1280, height: 1000, colorScheme: 'light' },
  { name: 'wide-dark', width: 1280, height: 1000, colorScheme: 'dark' },
  { name: 'phone-light', width: 360, height: 760, colorScheme: 'light' },
  { name: 'phone-dark', width: 360, height: 760, colorScheme: 'dark' },
] as const;

test.each(screens)('$name: everything is there, nothing runs off the side', { timeout: 30_000 }, async screen => {
  const { name, width, height, colorScheme } = screen;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme, javaScriptEnabled: false });
  const problems: string[] = [];
  page.on('console', message => message.type() === 'error' && problems.push(message.text()));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  expect(await page.locator('h1').innerText()).toMatch(/1 of 3 checks up, 1 down, 1 unknown/);
  expect(await page.locator('article').count()).toBe(3);
  expect(await page.locator('article svg').count()).toBe(12);
  expect(await page.locator('.incidents li').count()).toBeGreaterThan(1);
  for (const figure of await page.locator('svg').all()) {
    const box = await figure.boundingBox();
    expect(box?.width).toBeGreaterThan(200);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
  }
  const shot = process.env.SCREENSHOTS;
  if (shot) await page.screenshot({ path: join(shot, `${name}.png`), fullPage: true });
  expect(problems).toEqual([]);
  await page.close();
});

test.each([360, 1280])('a list of runs is whole at a width of %d', { timeout: 30_000 }, async width => {
  const page = await browser.newPage({ viewport: { width, height: 760 }, javaScriptEnabled: false });
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/runs`);
  const cells = await page.locator('td').all();
  expect(cells).toHaveLength(6);
  for (const cell of cells) {
    const { x = 0, width: own = 0, height = 0 } = (await cell.boundingBox()) ?? {};
    expect(x + own).toBeLessThanOrEqual(width);
    expect(height).toBeLessThan(40);
  }
  await page.close();
});
