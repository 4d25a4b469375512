import { expect, test } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { createRandom } from '../../src/core/random.ts';
import { draw, parseTiming, presets, type Spread } from '../../src/mock-server/timing.ts';
import { createTestEngine } from '../support/mock-engine.ts';

const story = { messages: [{ role: 'user', content: 'Tell me about trains' }], stream: true };
const plain = { ...story, thinking: { type: 'disabled' } };

test('a stream’s head leaves at once, its first token after ttft, each later one after itl', async () => {
  const { chat } = createTestEngine({ timing: 'ttft=300ms,itl=20ms', replyTokens: 5 });
  const { head, beats } = await chat(plain);
  expect(head.at).toBe(0);
  expect(beats.map(beat => beat.at)).toEqual([300, 320, 340, 360, 380, 380, 380]);
});

test('a body leaves when its last token is generated, thinking included', async () => {
  const { chat } = createTestEngine({ timing: 'ttft=1s,itl=10ms', replyTokens: 5, thinkingTokens: 3 });
  const { head, beats, text } = await chat({ ...story, stream: false });
  expect(head.at).toBe(1000 + 7 * 10);
  expect(beats.map(beat => beat.at)).toEqual([1070]);
  expect(JSON.parse(text).created).toBe(Math.floor((Date.parse('2026-10-09T04:00:00Z') + 1070) / 1000));
});

test('a refusal takes no time', async () => {
  const { chat } = createTestEngine({ timing: 'busy' });
  const { head, beats } = await chat({ ...story, model: 'none' });
  expect([head.at, beats[0]?.at]).toEqual([0, 0]);
});

test.each(Object.keys(presets))('a body of the same request takes as long as its stream at pace %s', async timing => {
  const times = [];
  for (const stream of [true, false]) {
    const { beats } = await createTestEngine({ timing, seed: 5 }).chat({ ...story, stream });
    times.push(beats.at(-1)?.at);
  }
  expect(times[0]).toBe(times[1]);
});

test.each([
  'ttft=normal(300ms,50ms),itl=normal(20ms,5ms)',
  'ttft=lognormal(300ms,0.3),itl=lognormal(20ms,0.5)',
  'ttft=uniform(1ms,5ms),itl=uniform(0,9ms)',
])('%s is the same under the same seed, another under another, and never goes back', async timing => {
  const at = async (seed: number) => (await createTestEngine({ timing, seed }).chat(story)).beats.map(beat => beat.at);
  const times = await at(1);
  expect(await at(1)).toEqual(times);
  expect(await at(2)).not.toEqual(times);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(new Set(times).size).toBeGreaterThan(10);
});

test.each<[Spread, number, number]>([
  [{ kind: 'normal', mean: 300, sd: 50 }, 300, 3],
  [{ kind: 'lognormal', median: 20, sigma: 0.5 }, 20 * Math.exp(0.125), 0.3],
  [{ kind: 'uniform', low: 10, high: 20 }, 15, 0.2],
])('%j has its mean', (spread, mean, error) => {
  const random = createRandom(3);
  const values = Array.from({ length: 20_000 }, () => draw(spread, random));
  expect(Math.abs(values.reduce((a, b) => a + b) / values.length - mean)).toBeLessThan(error);
  expect(values.every(value => value >= 0)).toBe(true);
});

test('a normal spread wider than its mean is never negative', () => {
  const random = createRandom(1);
  const values = Array.from({ length: 1000 }, () => draw({ kind: 'normal', mean: 1, sd: 10 }, random));
  expect(Math.min(...values)).toBe(0);
});

test.each([
  ['ttft=300ms', { ttft: { kind: 'fixed', ms: 300 }, itl: { kind: 'fixed', ms: 0 } }],
  [' itl = 20ms ', { ttft: { kind: 'fixed', ms: 0 }, itl: { kind: 'fixed', ms: 20 } }],
  ['instant', { ttft: { kind: 'fixed', ms: 0 }, itl: { kind: 'fixed', ms: 0 } }],
  [
    'itl=uniform(1ms, 2ms),ttft=normal(1s,100ms)',
    { ttft: { kind: 'normal', mean: 1000, sd: 100 }, itl: { kind: 'uniform', low: 1, high: 2 } },
  ],
])('%j is read', (text, wanted) => {
  expect(parseTiming(text)).toEqual(wanted);
});

test.each([
  '',
  'fast',
  'ttft',
  'ttft=',
  'ttft=5',
  'ttft=lognormal(20ms,9)',
  'ttft=lognormal(20ms,x)',
  'ttft=normal(20ms)',
  'ttft=5ms;itl=1ms',
  'constructor',
  '__proto__',
  'toString',
  'ttft=-5ms',
])('%j is no pace', text => {
  expect(() => parseTiming(text)).toThrow(UsageError);
});

test.each([
  ['tfft=1ms', '"tfft" is not known; a pace has ttft and itl'],
  ['ttft=1ms,tpot=2ms', '"tpot" is not known; a pace has ttft and itl'],
  ['itl=lognormal(20ms,9)', 'sigma, the second value of lognormal, must be a number from 0 to 3, found "9"'],
  ['itl=lognormal(20ms, )', 'must be a number from 0 to 3, found ""'],
  ['ttft=uniform(30ms,10ms)', 'uniform begins at 30ms and ends before it, at 10ms; write the smaller one first'],
  ['ttft=gamma(1ms,2ms)', '"gamma(1ms,2ms)" is not known; write normal(MEAN,DEVIATION), '],
  ['ttft=1ms,ttft=2ms', 'ttft is given twice'],
  ['flagshp', ', perhaps flagship: write'],
])('of %j the message names what is wrong', (text, words) => {
  expect(() => parseTiming(text)).toThrow(words);
  expect(() => parseTiming(text)).toThrow(`timing "${text}"`);
});

test('a uniform pace may begin where it ends', () => {
  expect(parseTiming('ttft=uniform(5ms,5ms)').ttft).toEqual({ kind: 'uniform', low: 5, high: 5 });
});
