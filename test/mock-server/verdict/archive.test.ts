/** What a verdict still knows of requests that the journal has let go. */
import { expect, test } from 'vitest';
import { createJournal, type JournalEntry } from '../../../src/mock-server/journal.ts';
import { createArchive } from '../../../src/mock-server/verdict/archive.ts';
import { judge } from '../../../src/mock-server/verdict/resilience.ts';
import { journal, refused, type Step } from './entries.ts';

const limited = refused('1302', 429);
const good = (count: number): Step[] =>
  Array.from({ length: count }, (_, i) => ({ fingerprint: 100 + i, question: 100 + i }));

/** A journal of ten that has seen all this. */
function seen(steps: readonly Step[], size = 10_000) {
  const book = createJournal(10, createArchive(size));
  for (const entry of journal(...steps)) book.add(entry as JournalEntry);
  return book;
}

test.each<[string, Step[], string[]]>([
  ['a repetition that was wrong', [refused('1113', 429), refused('1113', 429)], ['retried_non_retryable #1 #2']],
  ['a call that was given up', [limited], ['gave_up #1']],
  ['a call that came to a good end', [limited, {}], []],
  ['one that another model answered', [limited, { model: 'glm-5', fingerprint: 2 }], []],
  [
    'two alike at once, of which the last came to a good end',
    [{ ...limited, attempt: 0 }, { ...limited, attempt: 0 }, { attempt: 1 }, { attempt: 1 }],
    [],
  ],
  [
    'half an answer that came back',
    [
      { ending: 'cut', bytes: 9 },
      { fingerprint: 2, question: 2, carries: [1] },
    ],
    ['accepted_truncated #1 #2'],
  ],
  ['a key in a URL', [{ keyInUrl: true }], ['key_in_url #1']],
  ['connections', [1, 2, 3, 4, 5].map(i => ({ spare: i > 1, fingerprint: i })), ['connection_per_call #2 #3 #4 #5']],
  [
    'a tool that ran twice',
    [
      { answeredTools: ['a'], answerDigests: [1] },
      { answeredTools: ['a'], answerDigests: [2], fingerprint: 2 },
    ],
    ['tool_side_effects_doubled #1 #2'],
  ],
])('%s is judged the same after ten thousand good calls', (_, steps, findings) => {
  const book = seen([...steps, ...good(10_000)]);
  const { entries, dropped, lost } = book.history();
  expect(judge(entries).map(({ code, requests }) => [code, ...requests.map(n => `#${n}`)].join(' '))).toEqual(findings);
  expect(entries.length + dropped).toBe(steps.length + 10_000);
  expect(lost).toBe(0);
  expect(book.entries()).toHaveLength(10);
});

test('sound requests leave nothing behind', () => {
  expect(seen(good(500)).history()).toMatchObject({ dropped: 490, lost: 0 });
  expect(seen(good(500)).history().entries).toHaveLength(10);
});

test('the memory has its bounds, and says what they cost', () => {
  const bad = Array.from({ length: 100 }, (_, i) => ({ ...limited, fingerprint: i, question: i + 1 }));
  const { entries, dropped, lost } = seen(bad, 20).history();
  expect(entries.map(({ n }) => n)).toEqual(Array.from({ length: 30 }, (_, i) => 71 + i));
  expect({ dropped, lost }).toEqual({ dropped: 70, lost: 70 });
});

test('keys are told apart, and forgotten one by one', () => {
  const book = seen([
    { ...limited, keyId: 'a' },
    { ...limited, keyId: 'b' },
    ...good(20).map(step => ({ ...step, keyId: 'a' })),
  ]);
  expect(book.history('b')).toMatchObject({ entries: [{ n: 2 }], dropped: 0 });
  expect(book.history('a').entries).toHaveLength(11);
  expect(book.history('a').dropped).toBe(10);
  book.clear('a');
  expect(book.history()).toMatchObject({ entries: [{ n: 2 }], dropped: 0, lost: 0 });
  book.clear();
  expect(book.history()).toEqual({ entries: [], dropped: 0, lost: 0 });
});
