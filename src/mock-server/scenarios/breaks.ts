/** Streams that stop, break, or bring an error half way. */
import { done, frame } from '../../core/sse.ts';
import { businessCodes, messageOf } from '../../core/wire/errors.ts';
import { completionId } from '../../core/wire/ids.ts';
import { after, eachText, framesAs, reworked, streamOnly, textOf } from './beats.ts';
import type { Scenario } from './scenario.ts';

/** Half of a body, in bytes: where a stream is cut by frames, a body is cut in the middle. */
const half = (text: string) => text.slice(0, Math.ceil(text.length / 2));

const cut =
  (end: 'fin' | 'reset' | 'hang'): NonNullable<Scenario['reply']> =>
  (reply, { params }) =>
    reply.stream
      ? reworked(
          reply,
          after(params.after, at => [{ at, end }]),
        )
      : reworked(reply, function* (beats) {
          for (const beat of beats) yield { at: beat.at, send: half(textOf(beat)) };
          yield { at: reply.at, end };
        });

const number = (code: string) => (/^\d+$/.test(code) ? code : JSON.stringify(code));

export const breaks: readonly Scenario[] = [
  {
    name: 'cut-mid-frame',
    id: 'F1',
    summary: 'a frame is cut inside its JSON and the next one follows on the same line, with a new stream id',
    wire: 'data: {"id":"…","created":…,"object":"chat.cdata: {"id":"another",…}, after a silence of `for`',
    evidence: 'zai-org/GLM-5#66; Kilo-Org/kilocode#9432; anomalyco/opencode#23442',
    mark: 'R',
    advice: 'A frame that cannot be parsed ends the call as failed: throw what came away and repeat with backoff.',
    outcome: 'malformed',
    unary: 'ok',
    defaults: { after: 3, for: 0 },
    reply: (reply, { params }, call) =>
      streamOnly(
        reply,
        after(params.after, function* (_, rest) {
          const id = completionId(call.wallMs + params.for, call.random.fork('second'));
          const again = (text: string) => text.replace(/"id":"[^"]*"/, `"id":"${id}"`);
          const [first, ...others] = rest;
          if (first === undefined) return;
          const text = textOf(first);
          yield { at: first.at, send: text.slice(0, Math.min(70, Math.floor(text.length / 2))) };
          for (const beat of others) yield { at: beat.at + params.for, send: again(textOf(beat)) };
        }),
      ),
  },
  {
    name: 'stall',
    id: 'F2',
    summary: 'the stream goes silent for minutes with the connection open, then goes on',
    wire: 'a pause of `for` after `after` frames',
    evidence: 'can1357/oh-my-pi#1494, #3819, #4758; anomalyco/opencode#3139',
    mark: 'R',
    advice: 'Have a deadline between two chunks; when it fires, close the connection and repeat with backoff.',
    outcome: 'stalled',
    unary: 'timeout_first_byte',
    defaults: { after: 3, for: 120_000 },
    reply: (reply, { params }) =>
      reply.stream
        ? reworked(
            reply,
            after(params.after, function* (_, rest) {
              for (const beat of rest) yield { ...beat, at: beat.at + params.for };
            }),
          )
        : { ...reply, at: reply.at + params.for },
  },
  {
    name: 'hang-after-headers',
    id: 'B2',
    summary: 'headers come, and then nothing',
    wire: '200 and the headers, no body',
    evidence: 'Codewhale#3496',
    mark: 'X',
    advice: 'Have a deadline for the first token besides the one for the headers.',
    outcome: 'timeout_first_token',
    unary: 'timeout_total',
    reply: reply => reworked(reply, () => [{ at: reply.at, end: 'hang' as const }]),
  },
  {
    name: 'truncated',
    id: 'F4',
    summary: 'the stream ends as if it were complete, without finish_reason and [DONE]',
    wire: 'the chunked body ends cleanly after `after` frames',
    evidence: 'idx 71596244622; CommandCodeAI/command-code#785',
    mark: 'R',
    advice: 'An answer without finish_reason is not complete: do not use it, repeat with backoff.',
    outcome: 'truncated',
    unary: 'malformed',
    defaults: { after: 3 },
    reply: (reply, { params }) =>
      reply.stream
        ? reworked(
            reply,
            after(params.after, () => []),
          )
        : reworked(reply, eachText(half)),
  },
  {
    name: 'cut',
    id: 'F4b',
    summary: 'the connection is closed in the middle of the answer',
    wire: 'TCP FIN after `after` frames, without the end of the chunked body',
    evidence: 'idx 71596244622',
    mark: 'R',
    advice: 'Not complete: throw it away and repeat with backoff.',
    outcome: 'truncated',
    defaults: { after: 3 },
    reply: cut('fin'),
  },
  {
    name: 'reset-mid-stream',
    id: 'B3',
    summary: 'the connection is reset in the middle of the answer',
    wire: 'TCP RST after `after` frames',
    evidence: 'Wei-Shaw/sub2api#7456',
    mark: 'X',
    advice: 'Not complete: throw it away and repeat with backoff.',
    outcome: 'reset',
    defaults: { after: 3 },
    reply: cut('reset'),
  },
  {
    name: 'network-error-finish',
    id: 'F5',
    summary: 'HTTP 200 whose last chunk says that inference broke off',
    wire: '{"index":0,"finish_reason":"network_error","delta":{"role":"assistant","content":""}} after `after` pieces of text',
    evidence: 'ERR-CN; xiang; idx 70471879217, 57451038636',
    mark: 'D',
    advice: 'Look at finish_reason: this one is a failure. Repeat with backoff.',
    outcome: 'network_error',
    defaults: { after: 3 },
    answer: (answer, { params }) => ({
      ...answer,
      content: answer.content.length > 1 ? answer.content.slice(0, params.after) : answer.content.map(half),
      toolCalls: [],
      finish: 'network_error',
    }),
  },
  {
    name: 'error-in-stream',
    id: 'F6',
    summary: 'an error object comes inside a stream that began with 200',
    wire: 'data: {"error":{"code":"1234","message":"网络错误，…"}} after `after` frames; value=number writes the code without quotes',
    evidence: 'idx 62172302100, 68950253272',
    mark: 'R',
    advice: 'Every frame may be an error: check for `error` before `choices`. Repeat as the code says.',
    outcome: 'error_in_stream',
    unary: 'ok',
    defaults: { after: 3, code: '1234', value: 'text' },
    choices: {
      code: { values: businessCodes.map(({ code }) => code), wanted: 'a business code of the API, such as 1302' },
      value: { values: ['text', 'number'] },
    },
    reply: (reply, { params }, call) =>
      streamOnly(
        reply,
        after(params.after, at => {
          const id = completionId(call.wallMs, call.random.fork('error'));
          const code = params.value === 'number' ? number(params.code) : JSON.stringify(params.code);
          const message = JSON.stringify(messageIn(params.code, call.language, id));
          return [{ at, send: frame(`{"error":{"code":${code},"message":${message}}}`) }];
        }),
      ),
  },
  {
    name: 'error-event',
    id: 'F7',
    summary: 'an event named error, as the Anthropic interface sends it',
    wire: 'event: error\\ndata: {"type":"error","error":{"message":"Operation failed","code":500},"request_id":"…"}',
    evidence: 'idx 52675789032',
    mark: 'R',
    advice: 'Read the `event:` field too; what follows is a failure.',
    outcome: 'error_in_stream',
    unary: 'ok',
    defaults: { after: 3 },
    reply: (reply, { params }, call) =>
      streamOnly(
        reply,
        after(params.after, at => {
          const id = completionId(call.wallMs, call.random.fork('error'));
          const data = `{"type":"error","error":{"message":"Operation failed","code":500},"request_id":"${id}"}`;
          return [{ at, send: `event: error\n${frame(data)}` }];
        }),
      ),
  },
  {
    name: 'no-done',
    id: 'B4',
    summary: 'the stream is complete except for [DONE]',
    wire: 'the last frame is missing',
    evidence: 'ayunis#1234',
    mark: 'X',
    advice:
      'finish_reason says that the answer is complete; [DONE] alone proves nothing and its absence alone harms nothing.',
    outcome: 'ok',
    reply: framesAs(text => (text === done ? [] : text)),
  },
  {
    name: 'no-usage',
    id: 'B5',
    summary: 'the last chunk has no usage',
    wire: 'no "usage" anywhere',
    evidence: 'asked for by clients that crash on it; the service always sends it (§4.3)',
    mark: 'X',
    advice: 'Count as unknown and not as zero.',
    outcome: 'usage_missing',
    reply: reply =>
      reworked(
        reply,
        eachText(text => text.replace(/,"usage":\{(?:[^{}]|\{[^{}]*\})*\}/, '')),
      ),
  },
];

/** The vendor's text of a code, or a plain one for a code without a text that could be filled in. */
function messageIn(code: string, language: 'zh' | 'en', errorId: string): string {
  try {
    return messageOf(code, language, { error_id: errorId });
  } catch {
    // An unknown code, or one that needs more than an id: the code is what matters here.
    return language === 'zh' ? '网络错误' : 'Network error';
  }
}
