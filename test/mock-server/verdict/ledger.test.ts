/** Coverage that outlives the journal. */
import { expect, test } from 'vitest';
import { coverage, coverageOf } from '../../../src/mock-server/verdict/coverage.ts';
import { createLedger, together } from '../../../src/mock-server/verdict/ledger.ts';
import { everything } from '../../../src/mock-server/verdict/universe.ts';
import { entry, refused } from './entries.ts';

const entries = [
  entry({ keyId: 'a', faults: ['stall'], params: ['model', 'tools'] }),
  entry({ keyId: 'b', ...refused('1302', 429) }),
  entry({ keyId: undefined, ...refused('1001', 401) }),
];

function noted() {
  const ledger = createLedger();
  for (const one of entries) ledger.note(one);
  return ledger;
}

test('what is noted one by one is what a list of requests comes to', () => {
  expect(coverageOf(noted().exercised(), everything)).toEqual(coverage(entries, everything));
  expect(coverageOf(noted().exercised('a'), everything)).toEqual(coverage(entries.slice(0, 1), everything));
  expect(coverageOf(noted().exercised('nobody'), everything).percent).toBe(0);
});

test('names that a client invents are neither counted nor kept', () => {
  const ledger = createLedger();
  for (let i = 0; i < 1000; i++)
    ledger.note(entry({ params: [`own${i}`], code: `c${i}`, faults: [`f${i}`], finish: `x${i}` }));
  const { parameters, codes, faults, ...others } = ledger.exercised();
  expect({ parameters, codes, faults }).toEqual({ parameters: [], codes: [], faults: [] });
  expect(others['finish reasons']).toEqual([]);
});

test('one key is forgotten alone, and everything at once', () => {
  const ledger = noted();
  ledger.clear('a');
  expect(ledger.exercised('a').faults).toEqual([]);
  expect(ledger.exercised().faults).toEqual(['stall']);
  ledger.clear();
  expect(ledger.exercised()).toEqual(createLedger().exercised());
  expect(ledger.exercised('b').codes).toEqual([]);
});

test('processes are added up', () => {
  const [one, other] = [createLedger(), createLedger()];
  one.note(entries[0] as (typeof entries)[0]);
  other.note(entries[1] as (typeof entries)[0]);
  const sum = together([one.exercised(), other.exercised()]);
  expect(coverageOf(sum, everything)).toEqual(coverage(entries.slice(0, 2), everything));
  expect(together([])).toEqual(createLedger().exercised());
});
