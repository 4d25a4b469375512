import { expect, test } from 'vitest';
import { callsOf } from '../../../src/mock-server/verdict/attempts.ts';
import { entry, journal, refused, type Step } from './entries.ts';

const limited = refused('1302', 429);
const poor = refused('1113', 429);
const numbered = (attempt: number): Step => ({ ...limited, attempt });

const stranger = (credential: number): Step => ({ ...refused('1000', 401), keyId: undefined, credential });

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
  ['another credential that is refused is another call', [stranger(1), stranger(2), stranger(0)], [[1], [2], [3]]],
  ['the same one that is refused again is the same call', [stranger(1), stranger(2), stranger(1)], [[1, 3], [2]]],
  ['of one key, another token is the same call', [limited, { ...limited, credential: 2 }], [[1, 2]]],
  ['another path is another call', [limited, { path: '/api/coding/paas/v4/chat/completions' }], [[1], [2]]],
  ['ten quiet minutes end a call', [limited, { wait: 600_001 }], [[1], [2]]],
  ['less than that do not', [limited, { wait: 600_000 }], [[1, 2]]],
  ['a refusal for good is repeated soon', [poor, { ...poor, wait: 15_000 }], [[1, 2]]],
  ['or it is asked anew', [poor, { ...poor, wait: 15_001 }], [[1], [2]]],
  ['requests in flight at once are several calls', [{ ending: 'cut' }, { wait: -50 }], [[1], [2]]],
  ['a hang-up that was noticed late is no overlap', [{ ending: 'client_gone' }, { wait: -20 }], [[1, 2]]],
  ['nothing repeats a request that is still open', [{ ending: 'open' }, {}], [[1], [2]]],
  [
    'the number of a repetition says which call it is of',
    [numbered(0), numbered(0), numbered(1), numbered(1)],
    [
      [1, 3],
      [2, 4],
    ],
  ],
  [
    'number 0 begins a call, however soon it comes',
    [numbered(0), numbered(1), { ...numbered(0), wait: 2 }],
    [[1, 2], [3]],
  ],
  ['a repetition whose first attempt was not seen', [numbered(2), numbered(3)], [[1, 2]]],
  [
    'a number follows a refusal for good, too',
    [
      { ...poor, attempt: 0 },
      { ...poor, attempt: 1, wait: 60_000 },
    ],
    [[1, 2]],
  ],
  ['without a number, who has paused would pause again', [limited, limited, { ...limited, wait: 2 }], [[1, 2], [3]]],
  ['and who never has might repeat at once', [limited, { ...limited, wait: 2 }, { ...limited, wait: 2 }], [[1, 2, 3]]],
  [
    'a new connection that was opened before the answer carries another call',
    [limited, { ...limited, wait: 2, connection: 2, connectionMs: 40 }],
    [[1], [2]],
  ],
  [
    'an old one may carry a repetition',
    [limited, { ...limited, wait: 2, connection: 2, connectionMs: 40, reused: true }],
    [[1, 2]],
  ],
  ['so may one that was opened after it', [limited, { ...limited, wait: 2, connection: 2, connectionMs: 1 }], [[1, 2]]],
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
  const steps = [{ durationMs: 400 }, { wait: 250 }, { wait: -5 }].map((step, i) => ({ ...numbered(i), ...step }));
  const [call] = callsOf(journal(...steps));
  expect(call?.attempts.map(({ gapMs }) => gapMs)).toEqual([undefined, 250, 0]);
});

test.each<[string, Step[], boolean[]]>([
  ['is whole', [limited], [true]],
  ['is whole by its number', [numbered(0), numbered(0)], [true, true]],
  ['is not whole when its number says that others came before', [numbered(2)], [false]],
  ['is not known to be whole when it may repeat another', [limited, limited, { ...limited, wait: 2 }], [true, false]],
])('a call %s', (_, steps, whole) => {
  expect(callsOf(journal(...steps)).map(call => call.whole)).toEqual(whole);
});

test('the order of the journal does not matter', () => {
  const [first, second] = [entry({ n: 7, ...limited }), entry({ n: 2, at: entry().at + 900 })];
  expect(callsOf([second, first])).toEqual(callsOf([first, second]));
});
