import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mutations } from '../../scripts/mutations.ts';
import { mockConfig } from '../../src/mock-server/config.ts';
import { ledger } from './ledger.ts';
import { page } from './page.ts';

const at = (path: string) => new URL(`../../${path}`, import.meta.url);
const text = (path: string) => readFileSync(at(path), 'utf8');

test('every fact has an id of its own', () => {
  const ids = ledger.map(({ id }) => id);
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
});

test('every fact is kept in a file that exists', () => {
  expect(ledger.filter(({ where }) => !existsSync(at(where))).map(({ id }) => id)).toEqual([]);
});

test('every fact is held by a test that exists under that name', () => {
  const missing = ledger.filter(({ test }) => {
    if (test === undefined) return false;
    const source = existsSync(at(test.file)) ? text(test.file) : '';
    return !source.includes(`'${test.name}'`);
  });
  expect(missing.map(({ id }) => id)).toEqual([]);
});

test('only what the mock leaves out is without a test, and a guess says what it is', () => {
  expect(ledger.filter(({ test, deviation }) => !test && !deviation).map(({ id }) => id)).toEqual([]);
  expect(ledger.filter(({ mark, deviation }) => mark === 'G' && !deviation).map(({ id }) => id)).toEqual([]);
});

test('every switch of the wire is in the ledger, and every switch of the ledger is a setting', () => {
  const named = new Set(ledger.flatMap(fact => fact.switch ?? []));
  const wire = Object.keys(mockConfig.parse({}).wire).map(name => `wire.${name}`);
  const settings = new Set([...Object.keys(mockConfig.shape), ...wire]);
  expect(wire.filter(name => !named.has(name))).toEqual([]);
  expect([...named].filter(name => !settings.has(name))).toEqual([]);
});

test('docs/fidelity.md is what `npm run ledger` writes', () => {
  expect(text('docs/fidelity.md')).toBe(page(ledger));
});

test('every fact that a test holds is altered by a mutation', () => {
  const altered = new Set(mutations.map(({ fact }) => fact));
  expect(ledger.filter(({ id, test }) => test && !altered.has(id)).map(({ id }) => id)).toEqual([]);
});

test('what a mutation alters occurs once in its file', () => {
  const times = ({ file, find }: (typeof mutations)[number]) => text(file).split(find).length - 1;
  expect(mutations.filter(mutation => times(mutation) !== 1)).toEqual([]);
});

test('every mutation alters a fact of the ledger, and is there once', () => {
  const known = new Set(ledger.map(({ id }) => id));
  expect(mutations.filter(({ fact }) => !known.has(fact)).map(({ fact }) => fact)).toEqual([]);
  const keys = mutations.map(({ file, find, replace }) => `${file}\n${find}\n${replace}`);
  expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
});
