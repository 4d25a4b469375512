/** The load tester's report in a real browser. Needs Chromium: `npm run test:browser`. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findingsOf } from '../../src/loadtest/findings/findings.ts';
import { html } from '../../src/loadtest/report/html.ts';
import {
  emptyRun,
  failedRun,
  healthyRun,
  longRun,
  type MadeRun,
  rateLimitedRun,
  saturatedRun,
  unaryRun,
} from '../loadtest/results.ts';

const runs = { emptyRun, failedRun, healthyRun, longRun, rateLimitedRun, saturatedRun, unaryRun };
const names = Object.keys(runs) as (keyof typeof runs)[];
const sections = [
  'summary',
  'thresholds',
  'latency',
  'load',
  'heat',
  'requests',
  'gaps',
  'ledger',
  'health',
  'config',
  'numbers',
];
let browser: Browser;
let folder: string;

beforeAll(async () => {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
  if (executablePath === undefined) throw new Error('no Chromium found; on Debian: apt install chromium');
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  folder = mkdtempSync(join(tmpdir(), 'load-report-'));
  for (const name of names) save(name, runs[name]());
}, 60_000);
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

const save = (name: string, { result, records }: MadeRun) =>
  writeFileSync(join(folder, `${name}.html`), html({ ...result, findings: findingsOf(result) }, records));

/** A page, and everything it complained of or asked for beyond its own file. */
async function visit(name: string, options: BrowserContextOptions = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  const problems: string[] = [];
  const own = pathToFileURL(join(folder, `${name}.html`)).href;
  page.on('pageerror', error => problems.push(error.message));
  page.on('console', message => problems.push(message.text()));
  page.on('request', request => /^(file:|data:)/.test(request.url()) || problems.push(request.url()));
  await page.goto(own);
  return { page, problems };
}

const paper = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

test.each(names)('%s has all sections, complains of nothing and asks nobody', { timeout: 20_000 }, async name => {
  const { page, problems } = await visit(name);
  expect(await page.locator('main > section').evaluateAll(all => all.map(one => one.id))).toEqual(sections);
  for (const id of sections) expect((await page.locator(`#${id}`).boundingBox())?.height).toBeGreaterThan(60);
  expect(problems).toEqual([]);
  await page.close();
});

test.each(names.flatMap(name => [[name, 1280] as const, [name, 390] as const]))(
  '%s at %i pixels scrolls only downwards, and no label of an axis covers another',
  { timeout: 20_000 },
  async (name, width) => {
    const { page } = await visit(name, { viewport: { width, height: 900 } });
    const covered = await page.locator('.xs, .ys').evaluateAll(axes =>
      axes.flatMap(axis => {
        const labels = [...axis.children].map(one => ({ box: one.getBoundingClientRect(), text: one.textContent }));
        return labels.flatMap(({ box, text }, i) => {
          const next = labels[i + 1];
          const overlaps =
            next !== undefined &&
            box.left < next.box.right &&
            next.box.left < box.right &&
            box.top < next.box.bottom &&
            next.box.top < box.bottom;
          return overlaps || box.left < 0 || box.right > innerWidth ? [`${text} and ${next?.text}`] : [];
        });
      }),
    );
    expect(covered).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    await page.close();
  },
);

test('light and dark follow the system and the switch', { timeout: 20_000 }, async () => {
  const [light, dark] = [
    await visit('healthyRun', { colorScheme: 'light' }),
    await visit('healthyRun', { colorScheme: 'dark' }),
  ];
  const colours = [await paper(light.page), await paper(dark.page)];
  expect(colours[0]).not.toBe(colours[1]);
  await light.page.click('#theme');
  expect(await paper(light.page)).toBe(colours[1]);
  await light.page.click('#theme');
  expect(await paper(light.page)).toBe(colours[0]);
  await light.page.close();
  await dark.page.close();
});

test('on paper it is light, without switch and links', { timeout: 20_000 }, async () => {
  const { page } = await visit('healthyRun', { colorScheme: 'dark' });
  await page.emulateMedia({ media: 'print' });
  expect(await paper(page)).toBe('rgb(255, 255, 255)');
  expect(await page.locator('#theme').isVisible()).toBe(false);
  expect(await page.locator('nav').isVisible()).toBe(false);
  await page.close();
});

test('a pointer on a chart reads its numbers', { timeout: 20_000 }, async () => {
  const { page, problems } = await visit('healthyRun');
  const plots = page.locator('figure[data-hover] .plot');
  for (let i = 0; i < (await plots.count()); i++) {
    await plots.nth(i).hover({ position: { x: 200, y: 60 } });
    expect(await page.locator('#tip').innerText()).toMatch(/\d/);
  }
  await page
    .locator('#latency .plot')
    .first()
    .hover({ position: { x: 300, y: 60 } });
  expect(await page.locator('#tip').innerText()).toMatch(
    /^\d:\d\d–\d:\d\d, n = \d+\s+p50\s+\d+ ms\s+p90\s+\d+ ms\s+p99\s+[\d.]+ m?s$/,
  );
  await page.mouse.move(5, 5);
  expect(await page.locator('#tip').isVisible()).toBe(false);
  expect(problems).toEqual([]);
  await page.close();
});

test('without JavaScript everything is there but the switch', { timeout: 20_000 }, async () => {
  const { page } = await visit('healthyRun', { javaScriptEnabled: false });
  expect(await page.locator('.plot svg').count()).toBeGreaterThanOrEqual(10);
  expect(await page.locator('#theme').isVisible()).toBe(false);
  await page.close();
});

test('a hostile name is text', { timeout: 20_000 }, async () => {
  const evil = `</script><script>window.struck=1</script><img src="http://127.0.0.1:9/x" onerror="window.struck=1">`;
  const { result, records } = healthyRun();
  save('hostile', {
    result: {
      ...result,
      config: { model: evil },
      doubts: [evil],
      validity: 'SUSPECT',
      run_id: evil,
      limits: { retries: 0, codes: { [evil]: 1 } },
    },
    records: records.map(record => ({ ...record, code: evil })),
  });
  const { page, problems } = await visit('hostile');
  expect(await page.evaluate(() => 'struck' in window)).toBe(false);
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.locator('h1').innerText()).toBe(`Load test of ${evil}`);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1280);
  expect(problems).toEqual([]);
  await page.close();
});
