/** The export by OpenTelemetry's names, as a collector would receive it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import { createBook } from '../../src/probe/otlp/book.ts';
import { type ConventionName, conventionNames } from '../../src/probe/otlp/conventions.ts';
import { createPusher, type SendOtlp } from '../../src/probe/otlp/push.ts';
import type { Otlp } from '../../src/probe/plan.ts';
import { createSecret } from '../../src/probe/secret.ts';
import { runAt } from '../support/probe-runs.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const noon = Date.UTC(2026, 10, 28, 12);
const url = 'https://open.bigmodel.cn/api/paas/v4';

interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly histogram?: { aggregationTemporality: number; dataPoints: Point[] };
  readonly sum?: { aggregationTemporality: number; isMonotonic: boolean; dataPoints: Point[] };
}

interface Point {
  readonly attributes: { key: string; value: Record<string, string> }[];
  readonly count: string;
  readonly sum: number;
  readonly asInt: string;
  readonly bucketCounts: string[];
  readonly explicitBounds: number[];
}

const read = (body: string) => JSON.parse(body).resourceMetrics[0].scopeMetrics[0];

function book(convention: ConventionName = '1.41.1') {
  const made = createBook({ convention, provider: 'z_ai', vantage: 'here', openedAtMs: noon });
  const metrics = () =>
    Object.fromEntries((read(made.body(noon + 60_000)).metrics as Metric[]).map(one => [one.name, one]));
  return { ...made, metrics };
}

const attributesOf = (point: Point | undefined) =>
  Object.fromEntries((point?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]));

test('a good run and a failed one, by the names of semantic-conventions 1.41.1', () => {
  const { record, metrics } = book();
  record(runAt(noon), url);
  record(runAt(noon, { reason: 'stalled', usage: null }), url);
  const all = metrics();
  const duration = all['gen_ai.client.operation.duration'];
  expect([duration?.unit, duration?.histogram?.aggregationTemporality]).toEqual(['s', 2]);
  expect(duration?.histogram?.dataPoints.map(point => attributesOf(point)['error.type'])).toEqual([
    undefined,
    'stalled',
  ]);
  const [good] = duration?.histogram?.dataPoints ?? [];
  expect(attributesOf(good)).toEqual({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'z_ai',
    'gen_ai.request.model': 'glm-4.6',
    'gen_ai.response.model': 'glm-4.6',
    'server.address': 'open.bigmodel.cn',
    'server.port': '443',
  });
  expect([good?.count, good?.sum]).toEqual(['1', 0.9]);
  expect(good?.bucketCounts).toHaveLength((good?.explicitBounds.length ?? 0) + 1);
  expect(good?.bucketCounts[good.explicitBounds.indexOf(1.28)]).toBe('1');
  expect(all['gen_ai.client.operation.time_to_first_chunk']?.histogram?.dataPoints[0]?.sum).toBeCloseTo(0.6, 9);
  expect(all['gen_ai.client.operation.time_per_output_chunk']?.histogram?.dataPoints[0]?.count).toBe('4');
  const tokens = all['gen_ai.client.token.usage']?.histogram?.dataPoints ?? [];
  expect(tokens.map(point => [attributesOf(point)['gen_ai.token.type'], point.sum])).toEqual([
    ['input', 40],
    ['output', 12],
  ]);
});

test('a server that names another model every time makes one series more, not one for each name', () => {
  const { record, metrics } = book();
  for (const response_model of [
    'glm-4.6',
    'glm-4.7',
    ...Array.from({ length: 100 }, (_, i) => `shadow-${i}`),
    '',
    '模型',
  ])
    record(runAt(noon, { response_model }), url);
  const points = metrics()['gen_ai.client.operation.duration']?.histogram?.dataPoints ?? [];
  expect(points.map(point => [attributesOf(point)['gen_ai.response.model'], point.count])).toEqual([
    ['glm-4.6', '1'],
    ['glm-4.7', '1'],
    ['other', '102'],
  ]);
});

test('by the names of the GenAI conventions 0.1.0 tokens are counters', () => {
  const { record, metrics } = book('genai-0.1.0');
  record(runAt(noon), url);
  record(runAt(noon), url);
  const all = metrics();
  expect(Object.keys(all).every(name => name.startsWith('gen_ai.client.inference.'))).toBe(true);
  expect(all['gen_ai.client.inference.usage.output_tokens']?.sum).toMatchObject({
    ...{ aggregationTemporality: 2, isMonotonic: true },
    dataPoints: [{ asInt: '24', startTimeUnixNano: `${noon}000000`, timeUnixNano: `${noon + 60_000}000000` }],
  });
});

test.each(conventionNames)('%s is stamped on what is sent', convention => {
  const { body } = book(convention);
  const { scope, schemaUrl } = read(body(noon));
  expect(scope.attributes).toEqual([{ key: 'gen_ai.semconv.version', value: { stringValue: convention } }]);
  expect(schemaUrl).toBe(convention === '1.41.1' ? 'https://opentelemetry.io/schemas/1.41.1' : undefined);
});

test.each([
  ['one that this program could not judge', { state: 'unknown' }],
  ['one that was not made', { state: 'skipped', calls: 0 }],
  ['a list of models', { kind: 'models' }],
] as const)('%s is no operation', (_, more) => {
  const { record, metrics } = book();
  record(runAt(noon, more), url);
  expect(metrics()).toEqual({});
});

const otlp = (more: Partial<Otlp> = {}): Otlp => ({
  ...{ url: 'http://127.0.0.1:1/v1/metrics', headers: {}, interval: 60_000, timeout: 1000 },
  ...{ convention: '1.41.1', provider: 'z_ai' },
  ...more,
});

test('a receiver over HTTP gets JSON with its headers, at every interval and at the end', async () => {
  const seen: { path?: string; type?: string; key?: string | string[]; metrics: number }[] = [];
  const server = createServer(async (req, res) => {
    const parts = await req.toArray();
    const { metrics } = read(Buffer.concat(parts).toString());
    seen.push({
      path: req.url ?? '',
      type: req.headers['content-type'] ?? '',
      key: req.headers['x-key'] ?? '',
      metrics: metrics.length,
    });
    res.end('{}');
    arrived();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  let arrived = () => {};
  const next = () =>
    new Promise<void>(resolve => {
      arrived = resolve;
    });
  const clock = createManualClock(noon);
  const outcomes: string[] = [];
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/metrics`;
  const pusher = createPusher(otlp({ url: at, headers: { 'x-key': createSecret('test', 'canary') } }), 'here', {
    clock,
    done: outcome => outcomes.push(outcome),
  });
  const first = next();
  clock.advance(60_000);
  await first;
  pusher.record(runAt(noon), url);
  await pusher.stop();
  const common = { path: '/v1/metrics', type: 'application/json', key: 'canary' };
  expect(seen).toEqual([
    { ...common, metrics: 0 },
    { ...common, metrics: 4 },
  ]);
  expect(outcomes).toEqual(['sent', 'sent']);
});

test('a receiver that is not there is told in one word, without its headers, and holds nothing up', async () => {
  const said: (string | undefined)[] = [];
  const headers = { 'x-key': createSecret('test', 'canary') };
  const pusher = createPusher(otlp({ headers }), 'here', {
    clock: createManualClock(noon),
    done: (_, why) => said.push(why),
  });
  await pusher.stop();
  expect(said).toEqual(['no connection (ECONNREFUSED)']);
});

test('a receiver that hangs is given up when the program ends, and so is the last export', async () => {
  const clock = createManualClock(noon);
  const waits: number[] = [];
  const said: (string | undefined)[] = [];
  const send: SendOtlp = ({ timeoutMs, stop }) => {
    waits.push(timeoutMs);
    if (stop === undefined) return Promise.reject(new Error('no answer in time'));
    return new Promise((_, reject) => stop.addEventListener('abort', () => reject(new Error('given up'))));
  };
  const pusher = createPusher(otlp({ timeout: 10_000 }), 'here', { clock, send, done: (_, why) => said.push(why) });
  clock.advance(60_000);
  const stopped = pusher.stop();
  clock.advance(2000);
  await stopped;
  expect(said).toEqual(['given up', 'no answer in time']);
  expect(waits).toEqual([10_000, 2000]);
});

test('a slow receiver is sent one export at a time', () => {
  const clock = createManualClock(noon);
  let sent = 0;
  createPusher(otlp(), 'here', { clock, send: () => new Promise(() => sent++), done: () => {} });
  clock.advance(600_000);
  expect(sent).toBe(1);
});
