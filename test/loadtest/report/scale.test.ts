import { expect, test } from 'vitest';
import { band, boxes, line } from '../../../src/loadtest/report/page/chart.ts';
import { tickTime } from '../../../src/loadtest/report/page/latency.ts';
import { linear, log, type Scale, timeline } from '../../../src/loadtest/report/page/scale.ts';

const texts = ({ ticks }: Scale) => ticks.map(({ text }) => text);

test.each([
  [0, ['0', '0.25', '0.5', '0.75', '1']],
  [0.9, ['0', '0.25', '0.5', '0.75', '1']],
  [17, ['0', '5', '10', '15', '20']],
  [20, ['0', '5', '10', '15', '20']],
  [1013, ['0', '500', '1000', '1500']],
])('an axis up to %f has round ticks', (max, ticks) => {
  expect(texts(linear(max, String))).toEqual(ticks);
});

test.each([
  [18, 25, ['18 ms', '25 ms', '30 ms', '35 ms']],
  [200, 700, ['200 ms', '300 ms', '400 ms', '500 ms', '700 ms']],
  [300, 4000, ['300 ms', '1 s', '3 s']],
  [1, 90_000, ['1 ms', '10 ms', '100 ms', '1 s', '10 s']],
])('a logarithmic axis from %f to %f has at least three ticks', (min, max, ticks) => {
  expect(texts(log(min, max, tickTime))).toEqual(ticks);
});

test.each([
  [0, 0.3, ['0 s', '0.1 s', '0.2 s', '0.3 s']],
  [0, 66, ['0:00', '0:15', '0:30', '0:45', '1:00']],
  [0, 606, ['0:00', '2:00', '4:00', '6:00', '8:00', '10:00']],
  [13.7, 38, ['0:15', '0:20', '0:25', '0:30', '0:35']],
  [0, 90_000, ['0:00', '6:00:00', '12:00:00', '18:00:00', '24:00:00']],
])('time from %f to %f s has ticks at round moments', (from, to, ticks) => {
  expect(texts(timeline(from, to))).toEqual(ticks);
});

test('whatever is asked, a place is on the axis', () => {
  for (const scale of [linear(20, String), log(1, 100, String), timeline(0, 60), log(0, 0, String)])
    for (const value of [-5, 0, 1e-12, 3, 1e12]) {
      expect(scale(value)).toBeGreaterThanOrEqual(0);
      expect(scale(value)).toBeLessThanOrEqual(1);
    }
});

test('a line breaks where nothing was measured, and a lone point is a dot', () => {
  const points = [
    { x: 0, y: 0 },
    { x: 0.25, y: 1 },
    { x: 0.5, y: null },
    { x: 0.75, y: 0.5 },
  ];
  expect(line('blue', points).markup).toBe(
    '<path class="blue" d="M0 1000L250 0"/><path class="blue alone" d="M750 500h0"/>',
  );
  expect(line('blue', []).markup).toBe('');
});

test('a band runs there and back, and boxes stand on their place', () => {
  expect(
    band('sky', [
      { x: 0, y: 1, y2: 0 },
      { x: 1, y: 1, y2: 0.5 },
    ]).markup,
  ).toBe('<path class="sky" d="M0 0L1000 0L1000 500L0 1000z"/>');
  expect(boxes('heat1', [{ x: 0.1, y: 0, width: 0.2, height: 0.5 }]).markup).toBe(
    '<path class="heat1" d="M100 500h200v500h-200z"/>',
  );
});
