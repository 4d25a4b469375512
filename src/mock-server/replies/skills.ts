/** Questions with one right answer, so that self-checking prompts and demos get it. The first rule that knows answers. */
import type { Language } from '../../core/wire/errors.ts';
import type { Prompt } from '../prompt.ts';

type Skill = (prompt: Prompt, language: Language) => string | undefined;

/** The right answer, or undefined when no rule knows one. */
export function knownAnswer(prompt: Prompt, language: Language): string | undefined {
  if (prompt.toolResults.length > 0) return toolAnswer(prompt, language);
  if (prompt.lastUser.length > 400) return undefined;
  for (const skill of skills) {
    const answer = skill(prompt, language);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

function toolAnswer({ toolResults }: Prompt, language: Language): string {
  const facts = toolResults.map(({ name, content }) => `${name || 'tool'}: ${content.trim().slice(0, 600)}`);
  return language === 'zh'
    ? `根据工具返回的结果，${facts.join('；')}。`
    : `According to the tools, ${facts.join('; ')}.`;
}

const repeat: Skill = ({ lastUser }) => {
  const english =
    /\b(?:reply|respond|answer|output|say|repeat)\b(?: with)?(?: (?:exactly|only|just))*(?: (?:the|this) (?:word|text))?\s*(?::\s*|(?=["“']))["“']?(.+?)["”']?[.!。]?\s*$/is;
  const chinese =
    /(?:只|仅|原样)?(?:回复|回答|输出|重复|复述|说)[^：:“"「]{0,8}[：:“"「]\s*["“「]?(.+?)["”」]?[。.！!]?\s*$/s;
  const oneWord = /\b(?:reply|respond|answer|output|say)\b[^.:]{0,30} the (?:single )?word (\p{L}+)[.!]?\s*$/iu;
  return (english.exec(lastUser) ?? chinese.exec(lastUser) ?? oneWord.exec(lastUser))?.[1];
};

const greetingWords =
  'Hello there and welcome friend, it is a pleasure to meet you here today and I hope everything is going well'.split(
    ' ',
  );

const words: Skill = ({ lastUser }, language) => {
  const count = Number(/\bin (?:exactly )?(\d{1,2}) words?\b/i.exec(lastUser)?.[1] ?? 0);
  if (count === 0 || language === 'zh') return undefined;
  const text = Array.from({ length: count }, (_, i) => greetingWords[i % greetingWords.length]);
  return `${text.join(' ').replace(/,$/, '')}!`;
};

const calculates =
  /(?:what(?:['’]s| is)|calculate|compute|solve|evaluate|how much is|计算|算一下|算算|求|请问)\s*[:：]?\s*$/i;

/** `3-5 ideas`, `24/7` and dates are no sums: a bare minus or slash needs a cue before, an equals sign after, or blanks. */
const isSum = (text: string, sum: string) =>
  /[+*]|\s[-/]\s/.test(sum) ||
  text.trim() === sum ||
  calculates.test(text.slice(0, text.indexOf(sum))) ||
  /^\s*(?:=|＝|等于|是多少|equals)/i.test(text.slice(text.indexOf(sum) + sum.length));

const arithmetic: Skill = ({ lastUser }, language) => {
  const spelled = lastUser
    .replace(/\bplus\b|加上?/gi, '+')
    .replace(/\bminus\b|减去?/gi, '-')
    .replace(/\b(?:times|multiplied by)\b|乘以?|[×x*](?=\s*\d)/gi, '*')
    .replace(/\bdivided by\b|除以|÷/gi, '/');
  const sum = /-?\d+(?:\.\d+)?(?:\s*[-+*/]\s*-?\d+(?:\.\d+)?)+/.exec(spelled)?.[0];
  if (sum === undefined || !isSum(spelled, sum) || /^\d{4}-\d{2}-\d{2}$/.test(sum)) return undefined;
  const value = evaluate(sum);
  if (value === undefined) return undefined;
  const pretty = sum
    .replace(/(?<=\d)\s*([-+*/])\s*/g, ' $1 ')
    .replace(/\*/g, '×')
    .trim();
  return language === 'zh' ? `${pretty} = ${value}。` : `${pretty} = ${value}.`;
};

/** Products before sums, left to right; undefined when it divides by zero. */
function evaluate(sum: string): number | undefined {
  const tokens = sum.match(/(?<=\d\s*)[-+*/]|-?\d+(?:\.\d+)?/g) ?? [];
  const terms: number[] = [Number(tokens[0])];
  for (let i = 1; i + 1 < tokens.length; i += 2) {
    const right = Number(tokens[i + 1]);
    const operator = tokens[i];
    if (operator === '+') terms.push(right);
    else if (operator === '-') terms.push(-right);
    else terms.push(operator === '*' ? (terms.pop() ?? 0) * right : (terms.pop() ?? 0) / right);
  }
  const value = terms.reduce((a, b) => a + b, 0);
  return Number.isFinite(value) ? Number(value.toPrecision(12)) : undefined;
}

const isNamed = /(?:my name is|call me)\s+([\p{L}'-]+)|(?:我叫|叫我|我的名字是)(?!什么|谁)([\p{L}]{1,8})/iu;
/** Weaker: `I am hungry` names nobody. */
const isSomebody = /\bI(?: am|['’]m)\s+(\p{Lu}[\p{L}'-]+)|我是(?!谁|什么)([\p{L}]{1,8})/u;

function told(texts: readonly string[], how: RegExp): string | undefined {
  const match = texts.map(text => how.exec(text)).findLast(found => found !== null);
  return match?.[1] ?? match?.[2];
}

const myName: Skill = ({ lastUser, earlier }, language) => {
  if (!/what(?:'s| is) my name|who am i|我叫什么|我的名字|我是谁/i.test(lastUser)) return undefined;
  const said = [...earlier, lastUser];
  const name = told(said, isNamed) ?? told(said, isSomebody);
  if (name === undefined) return language === 'zh' ? '您还没有告诉我您的名字。' : 'You have not told me your name yet.';
  return language === 'zh' ? `您叫${name}。` : `Your name is ${name}.`;
};

const greeting: Skill = ({ lastUser, earlier }, language) => {
  if (
    !/^\s*(?:hi|hello|hey|good (?:morning|evening)|你好|您好|嗨|在吗|早上好|晚上好)[\s,，!！.。~？?]*$/i.test(lastUser)
  )
    return undefined;
  if (earlier.length > 0) return language === 'zh' ? '您好，我们继续吧。' : 'Hello again, shall we go on?';
  return language === 'zh'
    ? '你好！我是智能助手，很高兴见到你，有什么可以帮助你的吗？'
    : 'Hello! I am your assistant, nice to meet you. How can I help you today?';
};

const skills: readonly Skill[] = [repeat, myName, greeting, words, arithmetic];
