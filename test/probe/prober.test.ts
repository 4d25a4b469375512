/** The whole prober with a service that answers from a script, in virtual time. */
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../src/core/clock.ts';
import { createRandom } from '../../src/core/random.ts';
import { mintToken } from '../../src/core/wire/auth.ts';
import { worstOf } from '../../src/probe/budget.ts';
import type { ProbeFile } from '../../src/probe/config.ts';
import { openHistory } from '../../src/probe/history.ts';
import type { Post } from '../../src/probe/notify/bodies.ts';
import type { SendOtlp } from '../../src/probe/otlp/push.ts';
import { overviewOf } from '../../src/probe/overview.ts';
import type { ProbePlan } from '../../src/probe/plan.ts';
import { createProber } from '../../src/probe/prober.ts';
import type { ProbeRun } from '../../src/probe/run.ts';
import { fileOf, planFor, scratch } from '../support/probe.ts';
import { runAt } from '../support/probe-runs.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const noon = Date.UTC(2026, 10, 28, 12);
const minute = 60_000;
const hour = 60 * minute;
const id = 'home/chat_stream/glm-4.6';
const labels = 'target="home",check="chat_stream",model="glm-4.6"';

const plan = (more: Partial<ProbeFile> = {}, checks: ProbeFile['checks'] = [{ kind: 'chat_stream' }]) =>
  planFor(
    fileOf('http://127.0.0.1:9/v4', checks, {
      defaults: { model: 'glm-4.6', interval: '1m', confirm: { runs: 2, delay: '5s' } },
      notifications: [{ kind: 'webhook', name: 'hook', url: { env: 'KEY' }, remind: '10m', severity: 'info' }],
      ...more,
    }),
  );

interface Stage {
  readonly clock?: ManualClock;
  readonly path?: string;
  readonly mostPages?: number;
  readonly sendOtlp?: SendOtlp;
}

function folder(): string {
  const { path, remove } = scratch();
  cleanups.push(remove);
  return path;
}

/** A prober on a stage: `answer` says what every look sees. */
async function stage(
  first: ProbePlan,
  { clock = createManualClock(noon), path = join(folder(), 's.db'), mostPages, sendOtlp = async () => {} }: Stage = {},
) {
  const history = await openHistory(path, mostPages === undefined ? {} : { mostPages });
  const posts: Post[] = [];
  const said: string[] = [];
  let answer: Partial<ProbeRun> = {};
  let hears = true;
  let reachable = true;
  let looks = 0;
  const prober = createProber(first, {
    clock,
    random: createRandom('test'),
    history,
    look: async ({ id: check }) => {
      looks++;
      return runAt(clock.wall(), { id: check, ...answer });
    },
    send: async post => {
      if (!hears) throw new Error('no connection (ECONNREFUSED)');
      posts.push(post);
    },
    ask: async () => reachable,
    sendOtlp,
    say: sentence => said.push(sentence),
  });
  cleanups.push(history.close, prober.stop);
  const pass = async (ms: number) => {
    for (let gone = 0; gone < ms; gone += 1000) {
      clock.advance(1000);
      await new Promise(resolve => setImmediate(resolve));
    }
  };
  return {
    ...{ clock, path, history, prober, posts, said, pass },
    answer: (next: Partial<ProbeRun>) => {
      answer = next;
    },
    hear: (next: boolean) => {
      hears = next;
    },
    reach: (next: boolean) => {
      reachable = next;
    },
    looks: () => looks,
    text: () => prober.metrics().text(),
    status: () => prober.statusOf(prober.plan.checks[0]!),
    overview: () => overviewOf({ ...prober, plan: prober.plan, history }, clock.wall()),
    kinds: () =>
      posts.map(({ body }) => JSON.parse(body)).map(({ kind, reminder }) => (reminder > 0 ? `${kind} again` : kind)),
  };
}

test('an outage is confirmed, told, reminded of, and over', async () => {
  const { answer, pass, status, kinds, looks, text, overview } = await stage(await plan());
  await pass(5 * minute);
  expect(status().state).toBe('up');
  expect(kinds()).toEqual([]);
  const before = looks();
  answer({ reason: 'stalled' });
  await pass(minute);
  expect(looks() - before).toBe(3);
  expect(status()).toMatchObject({ state: 'down', reason: 'stalled', domain: 'provider' });
  expect(kinds()).toEqual(['down']);
  await pass(24 * minute);
  expect(kinds()).toEqual(['down', 'down again', 'down again']);
  expect(await text()).toContain(`glm_probe_state{${labels},state="down"} 1`);
  answer({});
  await pass(2 * minute);
  expect(status().state).toBe('up');
  expect(kinds().at(-1)).toBe('recovered');
  await pass(30 * minute);
  expect(kinds()).toHaveLength(4);
  const { incidents } = await overview();
  expect(incidents).toMatchObject([{ id, kind: 'down', reason: 'stalled', fault_domain: 'provider' }]);
  // Both ends lie within the jitter of their places.
  expect(Math.abs(incidents[0]!.until_ms! - incidents[0]!.from_ms - 25 * minute)).toBeLessThan(6000);
});

test('whoever reads along sees each turn once, with its reason and its run', async () => {
  const { answer, pass, said } = await stage(await plan());
  await pass(3 * minute);
  answer({ reason: 'stalled' });
  await pass(3 * minute);
  answer({ reason: 'balance_exhausted' });
  await pass(2 * minute);
  expect(said).toEqual([
    expect.stringMatching(/^home\/chat_stream\/glm-4\.6 is up \(run \S+\)$/),
    expect.stringMatching(/is down: stalled \(provider\): .*\(run \S+\)$/),
    expect.stringMatching(/is unknown: balance_exhausted \(account\): .*\(run \S+\)$/),
  ]);
});

test('an outage is confirmed once, and then looked at once an interval until it is over', async () => {
  const { answer, pass, looks, status, kinds } = await stage(await plan());
  answer({ reason: 'stalled' });
  await pass(minute);
  expect(looks()).toBe(3);
  await pass(5 * minute);
  expect(looks()).toBe(3 + 5);
  answer({ reason: 'balance_exhausted', fault_domain: 'account' });
  await pass(minute);
  answer({ reason: 'stalled' });
  await pass(minute);
  expect(status().state).toBe('down');
  expect(looks()).toBe(3 + 7);
  answer({});
  await pass(minute);
  answer({ reason: 'stalled' });
  await pass(minute);
  expect(looks()).toBe(3 + 8 + 3);
  expect(kinds()).toEqual(['down', 'blocked', 'down', 'recovered', 'down']);
});

test('an outage stays open while nobody looks and over a restart, until a good run', async () => {
  const maintenance = [{ from: '2026-11-28T12:10:00Z', until: '2026-11-28T12:15:00Z' }];
  const first = await stage(await plan({ maintenance }));
  const open = async ({ text }: typeof first) =>
    Number(new RegExp(`^glm_probe_outage_open\\{${labels}\\} (.+)$`, 'm').exec(await text())?.[1]);
  expect(await open(first)).toBe(0);
  first.answer({ reason: 'balance_exhausted' });
  await first.pass(2 * minute);
  expect(await open(first)).toBe(0);
  first.answer({ reason: 'stalled' });
  await first.pass(3 * minute);
  expect([first.status().state, await open(first)]).toEqual(['down', 1]);
  first.answer({ reason: 'balance_exhausted' });
  await first.pass(3 * minute);
  expect([first.status().state, await open(first)]).toEqual(['unknown', 1]);
  await first.pass(4 * minute);
  expect([first.status().state, await open(first)]).toEqual(['maintenance', 1]);
  const second = await stage(await plan(), { path: first.path, clock: createManualClock(first.clock.wall()) });
  expect(await open(second)).toBe(1);
  await second.pass(2 * minute);
  expect([second.status().state, await open(second)]).toEqual(['up', 0]);
});

test('during an outage a budget has to hold one look, not its repetitions', async () => {
  const [check] = (await plan()).checks;
  const one = worstOf(check!).tokens / 3;
  const credentials = { main: { key: { env: 'KEY' }, budget: { tokens_per_day: 5 * one, timezone: 'UTC' } } };
  const { answer, pass, looks, status } = await stage(await plan({ credentials }));
  answer({ reason: 'stalled', usage: null });
  await pass(5 * minute);
  expect(looks()).toBe(5);
  expect(status()).toMatchObject({ state: 'unknown', skipped: 'budget' });
});

test('one lost packet pages nobody, and still counts', async () => {
  const { answer, pass, status, kinds, text, clock, prober } = await stage(
    await plan({ notifications: [{ kind: 'webhook', name: 'hook', url: { env: 'KEY' } }] }),
  );
  await pass(2 * minute);
  answer({ reason: 'reset' });
  const due = (prober.nextOf(id) ?? 0) - clock.wall();
  await pass(Math.ceil(due / 1000) * 1000);
  answer({});
  await pass(20_000);
  expect(status().state).toBe('degraded');
  await pass(2 * minute);
  expect(status().state).toBe('up');
  expect(kinds()).toEqual([]);
  expect(await text()).toContain(`glm_probe_sli_events_total{${labels},sli="availability",verdict="bad"} 1`);
});

test('a run that cannot be filed ends as a fault of this program, and the watch goes on', async () => {
  const { answer, pass, status, said, text, history } = await stage(await plan());
  answer({ usage: { prompt_tokens: -5, completion_tokens: 0, total_tokens: 0 } });
  await pass(2 * minute);
  expect(status()).toMatchObject({ state: 'unknown', reason: 'internal', domain: 'prober' });
  expect(history.runs(id, 1)).toMatchObject([{ reason: 'internal' }]);
  expect(said).toContainEqual(expect.stringContaining(`a run of ${id} could not be filed`));
  answer({});
  await pass(2 * minute);
  expect(status().state).toBe('up');
  expect(await text()).toContain(`glm_probe_failures_total{${labels},fault_domain="prober",reason="internal"}`);
});

test('an account without money is nobody’s outage', async () => {
  const { answer, pass, status, text, posts, overview } = await stage(await plan());
  answer({ reason: 'balance_exhausted' });
  await pass(3 * minute);
  expect(status()).toMatchObject({ state: 'unknown', domain: 'account' });
  expect(JSON.parse(posts[0]!.body)).toMatchObject({ kind: 'blocked', severity: 'ticket', domain: 'account' });
  expect(posts).toHaveLength(1);
  const metrics = await text();
  expect(metrics).toContain(`glm_probe_sli_events_total{${labels},sli="availability",verdict="bad"} 0`);
  expect(metrics).toContain(`glm_probe_consecutive_failures{${labels},fault_domain="account"} 3`);
  expect((await overview()).checks[0]).toMatchObject({ state: 'unknown', windows: { day: { availability: null } } });
});

test('without a network of our own nothing is blamed and nothing is spent', async () => {
  const more = { reference: { urls: ['http://127.0.0.1:9/'] } };
  const { answer, reach, pass, status, kinds, looks, text } = await stage(await plan(more));
  await pass(2 * minute);
  answer({ reason: 'dns' });
  reach(false);
  await pass(10 * minute);
  expect(status()).toMatchObject({ state: 'unknown', reason: null });
  expect(looks()).toBe(12);
  expect(kinds()).toEqual([]);
  const metrics = await text();
  expect(metrics).toContain(`glm_probe_runs_skipped_total{${labels},reason="connectivity"} 9`);
  expect(metrics).toContain('glm_probe_connectivity 0\n');
  expect(metrics).toContain(`glm_probe_sli_events_total{${labels},sli="availability",verdict="bad"} 0`);
  answer({});
  reach(true);
  await pass(2 * minute);
  expect(status().state).toBe('up');
});

test('references that are down make nobody blind: a service that answers is believed', async () => {
  const more = {
    reference: { urls: ['http://127.0.0.1:9/'] },
    credentials: { main: { key: { env: 'KEY' }, budget: { tokens_per_day: 200_000, timezone: 'UTC' } } },
  };
  const { answer, reach, pass, status, kinds, text } = await stage(await plan(more));
  reach(false);
  answer({ reason: 'dns', usage: null });
  await pass(5 * minute);
  expect(status()).toMatchObject({ state: 'unknown', skipped: 'connectivity' });
  expect(await text()).toContain('glm_probe_budget_remaining_ratio{credential="main",budget="tokens"} 1\n');
  answer({});
  await pass(minute);
  expect(status().state).toBe('up');
  answer({ reason: 'overloaded' });
  await pass(2 * minute);
  expect([status().state, ...kinds()]).toEqual(['down', 'down']);
});

test('a spent budget stops the probing, is told, and is not health', async () => {
  const credentials = { main: { key: { env: 'KEY' }, budget: { tokens_per_day: 600, timezone: 'UTC' } } };
  const { pass, status, kinds, looks, text } = await stage(await plan({ credentials }));
  await pass(20 * minute);
  expect(looks()).toBeGreaterThan(0);
  expect(looks()).toBeLessThanOrEqual(11);
  expect(status().state).toBe('unknown');
  expect(status().detail).toMatch(/credential main on 2026-11-28: \d+ of 600 tokens are spent/);
  expect(kinds()).toEqual(['blocked', 'blocked again']);
  expect(await text()).toMatch(/glm_probe_budget_remaining_ratio\{credential="main",budget="tokens"\} 0\.\d/);
});

test('maintenance is a state of its own', async () => {
  const maintenance = [{ from: '2026-11-28T12:05:00Z', until: '2026-11-28T12:10:00Z' }];
  const { answer, pass, status, kinds, text } = await stage(await plan({ maintenance }));
  await pass(4 * minute);
  answer({ reason: 'tcp' });
  await pass(4 * minute);
  expect(await text()).toContain('glm_probe_maintenance{target="home",check="chat_stream"} 1');
  expect(status().state).toBe('maintenance');
  answer({});
  await pass(6 * minute);
  expect(status().state).toBe('up');
  expect(kinds().filter(kind => kind !== 'down' && kind !== 'recovered')).toEqual([]);
  expect(await text()).toContain('glm_probe_maintenance{target="home",check="chat_stream"} 0');
});

test('a restart knows the outage, tells nobody twice, and counts what it missed', async () => {
  const first = await stage(await plan());
  first.answer({ reason: 'overloaded' });
  await first.pass(5 * minute);
  await first.prober.stop();
  first.history.close();
  const clock = createManualClock(noon + 5 * minute + 10 * minute);
  const again = await stage(await plan(), { path: first.path, clock });
  expect(again.status()).toMatchObject({ state: 'unknown', detail: 'no run since then' });
  again.answer({ reason: 'overloaded' });
  await again.pass(2 * minute);
  expect(again.status()).toMatchObject({ state: 'down', failures: { provider: 7 } });
  expect(again.kinds()).toEqual([]);
  expect(await again.text()).toMatch(new RegExp(`glm_probe_runs_missed_total\\{${labels}\\} (9|10)\n`));
  await again.pass(9 * minute);
  expect(again.kinds()).toEqual(['down again']);
  again.answer({});
  await again.pass(minute);
  expect(again.kinds()).toEqual(['down again', 'recovered']);
});

test('a run that the end of the program cut short is skipped, and not missed as well', async () => {
  const first = await stage(await plan());
  await first.pass(2 * minute);
  first.answer({ state: 'skipped', skipped: 'shutdown' });
  await first.pass(minute);
  await first.prober.stop();
  first.history.close();
  const again = await stage(await plan(), { path: first.path, clock: createManualClock(noon + 3 * minute) });
  const text = await again.text();
  expect(text).toContain(`glm_probe_runs_skipped_total{${labels},reason="shutdown"} 1\n`);
  expect(text).toContain(`glm_probe_runs_missed_total{${labels}} 0\n`);
});

test('a page that could not be sent before the program ended is sent by its next life, once, with the reason of the last run', async () => {
  const first = await stage(await plan());
  await first.pass(2 * minute);
  first.hear(false);
  first.answer({ reason: 'overloaded' });
  await first.pass(minute);
  first.answer({ reason: 'stalled' });
  await first.pass(minute);
  await first.prober.stop();
  first.history.close();
  expect(first.kinds()).toEqual([]);
  const again = await stage(await plan(), { path: first.path, clock: createManualClock(noon + 5 * minute) });
  again.answer({ reason: 'stalled' });
  await again.pass(2 * minute);
  expect(again.kinds()).toEqual(['down']);
  expect(JSON.parse(again.posts[0]?.body ?? '')).toMatchObject({ reason: 'stalled' });
});

test('a page whose program was killed before it could note it is sent by its next life', async () => {
  const first = await stage(await plan());
  first.answer({ reason: 'overloaded' });
  await first.pass(minute);
  await first.prober.stop();
  first.history.close();
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(first.path);
  db.exec('DELETE FROM alerts; DELETE FROM owed');
  db.close();
  const again = await stage(await plan(), { path: first.path, clock: createManualClock(noon + 2 * minute) });
  again.answer({ reason: 'overloaded' });
  await again.pass(2 * minute);
  expect(again.kinds()).toEqual(['down']);
});

test.each([
  ['limps', { warnings: [{ kind: 'max_gap', detail: 'longest silence after 4s' }] }],
  ['has no money', { reason: 'balance_exhausted' }],
] as const)(
  'who was paged for an outage is told of its end, though it %s when the program begins anew',
  async (_, ill) => {
    const told = async (more: object) => plan({ notifications: [{ kind: 'webhook', url: { env: 'KEY' }, ...more }] });
    const first = await stage(await told({ severity: 'page' }));
    first.answer({ reason: 'overloaded' });
    await first.pass(2 * minute);
    first.answer(ill);
    await first.pass(2 * minute);
    await first.prober.stop();
    first.history.close();
    const again = await stage(await told({ severity: 'page' }), {
      path: first.path,
      clock: createManualClock(noon + 5 * minute),
    });
    again.answer(ill);
    await again.pass(2 * minute);
    again.answer({});
    await again.pass(2 * minute);
    expect(first.kinds()[0]).toBe('down');
    expect(again.kinds()).toEqual(['recovered']);
  },
);

test('a change of the contract is counted once, said, and found in the run’s log, also after a restart', async () => {
  const contract = { frames: ['a'], headers: ['h'], fingerprint: null, error: null };
  const first = await stage(await plan());
  first.answer({ contract });
  await first.pass(15 * minute);
  await first.prober.stop();
  first.history.close();
  const again = await stage(await plan(), { path: first.path, clock: createManualClock(noon + 15 * minute) });
  again.answer({ contract: { ...contract, frames: ['a', 'b'] } });
  await again.pass(5 * minute);
  expect(again.said).toEqual([`the contract of ${id} changed: new key b`]);
  expect(await again.text()).toContain(`glm_probe_contract_changes_total{${labels},part="frame_shape"} 1\n`);
  const logs = again.history.runs(id, 5).map(({ runId }) => again.history.run(runId)?.log.at(-1));
  expect(logs.filter(line => line === 'contract: new key b')).toHaveLength(1);
});

test('a credential that is a token shows its end, and a swap takes the series along', async () => {
  const key = await mintToken({ id: 'a', secret: 'b' }, { nowMs: noon, ttlMs: hour });
  const { prober, text } = await stage(await planFor(fileOf('http://127.0.0.1:9/v4', [{ kind: 'chat' }]), key));
  const series = 'glm_probe_credential_expiry_timestamp_seconds{credential="main"}';
  expect(await text()).toContain(`${series} ${(noon + hour) / 1000}\n`);
  await prober.swap(await plan());
  expect(await text()).not.toContain(series);
});

test('a run that could not be stored is unknown to the page, counted, and health says so', async () => {
  const { pass, status, text, prober, overview, history } = await stage(await plan(), { mostPages: 16 });
  await pass(2 * minute);
  expect(prober.troubles()).toEqual([]);
  await pass(2 * hour);
  expect(status()).toMatchObject({ state: 'unknown', detail: 'the last run could not be stored' });
  expect(prober.troubles()).toEqual([expect.stringMatching(/the state cannot be written: .*full/)]);
  const metrics = await text();
  expect(metrics).toContain(`glm_probe_state{${labels},state="unknown"} 1`);
  expect(metrics).toContain(`glm_probe_state{${labels},state="up"} 0`);
  const counted = (name: string) =>
    Number(new RegExp(`^${name}(?:\\{${labels},outcome="success"\\})? (\\d+)$`, 'm').exec(metrics)?.[1]);
  const stored = history.hoursSince(id, 0).reduce((sum, { good }) => sum + good, 0);
  expect(counted('glm_probe_history_failures_total')).toBeGreaterThan(0);
  expect(stored + counted('glm_probe_history_failures_total')).toBe(counted('glm_probe_runs_total'));
  const bars = (await overview()).checks[0]!.windows.day.bars.slice(-2);
  expect(bars.reduce((sum, { good }) => sum + good, 0)).toBeLessThan(counted('glm_probe_runs_total'));
});

test('a swap takes checks, objectives and channels, and forgets what is gone', async () => {
  const { pass, prober, text } = await stage(await plan());
  await pass(2 * minute);
  await prober.swap(await plan({ notifications: [] }, [{ kind: 'chat', slo: { availability: '99%' } }]));
  await pass(2 * minute);
  const metrics = await text();
  expect(metrics).not.toContain('chat_stream');
  expect(metrics).toContain(
    'glm_probe_slo_objective_ratio{target="home",check="chat",model="glm-4.6",sli="availability"} 0.99',
  );
  expect(metrics).toMatch(/glm_probe_runs_total\{.*check="chat",.*outcome="success"\} [12]\n/);
});

test('a swap waits for no collector: what is gone is not looked at meanwhile, what came is', async () => {
  const answered = Promise.withResolvers<void>();
  const otlp = { url: 'http://127.0.0.1:9/v1/metrics', interval: '1d' };
  const { pass, prober, text } = await stage(await plan({ otlp }), { sendOtlp: () => answered.promise });
  await pass(2 * minute);
  const swapped = prober.swap(await plan({}, [{ kind: 'chat' }]));
  await pass(2 * minute);
  expect([prober.nextOf(id), prober.nextOf('home/chat/glm-4.6')]).toEqual([undefined, expect.any(Number)]);
  expect(await text()).toMatch(/glm_probe_runs_total\{.*check="chat",.*outcome="success"\} [12]\n/);
  expect(await text()).not.toContain('chat_stream');
  answered.resolve();
  await swapped;
});

test('a threshold that is no bucket yet becomes one', async () => {
  const { prober, text } = await stage(await plan());
  const slo = { ttfot: { objective: '95%', threshold: '3s' } };
  await prober.swap(await plan({}, [{ kind: 'chat_stream', slo }]));
  expect(await text()).toContain(`glm_probe_time_to_first_output_token_seconds_bucket{le="3",${labels}} 0`);
});

test('what was seen while the clock was a year ahead is no incident that never ends, and no latency', async () => {
  const ahead = await stage(await plan(), { clock: createManualClock(noon + 365 * 24 * hour) });
  await ahead.pass(2 * minute);
  ahead.answer({ reason: 'stalled' });
  await ahead.pass(2 * minute);
  expect((await ahead.overview()).incidents).toMatchObject([{ kind: 'down', until_ms: null }]);
  await ahead.prober.stop();
  ahead.history.close();
  const back = await stage(await plan(), { path: ahead.path });
  expect(back.status()).toMatchObject({ state: 'unknown', sinceMs: noon });
  expect((await back.overview()).checks[0]?.p50_ms).toBeNull();
  await back.pass(2 * minute);
  expect(back.status().state).toBe('up');
  expect((await back.overview()).incidents).toEqual([]);
});

test('what nobody looked at is not 100 %', async () => {
  const { pass, overview } = await stage(await plan());
  await pass(30 * minute);
  const { day, quarter } = (await overview()).checks[0]!.windows;
  expect(day.availability).toBe(1);
  expect(day.known).toBeLessThan(0.05);
  expect(quarter.bars.filter(({ state }) => state === 'unknown')).toHaveLength(89);
});

const seriesOf = (text: string) =>
  text
    .split('\n')
    .filter(line => /^glm_probe_\w+_(total|bucket|sum|count)\{.*check="chat_stream"/.test(line) && !line.endsWith(' 0'))
    .sort();

test('counters and histograms go on where an earlier life ended, to the last run', async () => {
  const first = await stage(await plan());
  await first.pass(3 * minute);
  first.answer({ reason: 'overloaded', http_status: 429, code: '1305' });
  await first.pass(2 * minute);
  const before = seriesOf(await first.text());
  expect(before.join('\n')).toMatch(/runs_total\{.*outcome="success"\} 3\n/);
  expect(before.join('\n')).toMatch(/time_to_first_token_seconds_count\{.*\} 3\n/);
  // Killed: nothing is closed or told.
  const second = await stage(await plan(), { path: first.path, clock: createManualClock(first.clock.wall()) });
  expect(seriesOf(await second.text())).toEqual(before);
  expect(await second.text()).toContain('glm_probe_api_errors_total{target="home",http_status="429",code="1305"} 4');
  await second.pass(2 * minute);
  expect(await second.text()).toContain(`glm_probe_runs_total{${labels},outcome="success"} 5`);
});

test('another interval or objective keeps what was counted; a histogram whose buckets change begins again', async () => {
  const { prober, pass, text } = await stage(await plan());
  await pass(3 * minute);
  const before = seriesOf(await text());
  const defaults = { model: 'glm-4.6', interval: '2m' };
  await prober.swap(await plan({ defaults }));
  expect(seriesOf(await text())).toEqual(before);
  const slo = { ttfot: { objective: '90%', threshold: '1234ms' } };
  await prober.swap(await plan({ defaults: { ...defaults, slo } }));
  const after = await text();
  expect(after).toContain(`glm_probe_runs_total{${labels},outcome="success"} 3`);
  expect(after).toContain(`glm_probe_time_to_first_token_seconds_count{${labels}} 3`);
  expect(after).toContain(`glm_probe_time_to_first_output_token_seconds_count{${labels}} 0`);
});

test.each<[string, Partial<ProbeFile>[]]>([
  ['another interval', [{ defaults: { model: 'glm-4.6', interval: '2m' } }]],
  [
    'another objective, which is a bucket',
    [{ defaults: { model: 'glm-4.6', slo: { ttfot: { objective: '90%', threshold: '1234ms' } } } }],
  ],
  ['three others in turn', ['2m', '3m', '4m'].map(interval => ({ defaults: { model: 'glm-4.6', interval } }))],
])('after %s the errors of a target are as many as before, and so they are after a restart', async (_, files) => {
  const { prober, pass, text, answer, path, clock } = await stage(await plan());
  answer({ reason: 'overloaded', http_status: 429, code: '1305' });
  await pass(2 * minute);
  const errors = async (from: () => Promise<string>) =>
    /api_errors_total\{.*code="1305"\} (\d+)/.exec(await from())?.[1];
  const before = await errors(text);
  expect(Number(before)).toBeGreaterThan(0);
  for (const file of files) await prober.swap(await plan(file));
  expect(await errors(text)).toBe(before);
  answer({});
  await pass(5 * minute);
  const again = await stage(await plan(files.at(-1)), { path, clock: createManualClock(clock.wall()) });
  expect(await errors(again.text)).toBe(before);
});
