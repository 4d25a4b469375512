/** Running text about a topic in English or Chinese, of any wanted length. */
import { pick, type Random } from '../../core/random.ts';
import type { Language } from '../../core/wire/errors.ts';
import { countTokens, pieces } from '../../core/wire/tokens.ts';
import type { Prompt } from '../prompt.ts';
import type { DraftCall } from './draft.ts';
import { topicOf } from './topic.ts';

interface Bank {
  readonly openings: readonly string[];
  readonly bodies: readonly string[];
  readonly closings: readonly string[];
  readonly earlier: string;
  readonly join: string;
}

/** `{t}` is the topic. */
const banks: Readonly<Record<Language, Bank>> = {
  en: {
    openings: [
      'Here is a short answer about {t}.',
      'Let us look at {t} step by step.',
      '{t} is best understood from its main parts.',
    ],
    bodies: [
      'The first point is what it is for, because that decides everything that follows.',
      'It rests on a few simple rules, and most surprises come from forgetting one of them.',
      'In practice people begin with a small example and extend it once the result can be checked.',
      'A common mistake is to change two things at once, which makes the cause hard to find.',
      'Measured over a longer time, steady work gives better results than a single large effort.',
      'It helps to write down the expected result before trying, and to compare it afterwards.',
      'There are limits as well: cost, time and the quality of what goes in.',
      'When something fails, the message usually names the place, so it is worth reading twice.',
      'Two teams may choose different ways and both be right, as long as the reasons are stated.',
      'For {t} in particular, the details matter more than the general advice.',
    ],
    closings: [
      'If you tell me more about your case, I can be more precise.',
      'That is the core of {t}; the rest is practice.',
    ],
    earlier: 'You asked before about {e}, and the two belong together.',
    join: ' ',
  },
  zh: {
    openings: ['关于{t}，可以这样理解。', '下面简要说明{t}。', '我们一步一步来看{t}。'],
    bodies: [
      '首先要明确它的用途，因为后面的选择都取决于此。',
      '它建立在几条简单的规则之上，多数意外都来自忽略其中一条。',
      '实践中通常先做一个小例子，结果可以核对之后再逐步扩展。',
      '常见的错误是同时改动两处，这样很难找到原因。',
      '从更长的时间来看，稳定的投入比一次性的努力更有效。',
      '动手之前先写下预期的结果，之后再进行对照，会很有帮助。',
      '它也有自己的限制，例如成本、时间以及输入的质量。',
      '出现问题时，提示信息往往已经指出了位置，值得再读一遍。',
      '不同的团队可能采用不同的做法，只要说清理由，都可以是对的。',
      '具体到{t}，细节往往比一般性的建议更重要。',
    ],
    closings: ['如果您能补充一些背景，我可以说得更具体。', '以上就是{t}的要点，其余需要在实践中体会。'],
    earlier: '您之前问过{e}，两者是有联系的。',
    join: '',
  },
};

const thoughts: Readonly<Record<Language, readonly string[]>> = {
  en: [
    'The user asks about {t}.',
    'I should answer in the same language and keep it clear.',
    'First I collect what matters, then I put it in order.',
    'I check whether anything in the question rules out an answer.',
    'Nothing speaks against a direct reply.',
  ],
  zh: [
    '用户想了解{t}。',
    '我应该用同一种语言回答，并保持清楚。',
    '先找出要点，再安排顺序。',
    '检查问题里有没有限制条件。',
    '可以直接回答。',
  ],
};

const fill = (text: string, topic: string, earlier = '') => text.replaceAll('{t}', topic).replaceAll('{e}', earlier);

/** An answer about what the user asked; exactly `tokens` long when that is given. */
export function essay(prompt: Prompt, language: Language, random: Random, tokens?: number): string {
  const bank = banks[language];
  const topic = topicOf(prompt.lastUser, language);
  const before = prompt.earlier.at(-1);
  const opening = capital(fill(pick(random, bank.openings), topic));
  const link = before === undefined ? [] : [fill(bank.earlier, topic, topicOf(before, language))];
  if (tokens !== undefined) return lengthened([opening, ...link], bank.bodies, topic, bank.join, tokens, random);
  const count = 2 + Math.floor(random() * 3);
  const bodies = shuffled(bank.bodies, random)
    .slice(0, count)
    .map(text => fill(text, topic));
  return [opening, ...link, ...bodies, fill(pick(random, bank.closings), topic)].join(bank.join);
}

/** The thinking before an answer or a tool call. */
export function plan(
  prompt: Prompt,
  calls: readonly DraftCall[],
  language: Language,
  random: Random,
  tokens?: number,
): string {
  const topic = topicOf(prompt.lastUser, language);
  const join = banks[language].join;
  if (tokens !== undefined) return lengthened([], thoughts[language], topic, join, tokens, random);
  const count = 2 + Math.floor(random() * (thoughts[language].length - 1));
  const lines = thoughts[language].slice(0, count).map(text => fill(text, topic));
  const names = calls.map(call => call.name).join(', ');
  if (names !== '') lines.push(language === 'zh' ? `需要调用 ${names}。` : `I need to call ${names}.`);
  return lines.join(join);
}

/** Sentences in turn, cut at exactly `tokens`. */
function lengthened(
  start: readonly string[],
  sentences: readonly string[],
  topic: string,
  join: string,
  tokens: number,
  random: Random,
): string {
  const lines = [...start];
  let count = countTokens(lines.join(join));
  for (let i = Math.floor(random() * sentences.length); count < tokens; i++) {
    const line = fill(sentences[i % sentences.length] ?? '', topic);
    count += countTokens(join + line);
    lines.push(line);
  }
  return pieces(lines.join(join)).slice(0, tokens).join('');
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
  }
  return copy;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
