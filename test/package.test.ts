/** What is packed. */
import { readFileSync } from 'node:fs';
import { matchesGlob } from 'node:path';
import { expect, test } from 'vitest';
import { linksOf } from './support/markdown.ts';

const { files } = JSON.parse(readFileSync('package.json', 'utf8')) as { files: string[] };
const isPacked = (path: string) => files.some(entry => path.startsWith(`${entry}/`) || matchesGlob(path, entry));

test.each(['README.md', 'README.zh-CN.md'])('%s is packed with everything it links to', page => {
  const links = linksOf(readFileSync(page, 'utf8')).filter(target => !/^(?:https?:|#)/.test(target));
  expect(links.length).toBeGreaterThan(10);
  expect([page, ...links].map(target => target.split('#')[0] ?? '').filter(path => !isPacked(path))).toEqual([]);
});
