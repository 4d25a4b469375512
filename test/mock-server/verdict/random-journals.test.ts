import { expect, test } from 'vitest';
import { createRandom, int, pick, type Random } from '../../../src/core/random.ts';
import { businessCodes } from '../../../src/core/wire/errors.ts';
import { scenarios } from '../../../src/mock-server/scenarios/index.ts';
import { coverage } from '../../../src/mock-server/verdict/coverage.ts';
import { coverageJUnit, coverageMarkdown, coverageText } from '../../../src/mock-server/verdict/coverage-report.ts';
import { requestLines } from '../../../src/mock-server/verdict/line.ts';
import { jsonReport, textReport } from '../../../src/mock-server/verdict/report.ts';
import { judge, verdictOf } from '../../../src/mock-server/verdict/resilience.ts';
import type { Seen } from '../../../src/mock-server/verdict/seen.ts';
import { universeOf } from '../../../src/mock-server/verdict/universe.ts';
import { cut, entry, journal, refused, type Step } from './entries.ts';

const faults = [...scenarios.map(({ name }) => name), 'unheard-of', '<&">\u0000', '__proto__'];
const universe = universeOf(faults);

const maybe = (random: Random, list: readonly string[]) => (random() < 0.2 ? undefined : pick(random, list));

function anyEntry(random: Random, n: number): Seen {
  const { code, http } = pick(random, [...businessCodes, { code: 'none', http: 200 }, { code: 'odd', http: 0 }]);
  return entry({
    n: int(random, 10) === 0 ? int(random, 5) : n,
    at: int(random, 200_000) + random(),
    method: pick(random, ['POST', 'GET', 'OPTIONS', '']),
    path: pick(random, [
      '/api/paas/v4/chat/completions',
      '/api/paas/v4/models',
      '',
      '/',
      '/~stall,after=5/x',
      '%',
      '\u0000',
    ]),
    keyId: maybe(random, ['', 'a', 'b', '__proto__']),
    model: maybe(random, ['glm-4.6', 'glm-5', '|`\n']),
    stream: random() < 0.5,
    status: pick(random, [0, 200, 200, http, 418, 503]),
    code: pick(random, [code, 'none', 'none']),
    ending: pick(random, ['open', 'complete', 'client_gone', 'cut'] as const),
    promptTokens: int(random, 50),
    beats: int(random, 5),
    bytes: int(random, 3) * 100,
    durationMs: pick(random, [0, random() * 1000, 70_000]),
    connection: int(random, 4),
    credential: int(random, 3),
    token: int(random, 3),
    fingerprint: int(random, 4),
    question: int(random, 4),
    turn: int(random, 3),
    attempt: random() < 0.5 ? undefined : int(random, 3),
    carries: random() < 0.1 ? [int(random, 30)] : [],
    spare: random() < 0.2,
    told: random() < 0.1,
    connectionMs: int(random, 100),
    params: pick(random, [[], ['model', 'request_id'], ['constructor']]),
    finish: maybe(random, ['stop', 'length', 'sensitive', 'network_error', 'odd']),
    kinds: pick(random, [[], ['content'], ['tool_calls'], ['reasoning_content']]),
    faults: pick(random, [[], [], [pick(random, faults)], [pick(random, faults), pick(random, faults)]]),
    keyInUrl: random() < 0.05,
    ...(random() < 0.3 ? { toolCalls: ['x', 'y'], answeredTools: ['x', 'x'], answerDigests: [int(random, 3)] } : {}),
  });
}

test('two thousand random journals are judged without a fault, and always alike', () => {
  for (let seed = 0; seed < 2000; seed++) {
    const random = createRandom(`journal ${seed}`);
    const entries = Array.from({ length: int(random, 30) }, (_, i) => anyEntry(random, i + 1));
    const numbers = new Set(entries.map(({ n }) => n));
    for (const { requests, says, advice } of judge(entries)) {
      expect(requests.length).toBeGreaterThan(0);
      expect(requests.every(n => numbers.has(n))).toBe(true);
      expect(`${says} ${advice}`).not.toMatch(/undefined|NaN|Infinity/);
    }
    expect(judge(entries)).toEqual(judge([...entries]));
    const part = coverage(entries, universe);
    for (const text of [textReport(entries), coverageText(part), coverageJUnit(part), coverageMarkdown(part)])
      expect(text).not.toMatch(/undefined|NaN|Infinity/);
    expect(JSON.parse(JSON.stringify(jsonReport(entries)))).toEqual(jsonReport(entries));
    requestLines(entries);
  }
});

const passing: readonly Step[] = [
  refused('1302', 429),
  refused('1305', 429),
  refused('1234', 500),
  refused('none', 503),
  { code: '1234' },
  { finish: 'network_error' },
  cut,
  { ending: 'cut', bytes: 0, beats: 0 },
  { faults: ['cut-mid-frame'] },
  { faults: ['hang'], ending: 'client_gone', durationMs: 30_000 },
];
const lasting: readonly Step[] = [
  refused('1113', 429),
  refused('1211', 400),
  refused('1308', 429),
  { finish: 'sensitive' },
];

/** A sound client: one call after the other over one pool, patient, jittered, and done when it is told so. */
function soundCall(random: Random, fingerprint: number): Step[] {
  const shared: Step = { fingerprint, question: fingerprint + 1 };
  const failures = Array.from({ length: int(random, 4) }, () => pick(random, passing));
  const last = random() < 0.2 ? pick(random, lasting) : {};
  return [...failures, last].map((step, i) => ({
    ...step,
    ...shared,
    wait: i === 0 ? random() * 2000 : 500 * 2 ** (i - 1) * (0.75 + random() / 4),
  }));
}

test('nothing is proven against a sound client, in two thousand journals', () => {
  for (let seed = 0; seed < 2000; seed++) {
    const random = createRandom(`sound ${seed}`);
    const steps = Array.from({ length: 1 + int(random, 8) }, (_, i) => soundCall(random, i)).flat();
    let connection = 1;
    const pooled = steps.map((step, i) => {
      if (i > 0 && (steps[i - 1]?.ending ?? 'complete') !== 'complete') connection++;
      return { ...step, connection };
    });
    const proven = judge(journal(...pooled)).filter(({ severity }) => severity !== 'unproven');
    expect(proven, `seed ${seed}`).toEqual([]);
  }
});

test('ten thousand requests with one body are judged at once', () => {
  const step = refused('1302', 429);
  const entries = journal(...Array.from({ length: 10_000 }, (_, i) => ({ ...step, wait: i % 3 === 0 ? -5 : 300 })));
  const begun = performance.now();
  expect(verdictOf(entries).verdict).toBe('fragile');
  expect(performance.now() - begun).toBeLessThan(2000);
});
