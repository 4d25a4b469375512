/** Conversations that go on: each request is a turn, and carries all turns before it. */
import type { Random } from '../../core/random.ts';
import { betweenMessages, messageTokens } from '../../core/wire/prompt-tokens.ts';
import { drawLength } from './length.ts';
import { clears, type Line, ordered } from './lines.ts';
import { type Opening, opened, openingTokens } from './opening.ts';
import { type Asked, type Fields, nothing, type Question, type Said, type Source } from './question.ts';
import type { SpecOf } from './spec.ts';
import type { Writer } from './writer.ts';

interface ConversationsOptions {
  /** Of a file; without them conversations are invented. */
  readonly lines: readonly Line[] | undefined;
  readonly asked: Asked;
  readonly opening: (number: number) => Opening;
  readonly writer: (chance: Random) => Writer;
  readonly random: Random;
}

/** A turn of a conversation: what is said, and the most tokens it may be answered with. */
type Conversation = (number: number, turn: number) => Question;

/**
 * Request n is a turn of one of `width` conversations that go on side by side; when all have had their turns, `width`
 * new ones begin. The opening belongs to the conversation: its own earlier turns may be found in the prefix cache.
 */
export function createConversations(spec: SpecOf<'conversations'>, options: ConversationsOptions): Source {
  const { turns, width } = spec;
  const { lines } = options;
  const ask = lines === undefined ? invented(spec, options) : recorded(spec, { ...options, lines });
  return number => {
    const round = Math.floor(number / (turns * width));
    return ask(round * width + (number % width), Math.floor(number / width) % turns);
  };
}

function invented(
  { cache, input_tokens, output_tokens, turns }: SpecOf<'conversations'>,
  { asked, opening, writer, random }: ConversationsOptions,
): Conversation {
  const fixed = asked.fixedTokens(nothing);
  return (number, turn) => {
    const asker = number * turns;
    const conversation = random.fork(cache === 'same' ? 0 : number);
    const { prompt, answer } = writer(conversation);
    const { first, firstTokens } = opening(asker);
    const messages: Said[] = [];
    let promptTokens = fixed;
    let maxTokens = 0;
    const say = (role: string, content: string, tokens: number) => {
      promptTokens += tokens + (messages.length > 0 ? betweenMessages : 0);
      messages.push({ role, content });
    };
    for (let at = 0; at <= turn; at++) {
      const chance = conversation.fork(at);
      if (at > 0) say('assistant', answer(maxTokens, chance), maxTokens);
      const [front, frontTokens] = at === 0 ? [first, firstTokens] : ['', 0];
      const tokens = Math.max(1, drawLength(input_tokens, chance) - frontTokens);
      maxTokens = drawLength(output_tokens, chance, asked.maxOutput);
      say('user', front + prompt({ tokens, maxTokens }, chance), frontTokens + tokens);
    }
    return { messages, promptTokens, maxTokens, asker, fields: nothing };
  };
}

/** A conversation of a file, cut into turns. */
interface Recorded {
  readonly messages: readonly Said[];
  readonly fields: Fields;
  readonly maxTokens: number | undefined;
  /** For each turn, the number of messages up to its question, and the prompt's tokens with them. */
  readonly turns: readonly { readonly length: number; readonly tokens: number }[];
}

/** A conversation with fewer turns than are asked for begins anew, as another one. */
function recorded(
  { order, turns, output_tokens }: SpecOf<'conversations'>,
  { lines, asked, opening, writer, random }: ConversationsOptions & { readonly lines: readonly Line[] },
): Conversation {
  const chance = random.fork('answers');
  const answer = () => writer(chance).answer(drawLength(output_tokens, chance, asked.maxOutput), chance);
  const all = lines.map(line => cutIntoTurns(line, asked.fixedTokens(line.fields), answer));
  const inOrder = ordered(all, order, random.fork('order'));
  return (number, turn) => {
    const conversation = inOrder(number);
    const { length = 0, tokens = 0 } = conversation.turns[turn % conversation.turns.length] ?? {};
    const asker = number * turns + Math.floor(turn / conversation.turns.length);
    const messages = conversation.messages.slice(0, length);
    const front = opening(asker);
    const { maxTokens = drawLength(output_tokens, random.fork(number).fork(turn), asked.maxOutput) } = conversation;
    return {
      messages: opened(messages, front),
      promptTokens: tokens + openingTokens(messages, front),
      maxTokens,
      asker,
      fields: conversation.fields,
    };
  };
}

/** A question that follows a question gets an invented answer between: the API refuses two of one role in a row. */
function cutIntoTurns({ messages, fields, maxTokens }: Line, fixed: number, answer: () => string): Recorded {
  const said: Said[] = [];
  const turns: { length: number; tokens: number }[] = [];
  let tokens = fixed;
  const say = (message: Said) => {
    tokens += messageTokens(message, said.length, clears(fields));
    said.push(message);
  };
  for (const message of messages) {
    if (message.role === 'user' && said.at(-1)?.role === 'user') say({ role: 'assistant', content: answer() });
    say(message);
    if (message.role === 'user') turns.push({ length: said.length, tokens });
  }
  return { messages: said, fields, maxTokens, turns };
}
