import { expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.ts';
import { readTrace, type TraceOptions } from '../../src/loadtest/trace.ts';

const parse = (text: string, options?: TraceOptions, seed = 7) =>
  readTrace(text, createRandom(seed), options).offsetsMs;
const lines = (values: readonly unknown[]) => values.map(value => JSON.stringify(value)).join('\n');

test.each<[string, string, number[]]>([
  [
    'our own records',
    lines([
      { n: 1, intended_ms: 500.25 },
      { n: 0, intended_ms: 100 },
    ]),
    [100, 500.25],
  ],
  ['offsets', lines([{ offset_ms: 0 }, { offset_ms: 30 }]), [0, 30]],
  ['seconds', lines([{ timestamp: 1_763_000_000.5 }, { timestamp: 1_763_000_001 }]), [0, 500]],
  ['offsets in seconds', lines([{ offset_s: 1.5 }, { offset_s: 2 }]), [1500, 2000]],
  [
    'small numbers, ms as Mooncake writes them',
    lines([{ timestamp: 0 }, { timestamp: 500 }, { timestamp: 900 }]),
    [0, 500, 900],
  ],
  ['milliseconds as text', lines([{ timestamp: '5' }, { timestamp: '7.5' }]), [0, 2.5]],
  ['microseconds', lines([{ timestamp: 1_763_000_000_500_000 }, { timestamp: 1_763_000_001_000_000 }]), [0, 500]],
  [
    'nanoseconds as text',
    lines([{ timestamp: '1763000000500000000' }, { timestamp: '1763000001000000000' }]),
    [0, 500],
  ],
  ['milliseconds', lines([{ timestamp: 1_763_000_000_500 }, { timestamp: 1_763_000_001_000 }]), [0, 500]],
  [
    'ISO times of several zones',
    lines([{ timestamp: '2026-11-22T10:00:00.250Z' }, { timestamp: '2026-11-22T18:00:01+08:00' }]),
    [0, 750],
  ],
  [
    'ISO times without a zone',
    lines([{ timestamp: '2026-03-29 01:59:59' }, { timestamp: '2026-03-29 03:00:00' }]),
    [0, 3_601_000],
  ],
  [
    "the mock's journal",
    JSON.stringify(
      {
        requests: [
          { n: 1, at: 1000 },
          { n: 2, at: 1010 },
        ],
      },
      null,
      2,
    ),
    [0, 10],
  ],
  ['a JSON list', JSON.stringify([{ at: 20 }, { at: 5 }]), [0, 15]],
  ['one line', '{"offset_ms":4}', [4]],
  ['blank lines, CRLF and a byte order mark', '\ufeff{"offset_ms":1}\r\n\r\n  {"offset_ms":2}  \r\n', [1, 2]],
])('%s give moments', (_, text, offsets) => {
  expect(parse(text)).toEqual(offsets);
});

test('the unit of small timestamps can be said', () => {
  const text = lines([{ timestamp: 0 }, { timestamp: 27_482 }]);
  expect(parse(text)).toEqual([0, 27_482]);
  expect(parse(text, { unit: 's' })).toEqual([0, 27_482_000]);
});

test.each([
  [[{ timestamp: 0 }, { timestamp: 900 }], 'timestamp in ms'],
  [[{ timestamp: 1_763_000_000 }], 'timestamp in s'],
  [[{ timestamp: 1_763_000_000_000 }], 'timestamp in ms'],
  [[{ timestamp: 1_763_000_000_000_000 }], 'timestamp in µs'],
  [[{ timestamp: 1_763_000_000_000_000_000 }], 'timestamp in ns'],
  [[{ timestamp: '2026-11-22T10:00:00Z' }], 'timestamp in ISO 8601'],
  [[{ offset_s: 1 }], 'offset_s in s'],
  [[{ intended_ms: 1 }, { intended_ms: 2 }], 'intended_ms in ms'],
])('%j is told to be %s', (values, told) => {
  expect(readTrace(lines(values), createRandom(1)).readAs).toBe(told);
});

test('every bad line is named, and never what it says', () => {
  const text = `{"offset_ms":1}\nsecret words\n\n{"when":3}\n{"offset_ms":-1}\n{"offset_ms":"9"}\n7\n{"timestamp":"soon"}`;
  expect(() => parse(text, { source: 'log.ndjson' })).toThrow(
    [
      'log.ndjson:',
      '  line 2: is not JSON',
      '  line 4: has none of intended_ms, offset_ms, offset_s, at, timestamp',
      '  line 5: offset_ms is not a number of ms from 0',
      '  line 6: offset_ms is not a number of ms from 0',
      '  line 7: has none of intended_ms, offset_ms, offset_s, at, timestamp',
      '  line 8: timestamp is not a time in ISO 8601, s, ms, µs or ns',
    ].join('\n'),
  );
});

test.each<[string, RegExp]>([
  ['', /trace: is empty/],
  ['\n \n', /is empty/],
  ['[]', /is empty/],
  ['{"requests":[]}', /is empty/],
  ['[{"at":1},null]', /entry 2: has none of/],
  ['{"at":1e999}', /line 1: at is not a number/],
  ['{"timestamp":"2026-13-45T99:00:00Z"}', /timestamp is not a time/],
  ['{"at":1}\n{"offset_ms":1}', /times one request by at, another by offset_ms; keep one/],
  ['[['.repeat(50_000), /line 1: is not JSON/],
])('text %s is refused', (text, message) => {
  expect(() => parse(text)).toThrow(message);
});

test('of many bad lines the first twenty are named', () => {
  expect(() => parse('x\n'.repeat(1000))).toThrow(/line 20: is not JSON\n {2}… and 980 more$/);
});

const regular = lines(Array.from({ length: 2001 }, (_, i) => ({ offset_ms: i * 10 })));

test('speed shortens the time', () => {
  expect(parse(lines([{ offset_ms: 10 }, { offset_ms: 400 }]), { speed: 4 })).toEqual([2.5, 100]);
});

test('thinning keeps a share, and a smaller share of the same', () => {
  const half = parse(regular, { scale: 0.5 });
  expect(half.length / 2001).toBeCloseTo(0.5, 1);
  expect(half.every(ms => ms % 10 === 0)).toBe(true);
  const third = parse(regular, { scale: 0.3 });
  expect(third.length / 2001).toBeCloseTo(0.3, 1);
  expect(third.every(ms => half.includes(ms))).toBe(true);
});

test('scaling up lays moved copies over the recorded moments', () => {
  const moments = parse(regular, { scale: 2.5 });
  expect(moments.length / 2001).toBeCloseTo(2.5, 1);
  const recorded = new Set(moments.filter(ms => ms % 10 === 0));
  expect(recorded.size).toBe(2001);
  expect(moments.filter(ms => ms % 10 !== 0).length).toBeGreaterThan(2500);
  expect(moments).toEqual(moments.toSorted((a, b) => a - b));
  expect(moments[0]).toBeGreaterThanOrEqual(0);
  expect(moments.at(-1)).toBeLessThanOrEqual(20_000);
});

test('scaling up keeps the shape of the load', () => {
  // Half of the requests come in the first tenth of the time.
  const uneven = lines([
    ...Array.from({ length: 500 }, (_, i) => ({ offset_ms: i * 2 })),
    ...Array.from({ length: 500 }, (_, i) => ({ offset_ms: 1000 + i * 18 })),
  ]);
  const moments = parse(uneven, { scale: 3 });
  expect(moments).toHaveLength(3000);
  expect(moments.filter(ms => ms < 1000).length / 3000).toBeCloseTo(0.5, 1);
});

test('the seed decides what is left out and moved', () => {
  const scaled = (seed: number) => parse(regular, { scale: 1.7 }, seed);
  expect(scaled(1)).toEqual(scaled(1));
  expect(scaled(1)).not.toEqual(scaled(2));
});

test.each<[TraceOptions, RegExp]>([
  [{ speed: 0 }, /speed 0: must be above 0 and at most 1000/],
  [{ speed: Number.NaN, scale: -1 }, /speed NaN and scale -1: must be/],
  [{ scale: 1001 }, /scale 1001/],
])('options %j are refused', (options, message) => {
  expect(() => parse('{"at":1}', options)).toThrow(message);
});

test('a trace that is scaled beyond what a plan can hold is refused', () => {
  const text = '{"at":1}\n'.repeat(20_000);
  expect(() => parse(text, { scale: 1000 })).toThrow(/20,000,000 requests are more than/);
});
