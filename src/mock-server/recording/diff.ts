/** Asks a live endpoint what was asked before, and says where its answers have another shape. Values are not compared. */
import { bytesOf, type RecordedExchange } from '../../core/cassette/cassette.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { isObject } from '../../core/json-object.ts';
import { countTokens } from '../../core/wire/tokens.ts';
import { compare, type Difference } from './difference.ts';
import { type PlainReply, shapeOf } from './shape.ts';
import { createUpstream, type Upstream } from './upstream.ts';

/** A request and the reply that is expected: from a recording, or from a fixture. */
export interface Sample {
  readonly name: string;
  readonly method: string;
  /** Below the base URL. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** As text, empty for none. */
  readonly body: string;
  readonly reply: PlainReply;
}

export interface DiffOptions {
  readonly upstream: string;
  readonly key: string;
  /** Milliseconds one call may take. Default 120000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

export interface DiffResult {
  readonly sample: Sample;
  /** Empty when the shapes agree. */
  readonly differences: readonly Difference[];
  /** Why there is nothing to compare. */
  readonly failure?: string;
}

/** Runs the samples one after the other, as they were recorded, and yields each result as it is known. */
export async function* diff(samples: readonly Sample[], options: DiffOptions): AsyncGenerator<DiffResult> {
  const { clock = systemClock, signal } = options;
  const url = new URL(options.upstream);
  const upstream = createUpstream(url, clock);
  try {
    for (const sample of samples) {
      if (signal?.aborted) return;
      const live = await ask(sample, upstream, url, { ...options, clock });
      if (signal?.aborted) return;
      if (typeof live === 'string') yield { sample, differences: [], failure: live };
      else yield { sample, differences: compare(shapeOf(sample.reply), shapeOf(live)) };
    }
  } finally {
    upstream.close();
  }
}

/** What of a recording can be asked again. */
export function samplesOf(exchanges: readonly RecordedExchange[]): { samples: Sample[]; skipped: number } {
  const fit = exchanges.filter(
    ({ request, response }) => response.ending === 'complete' && !ofTask.test(request.path) && !ofTheMoment(response),
  );
  return { samples: fit.map(sampleOf), skipped: exchanges.length - fit.length };
}

export interface Estimate {
  readonly requests: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** What the samples will cost, roughly: as much as they cost when they were recorded. */
export function estimate(samples: readonly Sample[]): Estimate {
  const sum = (of: (sample: Sample) => number) => samples.reduce((total, sample) => total + of(sample), 0);
  return { requests: samples.length, promptTokens: sum(promptTokens), completionTokens: sum(completionTokens) };
}

/** A refusal that is about the key, the moment or the service's health: another call meets it or does not. */
const ofTheMoment = ({ status = 0 }: RecordedExchange['response']) => [401, 403, 429].includes(status) || status >= 500;

/** A task's id is known for a day. */
const ofTask = /\/async-result\//;

function sampleOf({ request, response, base, n }: RecordedExchange): Sample {
  const { method, headers } = request;
  const path = request.path.startsWith(base) ? request.path.slice(base.length) : request.path;
  return {
    name: `${method} ${path} (n ${n})`,
    method,
    path,
    headers,
    body: bodyOf(request, response.status === 200),
    reply: {
      status: response.status,
      headers: response.headers,
      body: Buffer.concat(response.chunks.map(bytesOf)),
      ending: response.ending,
    },
  };
}

/** A `request_id` that was accepted once is refused the second time. */
function bodyOf({ body, text }: RecordedExchange['request'], accepted: boolean): string {
  if (body === undefined) return text ?? '';
  if (!accepted || !isObject(body)) return JSON.stringify(body);
  const { request_id: _used, ...rest } = body;
  return JSON.stringify(rest);
}

const promptTokens = ({ body }: Sample) => textsIn(jsonOf(body)).reduce((sum, text) => sum + countTokens(text), 0);

/** As recorded; without a usage, what the request allows. */
function completionTokens({ body, reply }: Sample): number {
  if (reply.status !== 200) return 0;
  const [, count] = /"completion_tokens"\s*:\s*(\d+)/.exec(Buffer.from(reply.body).toString()) ?? [];
  if (count !== undefined) return Number(count);
  const asked = jsonOf(body);
  return isObject(asked) && typeof asked.max_tokens === 'number' ? asked.max_tokens : 0;
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A body that was no JSON is sent all the same; it costs nothing.
    return undefined;
  }
}

/** The reply, or why there is none. */
function ask(
  { method, path, headers, body }: Sample,
  upstream: Upstream,
  url: URL,
  { key, clock, signal, timeoutMs = 120_000 }: DiffOptions & { clock: Clock },
): Promise<PlainReply | string> {
  return new Promise(resolve => {
    let head: Pick<PlainReply, 'status' | 'headers'> = { status: undefined, headers: [] };
    const parts: Uint8Array[] = [];
    const settle = (told: PlainReply | string) => {
      cancel();
      signal?.removeEventListener('abort', stopped);
      resolve(told);
    };
    const giveUp = (why: string) => {
      sending.abort();
      settle(why);
    };
    const stopped = () => giveUp('stopped');
    const cancel = clock.at(clock.now() + timeoutMs, () => giveUp(`no end within ${timeoutMs} ms`));
    signal?.addEventListener('abort', stopped, { once: true });
    const request = {
      method,
      path: url.pathname.replace(/\/+$/, '') + path,
      headers: [...Object.entries(headers).flat(), 'authorization', `Bearer ${key}`, 'accept-encoding', 'identity'],
      body: Buffer.from(body),
    };
    const sending = upstream.send(request, {
      sent: () => {},
      head: (status, list) => {
        head = { status, headers: list };
      },
      data: bytes => parts.push(Uint8Array.from(bytes)),
      end: ending => settle({ ...head, body: Buffer.concat(parts), ending }),
      unreached: code => settle(`cannot be reached (${code})`),
    });
  });
}
