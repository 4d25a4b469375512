/** Running text of real words, as long as wanted to the token, in English and Chinese. */
import { int, pick, type Random } from '../../core/random.ts';
import { countTokens, pieces } from '../../core/wire/tokens.ts';

export type Tongue = 'en' | 'zh';

/** Text of exactly so many tokens by core/wire/tokens.ts, beginning with a sentence. */
export type Prose = (tokens: number, random: Random) => string;

interface Bank {
  readonly words: Readonly<Record<string, readonly string[]>>;
  /** Sentences; `noun` and the other keys of `words` stand for one of them. */
  readonly patterns: readonly string[];
}

const list = (text: string) => text.split(' ');

const banks: Readonly<Record<Tongue, Bank>> = {
  en: {
    words: {
      noun: list(
        'harbour river market teacher engine garden letter window bridge winter forest village machine doctor station island library kitchen farmer sailor painter captain morning journey factory mountain valley camera ticket bottle candle ladder orchard railway bakery lantern compass theatre meadow tower',
      ),
      adj: list(
        'quiet narrow heavy careful bright distant gentle sudden famous broken modern patient wooden golden curious steady shallow hidden northern',
      ),
      verb: list(
        'follows repairs remembers carries measures describes watches protects explains replaces collects discovers prepares borrows counts paints crosses visits compares supports',
      ),
      adv: list('slowly again today together carefully nearby often twice quietly tomorrow early'),
      many: list('three seven twenty forty several many few hundred'),
    },
    patterns: [
      ' The adj noun verb the noun adv.',
      ' Every noun in the adj noun verb some noun, and the noun verb it adv.',
      ' After many years the noun still verb the adj noun of the noun.',
      ' When the noun verb a adj noun, nobody near the noun is surprised.',
      ' It is said that the noun verb the noun because the adj noun verb the noun.',
      ' There are many reasons why a adj noun verb the noun, but only one matters adv.',
      ' Between the noun and the noun stands a adj noun which verb the noun adv.',
    ],
  },
  zh: {
    words: {
      名: list(
        '港口 河流 市场 老师 花园 信件 窗户 桥梁 冬天 森林 村庄 机器 医生 车站 岛屿 图书馆 厨房 农民 画家 船长 早晨 旅程 工厂 山谷 相机 车票 灯笼 指南针 剧院 草地 高塔 果园 铁路 面包店',
      ),
      形: list('安静 狭窄 沉重 细心 明亮 遥远 普通 温和 著名 空旷 现代 耐心 金色 好奇 稳定 隐蔽 北方 古老'),
      动: list('跟随 修理 记得 测量 描述 观察 保护 解释 代替 收集 发现 准备 借用 拜访 比较 支持 穿过'),
      副: list('慢慢地 再次 今天 一起 仔细地 经常 悄悄地 明天 很早就'),
      数: list('三 七 二十 四十 几 许多 一百'),
    },
    patterns: [
      '形的名副动那座名。',
      '每一个名都会动形的名，而名副动它。',
      '过了数年，名仍然动名旁边那个形的名。',
      '当名动形的名时，名附近没有人感到意外。',
      '据说名之所以动名，是因为形的名副动名。',
      '名为什么要动名，有数个理由，但只有一个重要。',
      '在名和名之间，有一处形的名，它副动名。',
    ],
  },
};

/** Enough that two texts rarely begin alike, little enough to be made in a few milliseconds. */
const corpusTokens = 20_000;

/** Cuts from one corpus that is made beforehand: while load runs, no words are drawn and no tokens counted. */
export function createProse(tongue: Tongue, random: Random): Prose {
  const { text, offsets, starts } = corpusOf(banks[tongue], random);
  const count = offsets.length - 1;
  return (tokens, chance) => {
    let at = pick(chance, starts);
    let written = '';
    for (let left = tokens; left > 0; at = 0) {
      const taken = Math.min(left, count - at);
      written += text.slice(offsets[at], offsets[at + taken]);
      left -= taken;
    }
    return written.trimStart(); // an English word and the space before it are one token, and so is the word alone
  };
}

interface Corpus {
  readonly text: string;
  /** Where each token begins, and at last where the text ends. */
  readonly offsets: Uint32Array;
  /** Tokens that begin a sentence. */
  readonly starts: readonly number[];
}

function corpusOf(bank: Bank, random: Random): Corpus {
  const starts: number[] = [];
  let text = '';
  for (let tokens = 0; tokens < corpusTokens; ) {
    starts.push(tokens);
    const sentence = sentenceOf(bank, random);
    tokens += countTokens(sentence);
    text += sentence;
  }
  let end = 0;
  const ends = pieces(text).map(piece => {
    end += piece.length;
    return end;
  });
  return { text, offsets: Uint32Array.from([0, ...ends]), starts };
}

function sentenceOf({ words, patterns }: Bank, random: Random): string {
  const kinds = new RegExp(Object.keys(words).join('|'), 'g');
  return pick(random, patterns).replace(kinds, kind => {
    const choices = words[kind] ?? [kind];
    return choices[int(random, choices.length)] ?? kind;
  });
}

/**
 * The last sentence of a prompt. The API cannot be told to go on to `max_tokens`, so it is asked for more than fits:
 * an English word has one token or more, a Chinese character half of one or more.
 */
export const wish = (tongue: Tongue, maxTokens: number): string =>
  tongue === 'en'
    ? `\nContinue this story in at least ${maxTokens} words.`
    : `\n请续写这个故事，不少于${2 * maxTokens}字。`;
