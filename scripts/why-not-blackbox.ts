/**
 * Writes docs/why-not-blackbox.md: the same endpoints of the mock, seen by Debian's blackbox_exporter and by our probe.
 * Needs `prometheus-blackbox-exporter` on the path (`apt-get install prometheus-blackbox-exporter`).
 *
 *   npm run why-not-blackbox               writes the page
 *   npm run why-not-blackbox -- --check    looks again, and fails when the page says anything else; times may differ
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/core/clock.ts';
import { createRandom } from '../src/core/random.ts';
import { createMock } from '../src/mock-server/index.ts';
import { type ProbeFile, probeSchema } from '../src/probe/config.ts';
import { planOf } from '../src/probe/plan.ts';
import { runCheck } from '../src/probe/probe.ts';
import { isDegraded, type ProbeRun } from '../src/probe/run.ts';
import { freePort } from '../test/support/free-port.ts';

const program = 'prometheus-blackbox-exporter';

/** What the endpoint does, and what an operator would say of it. */
const rows: readonly (readonly [fault: string, what: string, truth: string])[] = [
  ['', 'answers well; first token after 0.8 s', 'good'],
  ['stall,for=1500ms', 'falls silent for 1.5 s in mid-stream', 'bad'],
  ['truncated', 'ends the stream without finish_reason', 'bad'],
  ['cut', 'hangs up in mid-stream', 'bad'],
  ['error-in-stream', 'sends an error object inside a 200 stream', 'bad'],
  ['reasoning-only,value=length', 'thinks until its tokens are spent', 'bad'],
  ['network-error-finish', 'says `finish_reason: network_error`', 'bad'],
  ['json-ignored', 'answers something else than was asked', 'bad'],
  ['cut-mid-frame', 'breaks a frame inside its JSON', 'bad'],
  ['no-usage', 'leaves out token usage', 'bad'],
  ['hang-after-headers', 'sends headers, then nothing', 'bad'],
  ['other-model', 'lets another model answer', 'degraded'],
  ['no-done', 'leaves out only [DONE]', 'degraded'],
  ['overloaded', 'refuses for overload: 429, code 1305', 'bad'],
  ['rate-limited', 'refuses because the key calls too often: 429, code 1302', 'not its fault'],
  ['account-overdue', 'refuses because the account is empty: 429, code 1113', 'not its fault'],
];

const deadlines = { connect: '1s', first_byte: '3s', first_token: '3s', idle: '1s', total: '4s' } as const;
const timeoutS = 4;

const document = join(import.meta.dirname, '../docs/why-not-blackbox.md');
const mock = await createMock({ timing: 'ttft=800ms,itl=20ms', seed: 1 });
const folder = mkdtempSync(join(tmpdir(), 'why-not-'));
const port = await freePort();
writeFileSync(join(folder, 'blackbox.yml'), modules(mock.apiKey));
const blackbox = spawn(
  program,
  [`--config.file=${join(folder, 'blackbox.yml')}`, `--web.listen-address=127.0.0.1:${port}`],
  {
    stdio: 'ignore',
  },
);
try {
  await ready(blackbox);
  const seen: Seen[] = [];
  for (const [fault, what, truth] of rows) seen.push(await look(fault, what, truth));
  if (process.argv.includes('--check')) check(page(seen));
  else writeFileSync(document, page(seen));
} finally {
  blackbox.kill();
  await mock.close({ graceMs: 0 });
  rmSync(folder, { recursive: true });
}

/** @throws when the page that is there says something else, times and versions aside */
function check(now: string): void {
  const lines = (text: string) => text.replace(/\d+\.\d+(?:\.\d+)?(?: s)?/g, '#').split('\n');
  const [before, after] = [lines(readFileSync(document, 'utf8')), lines(now)];
  const other = after.filter((line, at) => line !== before[at]);
  if (other.length > 0 || before.length !== after.length)
    throw new Error(`docs/why-not-blackbox.md says something else; run npm run why-not-blackbox\n${other.join('\n')}`);
  process.stdout.write(`docs/why-not-blackbox.md: ${rows.length} endpoints, all as it says\n`);
}

interface Scrape {
  readonly success: boolean;
  readonly processing: number;
  readonly transfer: number;
}

interface Seen {
  readonly fault: string;
  readonly what: string;
  readonly truth: string;
  readonly plain: Scrape;
  readonly strict: Scrape;
  readonly run: ProbeRun;
}

async function look(fault: string, what: string, truth: string): Promise<Seen> {
  const base = `${mock.url}/${fault === '' ? '' : `~${encodeURIComponent(fault)}/`}api/paas/v4`;
  const target = `${base}/chat/completions`;
  return {
    fault,
    what,
    truth,
    plain: await scrape('plain', target),
    strict: await scrape('strict', target),
    run: await ours(base),
  };
}

async function ours(url: string): Promise<ProbeRun> {
  const file: ProbeFile = {
    credentials: { main: { key: { env: 'KEY' } } },
    targets: { mock: { url } },
    defaults: { model: 'glm-4.6', deadlines },
    checks: [{ kind: 'chat_stream' }],
  };
  const readers = { env: { KEY: mock.apiKey }, file: () => '', command: async () => '' };
  const { checks } = await planOf(probeSchema.parse(file), readers);
  const [check] = checks;
  if (check === undefined) throw new Error('the file has one check');
  return runCheck(check, { clock: systemClock, stop: new AbortController().signal, random: createRandom(url) });
}

async function scrape(module: string, target: string): Promise<Scrape> {
  const text = await (
    await fetch(`http://127.0.0.1:${port}/probe?module=${module}&target=${encodeURIComponent(target)}`)
  ).text();
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
  const phase = (name: string) => value(`probe_http_duration_seconds\\{phase="${name}"\\}`);
  return { success: value('probe_success') === 1, processing: phase('processing'), transfer: phase('transfer') };
}

/** As people write it, and as strict as regular expressions can be about a stream. */
function modules(key: string): string {
  const body = JSON.stringify({
    model: 'glm-4.6',
    stream: true,
    max_tokens: 64,
    thinking: { type: 'disabled' },
    messages: [{ role: 'user', content: 'What is 1234 + 5678? Reply with the number only.' }],
  });
  const common = `    method: POST
      valid_status_codes: [200]
      headers: { Content-Type: application/json, Authorization: "Bearer ${key}" }
      body: '${body}'`;
  return `modules:
  plain:
    prober: http
    timeout: ${timeoutS}s
    http:
  ${common}
      fail_if_body_not_matches_regexp: ['data: ']
  strict:
    prober: http
    timeout: ${timeoutS}s
    http:
  ${common}
      fail_if_body_not_matches_regexp: ['"finish_reason":"stop"', 'data: \\[DONE\\]', '"content":"[^"]']
      fail_if_body_matches_regexp: ['"error":']
`;
}

async function ready(child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
    if (
      await fetch(`http://127.0.0.1:${port}/-/healthy`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    await systemClock.sleep(50);
  }
  throw new Error(`${program} did not start`);
}

function page(seen: readonly Seen[]): string {
  const lines = seen.map(({ fault, what, truth, plain, strict, run }) => {
    const cells = [what, truth, word(plain), word(strict), verdict(run), run.fault_domain ?? '–'];
    const times = [seconds(plain.processing), run.timing.ttft_ms === null ? '–' : seconds(run.timing.ttft_ms / 1000)];
    return `| ${fault === '' ? '–' : `\`${fault}\``} | ${[...cells, ...times].join(' | ')} |`;
  });
  const wrong = (of: (one: Seen) => boolean) => seen.filter(one => one.truth === 'bad' && of(one)).length;
  const bad = seen.filter(({ truth }) => truth === 'bad').length;
  const innocent = seen.filter(({ truth }) => truth === 'not its fault');
  const blamed = innocent.filter(({ strict }) => !strict.success).length;
  return `# Why not blackbox_exporter?

Because it sees an HTTP exchange, and a chat completion is ill in ways that HTTP does not show. Below are endpoints of our own
mock, each looked at by Debian's \`${program}\` ${version()} and by \`glm-testkit probe\`, one after the other, with the same kind of question.

This page is written by \`npm run why-not-blackbox\`; run it to see for yourself.

| fault | the endpoint | truth | blackbox | blackbox, strict | probe | whose fault | blackbox “first byte” | probe’s first token |
|---|---|---|---|---|---|---|---|---|
${lines.join('\n')}

- **blackbox** is the module that people write: POST, status 200, the body holds \`data: \`. It calls ${wrong(({ plain }) => plain.success)} of ${bad} ill endpoints good.
- **blackbox, strict** also wants \`"finish_reason":"stop"\`, \`[DONE]\` and content in the body, and no \`"error":\`. It still calls
  ${wrong(({ strict }) => strict.success)} of ${bad} ill endpoints good, and takes a stream without \`[DONE]\` for an outage.
- Neither can tell whose fault a failure is: ${blamed} of ${innocent.length} refusals that are the account's own are counted as outages.
- **First byte** is its \`phase="processing"\`: the response headers, which are sent before the model has begun. The first token
  takes ${seconds((seen[0]?.run.timing.ttft_ms ?? 0) / 1000)} on the healthy endpoint.
- The probe calls ${wrong(({ run }) => run.state === 'good')} of ${bad} ill endpoints good. Deadlines: ${Object.entries(
    deadlines,
  )
    .map(([name, ms]) => `${name} ${ms}`)
    .join(', ')}; blackbox has one, ${timeoutS} s.

What blackbox_exporter does better: it checks anything that speaks HTTP, DNS, TCP, ICMP or gRPC, and Prometheus schedules it.
For a chat completion that is also its limit: a probe has to be over before the scrape is, and an answer may take minutes.
`;
}

function word({ success }: Scrape): string {
  return success ? 'good' : 'bad';
}

function seconds(value: number): string {
  return `${value.toFixed(value < 0.1 ? 3 : 2)} s`;
}

function verdict(run: ProbeRun): string {
  if (isDegraded(run)) return `degraded: ${run.warnings.map(({ kind }) => `\`${kind}\``).join(', ')}`;
  return run.reason === null ? 'good' : `\`${run.reason}\``;
}

/** It has said its version on either stream. */
function version(): string {
  const { stdout, stderr } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return /version (\d[\w.]*)/.exec(`${stdout}${stderr}`)?.[1] ?? '';
}
