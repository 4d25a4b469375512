/** Where Prometheus and Alertmanager are looked for. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findPrograms } from '../../src/drill/programs.ts';

const root = mkdtempSync(join(tmpdir(), 'drill-'));
afterAll(() => rmSync(root, { recursive: true }));

let folders = 0;

/** A folder of PATH with programs in it. */
function having(...programs: readonly string[]): string {
  const folder = join(root, `${++folders}`);
  mkdirSync(folder);
  for (const name of programs) {
    writeFileSync(join(folder, name), '');
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

const both = having('prometheus', 'alertmanager');

/** A folder of PATH in which `prometheus` is something else. */
function instead(make: (path: string) => void): string {
  const folder = having();
  make(join(folder, 'prometheus'));
  return folder;
}

test.each<[string, string]>([
  ['nothing', having()],
  ['a folder', instead(path => mkdirSync(path))],
  ['a link to a folder', instead(path => symlinkSync(root, path))],
  ['a link that leads nowhere', instead(path => symlinkSync('/no/such/place', path))],
  ['a file that may not be run', instead(path => writeFileSync(path, '', { mode: 0o644 }))],
])('%s on PATH is no program, and the next folder is looked into', (_, folder) => {
  expect(findPrograms([folder, both].join(delimiter)).prometheus).toBe(join(both, 'prometheus'));
  expect(() => findPrograms(folder)).toThrow(/^no prometheus and no alertmanager on PATH: /);
});

test('Debian’s name for the Alertmanager is known, and its own comes first', () => {
  const debian = having('prometheus', 'prometheus-alertmanager');
  expect(findPrograms(debian).alertmanager).toBe(join(debian, 'prometheus-alertmanager'));
  expect(findPrograms([debian, both].join(delimiter)).alertmanager).toBe(join(both, 'alertmanager'));
});

test('what is missing is named alone', () => {
  expect(() => findPrograms(having('prometheus'))).toThrow(/^no alertmanager on PATH: install both/);
});
