import { expect, test } from 'vitest';
import { callsOf } from '../../../src/mock-server/verdict/attempts.ts';
import { entry, journal, refused, type Step } from './entries.ts';

const limited = refused('1302', 429);

const shape = (...steps: Step[]) =>
  callsOf(journal(...steps)).map(({ attempts }) => attempts.map(({ entry: { n } }) => n));

test.each<[string, Step[], number[][]]>([
  ['an identical body after a failure belongs to the same call', [limited, limited, {}], [[1, 2, 3]]],
  ['after a whole answer the same body is a new call', [{}, {}], [[1], [2]]],
  ['so it is after thinking without an answer', [{ kinds: ['reasoning_content'] }, {}], [[1], [2]]],
  ['a cut is no whole answer', [{ ending: 'cut' }, {}], [[1, 2]]],
  ['a hang-up may be repeated', [{ ending: 'client_gone' }, {}], [[1, 2]]],
  ['another body is another call', [limited, { fingerprint: 2 }], [[1], [2]]],
  ['another key is another call', [limited, { keyId: 'other' }], [[1], [2]]],
  ['another path is another call', [limited, { path: '/api/coding/paas/v4/chat/completions' }], [[1], [2]]],
  ['ten quiet minutes end a call', [limited, { wait: 600_001 }], [[1], [2]]],
  ['less than that do not', [limited, { wait: 600_000 }], [[1, 2]]],
  ['requests in flight at once are several calls', [{ ending: 'cut' }, { wait: -50 }], [[1], [2]]],
  ['a hang-up that was noticed late is no overlap', [{ ending: 'client_gone' }, { wait: -20 }], [[1, 2]]],
  ['nothing repeats a request that is still open', [{ ending: 'open' }, {}], [[1], [2]]],
  [
    'calls run side by side',
    [limited, { ...limited, fingerprint: 2 }, {}, { fingerprint: 2 }],
    [
      [1, 3],
      [2, 4],
    ],
  ],
])('%s', (_, steps, calls) => {
  expect(shape(...steps)).toEqual(calls);
});

test('a gap runs from the end of one attempt to the arrival of the next', () => {
  const [call] = callsOf(journal({ ...limited, durationMs: 400 }, { ...limited, wait: 250 }, { wait: -5 }));
  expect(call?.attempts.map(({ gapMs }) => gapMs)).toEqual([undefined, 250, 0]);
});

test('the order of the journal does not matter', () => {
  const [first, second] = [entry({ n: 7, ...limited }), entry({ n: 2, at: entry().at + 900 })];
  expect(callsOf([second, first])).toEqual(callsOf([first, second]));
});
