/** The mock’s engine without a socket: asked directly, on a manual clock, its plan read to the end. */
import { readFileSync } from 'node:fs';
import { createManualClock, type ManualClock } from '../../src/core/clock.ts';
import { checked } from '../../src/core/config.ts';
import { type MockOptions, mockConfig } from '../../src/mock-server/config.ts';
import { createEngine, type EngineDoor } from '../../src/mock-server/engine.ts';
import { createMeter } from '../../src/mock-server/meter.ts';
import type { Exchange, Head } from '../../src/mock-server/plan.ts';

/** What came back, as a client would see it. */
export interface Heard {
  readonly status: number;
  /** In order, a name as often as it came. */
  readonly headers: readonly (readonly [string, string])[];
  /** All values of a header. */
  header(name: string): string[];
  readonly text: string;
  /** The events of a stream, each with its blank line. */
  readonly frames: string[];
  /** When the head left, in ms since the request. */
  readonly at: number;
  readonly json: unknown;
}

export interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

export interface Desk {
  readonly clock: ManualClock;
  ask(what: Ask): Promise<Heard>;
  /** `POST /chat/completions` with a good key. `body` is merged into the least request. */
  chat(body?: Readonly<Record<string, unknown>>, headers?: Ask['headers']): Promise<Heard>;
  /** What a body is answered that was too large to be read. */
  tooLarge(): Heard;
}

export const key = 'test-id.test-secret';
export const base = '/api/paas/v4';

/** @param at wall time of the clock, as ISO text */
export function openDesk(
  options: MockOptions = {},
  { at = '2026-10-09T04:00:00Z', ...door }: Partial<EngineDoor> & { at?: string } = {},
): Desk {
  const config = checked(mockConfig, { keys: [key], taskTime: '0', ...options }, 'test');
  const clock = createManualClock(Date.parse(at));
  const meter = createMeter({ version: 'test', profile: config.profile, era: config.era });
  const engine = createEngine(config, { clock, meter, ...door });
  const ask: Desk['ask'] = async ({ method = 'POST', path, body = '', headers = {} }) =>
    hear(
      await engine.handle({
        method,
        path,
        headers: { authorization: `Bearer ${key}`, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
        arrivedMs: clock.now(),
      }),
    );
  const chat: Desk['chat'] = (body = {}, headers = {}) =>
    ask({ path: `${base}/chat/completions`, body: { ...leastRequest, ...body }, headers });
  const tooLarge = () =>
    hear(engine.tooLarge({ method: 'POST', path: `${base}/chat/completions`, headers: {}, body: '', arrivedMs: 0 }));
  return { clock, ask, chat, tooLarge };
}

export const leastRequest = { model: 'glm-5.1', messages: [{ role: 'user', content: '你好' }] };

function hear({ plan, settle }: Exchange): Heard {
  const parts: Buffer[] = [];
  for (const beat of plan.beats) if ('send' in beat) parts.push(Buffer.from(beat.send));
  const text = Buffer.concat(parts).toString();
  settle({ ending: 'complete', headSent: true, beats: parts.length, bytes: text.length, worstLatenessMs: 0 });
  const headers = pairs(plan.head);
  return {
    status: plan.head?.status ?? 0,
    headers,
    header: name => headers.flatMap(([own, value]) => (own === name ? [value] : [])),
    text,
    frames: text.match(/[\s\S]+?\n\n/g) ?? [],
    at: plan.head?.at ?? 0,
    get json() {
      return JSON.parse(text);
    },
  };
}

/** Names and values in turn become pairs. */
function pairs(head: Head | undefined): [string, string][] {
  const flat = head?.headers ?? [];
  return flat.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, flat[i + 1] ?? '']] : []));
}

/** A recording as it was on the wire, without the newline that ends its file. */
export const recording = (name: string): string =>
  readFileSync(new URL(`../conformance/recordings/${name}`, import.meta.url), 'utf8').replace(/\n$/, '');

/** A recorded stream, byte for byte. */
export const recordedStream = (name: string): string =>
  readFileSync(new URL(`../fixtures/streams/${name}`, import.meta.url), 'utf8');
