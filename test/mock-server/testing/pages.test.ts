/** What docs/pytest.md and docs/junit.md show is what test/clients/pytest and test/clients/junit run. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codeSpansOf, linksOf } from '../../support/markdown.ts';

const root = join(import.meta.dirname, '../../..');

const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** Blocks that are introduced by the name of a file, with that name. */
const shown = (page: string) =>
  Object.fromEntries(
    [...page.matchAll(/^`([^`\n]+)`:\n\n```\w+\n(.*?)^```$/gms)].map(([, file, text]) => [file, text]),
  );

test.each(['pytest', 'junit'])('docs/%s.md shows the files that are run', name => {
  const folder = join('test/clients', name);
  const built = /target|__pycache__|\.pytest_cache/;
  const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !built.test(entry.parentPath))
    .map(entry => join(entry.parentPath, entry.name).slice(join(root, folder).length + 1));
  const blocks = shown(read(`docs/${name}.md`));
  expect(Object.keys(blocks).sort()).toEqual(files.sort());
  for (const file of files) expect(blocks[file]).toBe(read(join(folder, file)));
});

test.each(['pytest', 'junit'])('docs/%s.md links to pages that exist and names routes that the fixture uses', name => {
  const page = read(`docs/${name}.md`);
  for (const target of linksOf(page)) expect(() => read(join('docs', target))).not.toThrow();
  const routes = codeSpansOf(page).flatMap(span => span.match(/(?<=\/__admin\/)\w+/) ?? []);
  expect(new Set(routes)).toEqual(new Set(['faults', 'fixtures', 'journal', 'report']));
});
