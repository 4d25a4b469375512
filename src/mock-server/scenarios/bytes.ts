/** The same events in other bytes: what every network may do, and what other servers of this protocol do. A sound client sees no difference. */
import { done, frame } from '../../core/sse.ts';
import type { Beat } from '../plan.ts';
import { framesAs, inPieces, streamOnly } from './beats.ts';
import type { Scenario } from './scenario.ts';

const sound = 'Read by the rules of server-sent events: lines and blank lines, whatever the reads are.';

/** The first place inside a character of several bytes, else the middle. */
function insideCharacter(bytes: Buffer): number {
  const at = bytes.findIndex(byte => (byte & 0xc0) === 0x80);
  return at > 0 ? at : bytes.length >> 1;
}

const halves = (bytes: Buffer, at: number) =>
  [bytes.subarray(0, at), bytes.subarray(at)].filter(part => part.length > 0);

const bytesOf = (bytes: Buffer, size: number) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));

/** Several frames wait for the last of them. */
function* inGroups(beats: Iterable<Beat>, size: number): Iterable<Beat> {
  let group: Beat[] = [];
  const flush = function* () {
    const at = group.at(-1)?.at ?? 0;
    for (const beat of group) yield { ...beat, at };
    group = [];
  };
  for (const beat of beats) {
    group.push(beat);
    if (group.length === size) yield* flush();
  }
  yield* flush();
}

export const bytes: readonly Scenario[] = [
  {
    name: 'split-utf8',
    id: 'B10',
    summary: 'every frame arrives in two reads, cut inside a character where there is one of several bytes',
    wire: 'the same bytes, `for` apart',
    evidence: 'aisix#111; claude-code-router#1672; urllib3.future#349; opencode#39694',
    mark: 'X',
    advice: 'Decode with a streaming decoder, never each read by itself.',
    outcome: 'ok',
    unary: 'ok',
    defaults: { for: 3 },
    reply: (reply, { params }) =>
      streamOnly(
        reply,
        inPieces(all => halves(all, insideCharacter(all)), params.for),
      ),
  },
  {
    name: 'drip',
    id: 'B11',
    summary: 'the stream arrives a few bytes at a time',
    wire: 'pieces of `value` bytes, `for` apart',
    evidence: 'gatling#3134; VidaiMock’s trickle',
    mark: 'X',
    advice: sound,
    outcome: 'ok',
    defaults: { value: '48', for: 1 },
    choices: { value: { least: 1, most: 65_536 } },
    reply: (reply, { params }) =>
      streamOnly(
        reply,
        inPieces(all => bytesOf(all, Number(params.value)), params.for),
      ),
  },
  {
    name: 'glued-frames',
    id: 'B12',
    summary: 'several frames arrive in one read',
    wire: '`value` frames in one write, when the last of them is due',
    evidence: 'gatling#3134; air#791',
    mark: 'X',
    advice: 'One read is not one event.',
    outcome: 'ok',
    defaults: { value: '4' },
    choices: { value: { least: 2, most: 1000 } },
    reply: (reply, { params }) => streamOnly(reply, beats => inGroups(beats, Number(params.value))),
  },
  {
    name: 'crlf',
    id: 'B13',
    summary: 'lines end in CR LF',
    wire: 'data: …\\r\\n\\r\\n',
    evidence: 'allowed by the standard; aisix#120',
    mark: 'X',
    advice: sound,
    outcome: 'ok',
    reply: framesAs(text => text.replaceAll('\n', '\r\n')),
  },
  {
    name: 'bom',
    id: 'B14',
    summary: 'a byte order mark comes before the first frame',
    wire: 'EF BB BF data: …',
    evidence: 'allowed by the standard',
    mark: 'X',
    advice: sound,
    outcome: 'ok',
    reply: framesAs((text, index) => (index === 0 ? `\ufeff${text}` : text)),
  },
  {
    name: 'comments',
    id: 'B15',
    summary: 'comment lines keep the connection alive',
    wire: ': keep-alive before each frame',
    evidence: 'openai-python#2722; mistral-vibe#774; the official Java SDK throws on them (glm-api.md §11)',
    mark: 'X',
    advice: 'Lines that begin with a colon are comments.',
    outcome: 'ok',
    reply: framesAs(text => [': keep-alive\n\n', text]),
  },
  {
    name: 'duplicate-chunk',
    id: 'F19',
    summary: 'one chunk is sent twice',
    wire: 'frame number `after` again',
    evidence: 'idx 31275345312',
    mark: 'S',
    advice: 'For tool calls: join by id and index, and never run a call twice.',
    outcome: 'ok',
    defaults: { after: 1 },
    reply: framesAs((text, index, { after }) => (index === after && text !== done ? [text, text] : text)),
  },
  {
    name: 'empty-choices',
    id: 'B16',
    summary: 'a chunk without choices comes in the middle',
    wire: 'data: {"id":"…","created":…,"model":"…","choices":[]}',
    evidence: 'cline#8518; litellm#37781; Portkey#1629',
    mark: 'X',
    advice: 'Do not read choices[0] without looking.',
    outcome: 'ok',
    defaults: { after: 1 },
    reply: framesAs((text, index, { after }) =>
      index === after && text !== done ? [frame(emptied(text)), text] : text,
    ),
  },
];

const emptied = (text: string) =>
  text
    .slice('data: '.length)
    .trimEnd()
    .replace(/"choices":.*$/s, '"choices":[]}');
