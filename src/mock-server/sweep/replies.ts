/** Answers to sweep over: short, and with what breaks careless readers. */
import type { FixtureInput } from '../fixtures/fixture.ts';

/** An answer, as a fixture writes it. */
export type SweepReply = NonNullable<FixtureInput['reply']>;

/** Some twenty frames: several bytes to a character, quotes, line breaks, and words of the protocol itself. */
export const textReply: SweepReply = {
  reasoning: 'Tea?',
  content: '茶：\n"data: 花" 🍵, [DONE]\n\nEnjoy!',
};

/** One tool call; a client that sends `tool_stream: true` gets its arguments piece by piece. */
export const toolReply: SweepReply = {
  reasoning: 'Weather?',
  tool_calls: [{ name: 'get_weather', arguments: { city: '北京', days: [1, 2], note: 'say "hot", {}' } }],
};
