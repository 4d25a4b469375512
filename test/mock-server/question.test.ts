/** Whether two requests ask the same, and whether one brings an answer back, told by digests. */
import { expect, test } from 'vitest';
import { questionOf } from '../../src/mock-server/question.ts';
import { createUnfinished, isPart } from '../../src/mock-server/unfinished.ts';
import { createTestEngine } from '../support/mock-engine.ts';

const user = { role: 'user', content: 'hi' };
const said = (content: unknown) => ({ role: 'assistant', content });

test.each([
  ['the same words', [user], [{ role: 'user', content: 'hi' }], true],
  ['words in parts', [user], [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }], true],
  ['other words', [user], [{ role: 'user', content: 'ho' }], false],
  ['another role', [user], [said('hi')], false],
  [
    'another result of a tool',
    [{ role: 'tool', content: 'a', tool_call_id: '1' }],
    [{ role: 'tool', content: 'a', tool_call_id: '2' }],
    false,
  ],
  ['words that moved to the next message', [user, said('a')], [{ role: 'user', content: 'hia' }, said('')], false],
])('%s', (_, one, other, same) => {
  expect(questionOf(one).whole === questionOf(other).whole).toBe(same);
});

test('a conversation goes on from where another one ended', () => {
  const longer = questionOf([user, said('hello'), { role: 'user', content: 'more' }]);
  expect(longer.chain[0]).toBe(questionOf([user]).whole);
  expect(questionOf([user, said('x'), { role: 'tool', content: 'y' }]).turn).toBe(questionOf([user]).whole);
});

test.each([undefined, null, 'text', 7, {}, [null], [7], [{}], [{ role: 7, content: [null, 7], tool_calls: [null] }]])(
  '%j asks something or nothing, and breaks nothing',
  messages => {
    expect(() => questionOf(messages)).not.toThrow();
    expect(() => createUnfinished().carriedBy('a', questionOf(messages), messages)).not.toThrow();
  },
);

test.each([
  ['One two three.', true],
  ['One two', true],
  ['three.', true],
  ['One three.', true],
  ['One', true],
  ['', false],
  ['Sorry, that failed.', false],
  ['One four three.', false],
  ['One two three. And more.', false],
])('of "One two three.", %j may be a part: %j', (text, part) => {
  expect(isPart(text, 'One two three.')).toBe(part);
});

const ask = (messages: readonly object[]) => ({ messages });
const fault = { 'x-glm-fault': 'sensitive-finish' };

test('the journal says whose unfinished answer comes back', async () => {
  const { chat, engine } = createTestEngine({ thinkingTokens: 0 });
  const answer = (await chat(ask([user]), fault)).completion().content;
  const go = { role: 'user', content: 'go on' };
  expect((await chat(ask([user, said(answer), go]))).entry.carries).toEqual([1]);
  expect((await chat(ask([user, said(answer), go]), fault)).entry.carries).toEqual([1]); // also where a fault comes first
  expect((await chat(ask([user, said('I cannot say that.'), go]))).entry.carries).toEqual([]);
  expect((await chat(ask([{ ...user, content: 'ho' }, said(answer), go]))).entry.carries).toEqual([]);
  engine.control.apply({ kind: 'reset' });
  expect((await chat(ask([user, said(answer), go]))).entry.carries).toEqual([]);
});

test('a good answer to the same question makes it forgotten', async () => {
  const { chat } = createTestEngine({ thinkingTokens: 0 });
  await chat(ask([user]), { 'x-glm-fault': 'truncated' });
  const whole = (await chat(ask([user]))).completion().content;
  expect((await chat(ask([user, said(whole), { role: 'user', content: 'go on' }]))).entry.carries).toEqual([]);
});
