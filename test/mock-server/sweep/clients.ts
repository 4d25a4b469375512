/** A small streaming client that is sound, and the same with one flaw each. */
import { createSseParser } from '../../../src/core/sse.ts';
import type { SweepCall } from '../../../src/mock-server/sweep/index.ts';

export type Flaw =
  | 'accepts truncated'
  | 'ignores finish_reason'
  | 'no time-out'
  | 'splits by reads'
  | 'searches for data:';

export interface Said {
  readonly content: string;
  readonly calls: readonly { name: string; arguments: string }[];
}

export interface ClientOptions {
  readonly flaw?: Flaw;
  readonly tools?: boolean;
  readonly tries?: number;
}

/** A client as `sweep` takes it. */
export const clientWith =
  ({ flaw, tools = false, tries = 1 }: ClientOptions = {}) =>
  async (call: SweepCall): Promise<Said> => {
    for (let left = tries - 1; ; left--) {
      try {
        return await once(call, flaw, tools);
      } catch (error) {
        if (left <= 0) throw error;
        await new Promise(resolve => setTimeout(resolve, 1000));
      }
    }
  };

const idleMs = 30_000;

async function once({ baseUrl, apiKey, signal }: SweepCall, flaw: Flaw | undefined, tools: boolean): Promise<Said> {
  const idle = new AbortController();
  const strike = () => idle.abort(new Error('nothing came for 30 s'));
  let timer = setTimeout(strike, idleMs);
  const beat = () => {
    clearTimeout(timer);
    timer = setTimeout(strike, idleMs);
  };
  const limits = flaw === 'no time-out' ? [signal] : [signal, idle.signal];
  try {
    const reply = await fetch(`${baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body(tools)),
      signal: AbortSignal.any(limits),
    });
    if (!reply.ok) throw new Error(`HTTP ${reply.status}`);
    if (!reply.headers.get('content-type')?.startsWith('text/event-stream')) throw new Error('not a stream');
    return await read(reply.body as AsyncIterable<Uint8Array>, flaw, beat);
  } finally {
    clearTimeout(timer);
  }
}

const body = (tools: boolean) => ({
  model: 'glm-4.6',
  stream: true,
  messages: [{ role: 'user', content: 'Hermes asks the Claude Agent SDK about tea and the weather in 北京' }],
  ...(tools && {
    tool_stream: true,
    tools: [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: {} } } }],
  }),
});

async function read(bytes: AsyncIterable<Uint8Array>, flaw: Flaw | undefined, beat: () => void): Promise<Said> {
  const answer = createAnswer();
  const feed = feeder(flaw, answer.add);
  for await (const piece of bytes) {
    beat();
    feed(piece);
  }
  return answer.end(flaw);
}

function feeder(flaw: Flaw | undefined, add: (data: string) => void): (piece: Uint8Array) => void {
  if (flaw === 'splits by reads') return piece => eachLine(new TextDecoder().decode(piece), add);
  if (flaw === 'searches for data:') return searching(add);
  const parser = createSseParser(({ event, data }) => {
    if (event === 'error') throw new Error(`error event: ${data}`);
    add(data);
  });
  return parser.feed;
}

function eachLine(text: string, add: (data: string) => void): void {
  for (const line of text.split('\n')) if (line.startsWith('data: ')) add(line.slice(6).trim());
}

/** Takes whatever stands between two "data: " for an event, also when the model says it. */
function searching(add: (data: string) => void): (piece: Uint8Array) => void {
  const decoder = new TextDecoder();
  let rest = '';
  return piece => {
    rest += decoder.decode(piece, { stream: true });
    const parts = rest.split('data: ');
    rest = parts.at(-1)?.endsWith('\n\n') ? '' : `data: ${parts.pop()}`;
    for (const part of parts) if (part.trim() !== '') add(part.trim());
  };
}

interface Chunk {
  readonly error?: { code: string };
  readonly choices?: readonly {
    readonly finish_reason?: string | null;
    readonly delta?: { readonly content?: string | null; readonly tool_calls?: readonly Fragment[] };
  }[];
}

interface Fragment {
  readonly index: number;
  readonly function?: { readonly name?: string; readonly arguments?: string };
}

/** Collects an answer and says at its end whether it is one. */
function createAnswer() {
  let content = '';
  let finish: string | undefined;
  const calls: { name: string; arguments: string }[] = [];
  const take = ({ index, function: part }: Fragment) => {
    const at = Math.max(0, index);
    const call = calls[at] ?? { name: '', arguments: '' };
    calls[at] = call;
    call.name ||= part?.name ?? '';
    call.arguments += part?.arguments ?? '';
  };
  const add = (data: string) => {
    if (data === '[DONE]') return;
    const { error, choices = [] } = JSON.parse(data) as Chunk;
    if (error !== undefined) throw new Error(`error ${error.code}`);
    for (const { delta, finish_reason } of choices) {
      content += delta?.content ?? '';
      delta?.tool_calls?.forEach(take);
      finish = finish_reason ?? finish;
    }
  };
  const end = (flaw: Flaw | undefined): Said => {
    if (finish === undefined && flaw !== 'accepts truncated') throw new Error('cut off');
    const good = [undefined, 'stop', 'tool_calls', 'length'].includes(finish);
    if (!good && flaw !== 'ignores finish_reason') throw new Error(`finished by ${finish}`);
    if (content === '' && calls.length === 0) throw new Error('an empty answer');
    for (const call of calls) JSON.parse(call.arguments);
    return { content, calls };
  };
  return { add, end };
}
