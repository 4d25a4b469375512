import { expect, test } from 'vitest';
import { createTestEngine } from '../../support/mock-engine.ts';

const { chat } = createTestEngine();
const say = async (prompt: string, before: readonly string[] = []) => {
  const earlier = before.flatMap(content => [
    { role: 'user', content },
    { role: 'assistant', content: 'ok' },
  ]);
  return (await chat({ messages: [...earlier, { role: 'user', content: prompt }] })).completion().content;
};

test.each([
  ['2+2', '2 + 2 = 4。'],
  ['What is 12 * 3 - 4?', '12 × 3 - 4 = 32.'],
  ['What is 7-3?', '7 - 3 = 4.'],
  ['What is -5 + 3', '-5 + 3 = -2.'],
  ['10 / 4 =', '10 / 4 = 2.5。'],
  ['3 plus 4 times 2', '3 + 4 × 2 = 11.'],
  ['0.1+0.2', '0.1 + 0.2 = 0.3。'],
  ['3 加 4 等于多少', '3 + 4 = 7。'],
  ['8除以2', '8 / 2 = 4。'],
])('%j is calculated', async (prompt, answer) => {
  expect(await say(prompt)).toBe(answer);
});

test.each(['1/0', 'Give me 3-5 ideas', 'Are you open 24/7?', '2026-10-09', 'Read pages 10-20 of the report'])(
  '%j is no sum',
  async prompt => {
    expect(await say(prompt)).not.toContain('=');
  },
);

test.each([
  ['Say "pong"', 'pong'],
  ['Reply with exactly: OK', 'OK'],
  ['Respond with only the word pong.', 'pong'],
  ['Repeat: one two three', 'one two three'],
  ['请回复：收到', '收到'],
  ['重复“你好”', '你好'],
])('%j is repeated', async (prompt, answer) => {
  expect(await say(prompt)).toBe(answer);
});

test.each([1, 5, 12, 50])('hello in %i words has so many', async count => {
  expect((await say(`Say hello in ${count} words`)).split(' ')).toHaveLength(count);
});

test.each([
  ['Hi!', /^Hello! I am/],
  ['hello', /^Hello! I am/],
  ['你好', /^你好！/],
  ['您好。', /^你好！/],
])('%j is greeted in its language', async (prompt, answer) => {
  expect(await say(prompt)).toMatch(answer);
});

test.each([
  ['What is my name?', ['My name is Bob'], 'Your name is Bob.'],
  ['What is my name?', ['My name is Bob', 'I am hungry'], 'Your name is Bob.'],
  ['Who am I?', ["Hello, I'm Ada"], 'Your name is Ada.'],
  ['My name is Eve. What is my name?', [], 'Your name is Eve.'],
  ['What is my name?', ['hi'], 'You have not told me your name yet.'],
  ['我叫什么？', ['我叫小明', '我是谁'], '您叫小明。'],
  ['我是谁？', [], '您还没有告诉我您的名字。'],
])('%j after %j is remembered', async (prompt, before, answer) => {
  expect(await say(prompt, before)).toBe(answer);
});

test('a greeting in the middle of a conversation goes on with it', async () => {
  expect(await say('hi', ['tell me about trains'])).toBe('Hello again, shall we go on?');
});

test.each([
  ['Tell me about steam engines', 'en'],
  ['说说蒸汽机', 'zh'],
  ['说说 GPT 和 API', 'zh'],
])('%j is answered in %s', async (prompt, language) => {
  const text = await say(prompt);
  expect(/[\u4e00-\u9fff]/.test(text) ? 'zh' : 'en').toBe(language);
});

test('an answer is about the question, and an earlier one is mentioned', async () => {
  const text = await say('Tell me about steam engines', ['Explain canals']);
  expect(text).toContain('team engines');
  expect(text).toContain('canals');
});
