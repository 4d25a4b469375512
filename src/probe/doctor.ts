/** What a prober has to have in order before its verdicts mean anything: its clock, names, way out, trust, key, and calm. */
import type { LookupAddress } from 'node:dns';
import { createCaller } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import { formatDuration } from '../core/duration.ts';
import { codeOf } from '../core/errors.ts';
import { domainOf, type Outcome, type Reason } from '../core/outcome.ts';
import { isUntrusted } from '../core/pem.ts';
import { parseKey, readToken } from '../core/wire/auth.ts';
import type { ProbeConfig } from './config.ts';
import { type AskUrl, askReferences } from './connectivity.ts';
import type { Endpoint } from './endpoint.ts';
import { createTape, type Tape } from './tape.ts';

export interface Finding {
  readonly subject: 'key' | 'proxy' | 'dns' | 'reach' | 'tls' | 'clock' | 'event loop' | 'reference';
  /** `wrong`: no verdict would be worth anything; `odd`: worth knowing, and verdicts stand. */
  readonly grade: 'fine' | 'odd' | 'wrong';
  readonly text: string;
}

/** The outside, by parameter. */
export interface DoctorDoor {
  readonly clock: Clock;
  readonly stop: AbortSignal;
  readonly lookup: (hostname: string) => Promise<readonly LookupAddress[]>;
  /** Of the one request; by default 5 s to connect, 10 s to the first byte, 15 s in all. */
  readonly deadlines?: typeof standardDeadlines;
  /** How late the event loop ran during a moment's watching, 99th percentile in ms. */
  readonly loopDelayMs: () => Promise<number>;
}

/** Looks at everything between this program and one endpoint. One unpaid request is made: the list of models. */
export async function examine(endpoint: Endpoint, door: DoctorDoor): Promise<Finding[]> {
  const { hostname, protocol } = new URL(endpoint.url);
  const names = endpoint.proxy === undefined ? await dnsOf(hostname, door) : [];
  const { tape, answered, findings } = await reachOf(endpoint, door);
  return [
    keyShape(endpoint.key.reveal(), endpoint.mode),
    proxyOf(endpoint),
    ...names,
    ...findings,
    ...(protocol === 'https:' ? tlsOf(tape, door.clock) : []),
    ...clockOf(tape, answered),
    loopOf(await door.loopDelayMs()),
  ];
}

/** References that are all silent would turn every outage of the network into something unknown. */
export async function examineReferences(
  reference: NonNullable<ProbeConfig['reference']>,
  ask: AskUrl,
): Promise<Finding[]> {
  const asked = await askReferences(reference, ask);
  const grade = asked.some(({ answers }) => answers) ? 'odd' : 'wrong';
  const silence = `does not answer within ${formatDuration(reference.timeout)}`;
  return asked.map(({ host, answers }) =>
    finding('reference', answers ? 'fine' : grade, `${host} ${answers ? 'answers' : silence}`),
  );
}

const finding = (subject: Finding['subject'], grade: Finding['grade'], text: string): Finding => ({
  subject,
  grade,
  text,
});

/** Never says anything of a key but its shape. */
export function keyShape(key: string, mode: 'key' | 'jwt'): Finding {
  if (/^bearer\s/i.test(key)) return finding('key', 'wrong', 'begins with the word Bearer; only the key belongs there');
  if (/^["'].*["']$/.test(key)) return finding('key', 'wrong', 'stands in quotes, which are no part of it');
  if (/\s/.test(key)) return finding('key', 'wrong', 'holds white space');
  if (readToken(key) !== undefined)
    return finding('key', 'wrong', 'is a JWT, which expires; the key itself belongs there');
  if (parseKey(key) === undefined)
    return finding(
      'key',
      mode === 'jwt' ? 'wrong' : 'odd',
      'is not of the form id.secret, which the vendor’s keys have',
    );
  if (!/^[0-9a-f]{32}\.\w{16}$/.test(key))
    return finding('key', 'fine', 'is of the form id.secret, though not of the usual lengths');
  return finding('key', 'fine', 'is of the form id.secret');
}

function proxyOf({ proxy }: Endpoint): Finding {
  if (proxy === undefined) return finding('proxy', 'fine', 'none');
  return finding('proxy', 'fine', `${new URL(proxy.reveal()).host}, from ${proxy.source}`);
}

/** A name that takes longer than this is felt in every fresh connection. */
const slowLookupMs = 500;

async function dnsOf(hostname: string, { clock, lookup }: DoctorDoor): Promise<Finding[]> {
  const from = clock.now();
  try {
    const addresses = await lookup(hostname.replace(/^\[|\]$/g, ''));
    const took = clock.now() - from;
    const text = `${addresses.map(({ address }) => address).join(', ')} in ${formatDuration(took)}`;
    return [finding('dns', took > slowLookupMs ? 'odd' : 'fine', text)];
  } catch (error) {
    return [finding('dns', 'wrong', `${hostname} does not resolve (${codeOf(error) ?? 'unknown'})`)];
  }
}

const standardDeadlines = { connect: 5000, first_byte: 10_000, total: 15_000 };

interface Reached {
  readonly tape: Tape;
  readonly answered: boolean;
  readonly findings: readonly Finding[];
}

async function reachOf(
  endpoint: Endpoint,
  { clock, stop, deadlines = standardDeadlines }: DoctorDoor,
): Promise<Reached> {
  const { url, key, ca, proxy } = endpoint;
  const caller = createCaller({
    baseUrl: url,
    key: key.reveal(),
    connection: 'fresh',
    deadlines,
    ca,
    proxy: proxy?.reveal(),
    clock,
  });
  const tape = createTape(clock, 64 * 1024);
  const { outcome, status } = await caller.call({ kind: 'models' }, { signal: stop, trace: tape.trace });
  caller.close();
  const way = proxy === undefined ? '' : ` through ${new URL(proxy.reveal()).host}`;
  const text = `GET /models${way}: ${endingOf(outcome, status)}`;
  const grade = outcome.kind === 'ok' ? 'fine' : isUnfit(outcome.kind) ? 'wrong' : 'odd';
  return { tape, answered: status !== undefined, findings: [finding('reach', grade, text)] };
}

/** A gateway need not have the list, and load passes; but who is not let in, or hears nothing, can judge nothing. */
const isUnfit = (kind: Reason) =>
  domainOf(kind) === 'network' || (domainOf(kind) === 'account' && kind !== 'rate_limited') || silences.has(kind);

const silences: ReadonlySet<Reason> = new Set([
  'stalled',
  'timeout_first_byte',
  'timeout_first_token',
  'timeout_total',
]);

function endingOf({ kind, detail = '' }: Outcome, status: number | undefined): string {
  const told = status === undefined || detail.includes(`HTTP ${status}`) ? '' : `, HTTP ${status}`;
  const hint = isUntrusted(detail) ? '; if its authority is one of your own, name it by ca or --ca' : '';
  return `${kind}${told}${detail === '' ? '' : ` (${detail})`}${hint}`;
}

const dayMs = 86_400_000;

function tlsOf({ peer }: Tape, clock: Clock): Finding[] {
  if (peer?.certificateEndsMs === undefined) return [];
  const days = (peer.certificateEndsMs - clock.wall()) / dayMs;
  return [finding('tls', days < 14 ? 'odd' : 'fine', `the certificate ends in ${days.toFixed(1)} days`)];
}

/** Tokens are signed for minutes, and the header has whole seconds. */
function clockOf({ skewMs }: Tape, answered: boolean): Finding[] {
  const missing = answered
    ? 'the server sends no Date to compare with'
    : 'nothing answered, so there is no other to compare with';
  if (skewMs === undefined) return [finding('clock', 'odd', missing)];
  const off = Math.abs(skewMs);
  const text = `${formatDuration(off)} ${skewMs > 0 ? 'behind' : 'ahead of'} the server’s`;
  return [finding('clock', off > 30_000 ? 'wrong' : off > 5000 ? 'odd' : 'fine', text)];
}

function loopOf(ms: number): Finding {
  const text = `p99 of its lateness is ${formatDuration(ms)}`;
  return finding('event loop', ms > 50 ? 'odd' : 'fine', ms > 50 ? `${text}: latencies would be ours` : text);
}
