/**
 * Writes docs/images/*.webp: pictures of the dashboards from what a real Prometheus answered while the three programs went
 * through an outage, an empty account and a recovery. Needs Debian's prometheus and Chromium: `npm run previews`.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { askBoard } from '../test/support/board-answers.ts';
import { playDrama } from '../test/support/drama.ts';
import { readDashboard } from '../test/support/panels.ts';
import { launch } from '../test/support/process.ts';
import { pageOf, pageWidth } from './previews/page.ts';

const pictures = ['overview', 'latency', 'load-test'] as const;
const images = join(import.meta.dirname, '../docs/images');
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
if (executablePath === undefined) throw new Error('no Chromium found; on Debian: apt install chromium');

mkdirSync(images, { recursive: true });
const drama = await playDrama(what => console.log(what));
const folder = mkdtempSync(join(tmpdir(), 'previews-'));
try {
  const written = launch(['probe', 'dashboards', '-c', drama.probeFile, '-o', folder], { env: { ...drama.env } });
  if ((await written.ended) !== 0) throw new Error(written.err());
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: { width: pageWidth, height: 900 } });
  for (const name of pictures) {
    const board = readDashboard(folder, `${name}.json`);
    const span = { from: drama.from, to: drama.to, points: 60, scrape: 1 };
    await page.setContent(pageOf(board, await askBoard(drama.prometheus, board, span), span));
    writeFileSync(join(images, `${name}.webp`), await picture(page));
  }
  await browser.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
  await drama.close();
}

/** Half the size of a PNG, which is all that playwright would write besides JPEG. */
async function picture(page: Page): Promise<Buffer> {
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: pageWidth, height });
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 80 });
  return Buffer.from(data, 'base64');
}
