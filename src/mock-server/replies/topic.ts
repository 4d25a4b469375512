/** What a text is about, by plain rules: enough for an answer to be recognisably about the question. */
import type { Language } from '../../core/wire/errors.ts';

const questionWords =
  /^(please|can you|could you|would you|tell me|explain|describe|write|give me|show me|what(?:'s| is| are)?|who is|how (?:do|does|can|to)|why (?:is|are|do|does)|help me|i want to know|about|the|a|an|me|to|of)\s+/i;
const chineseAsk =
  /^(请问|请|帮我|麻烦|给我|我想知道|告诉我|介绍一下|介绍|解释一下|解释|说说|写一篇|写一首|写一个|写|讲讲|讲|什么是|如何|怎么|为什么|一下|关于)+/;
const chineseTail = /(是什么|怎么样|怎样|好吗|吗|呢|吧|啊|[？?。！!，,、；;：:\s])+$/;

/** A short noun-like phrase from the user's text. */
export function topicOf(text: string, language: Language): string {
  const first =
    text
      .slice(0, 400)
      .split(/[\n。！!?？；;]|\.\s/)
      .find(part => part.trim() !== '')
      ?.trim() ?? '';
  return language === 'zh' ? chineseTopic(first) : englishTopic(first);
}

function chineseTopic(text: string): string {
  const bare = text.replace(chineseAsk, '').replace(chineseTail, '');
  return [...(bare || text || '这个问题')].slice(0, 16).join('');
}

function englishTopic(text: string): string {
  let bare = text.replace(/[?.!,:;"]+$/g, '');
  for (let before = ''; before !== bare; ) {
    before = bare;
    bare = bare.replace(questionWords, '');
  }
  return (bare || text || 'your question').split(/\s+/).slice(0, 8).join(' ').slice(0, 80);
}

/** Names of places and things: what a tool's string argument is usually about. */
export function entitiesOf(text: string): string[] {
  const head = text.slice(0, 2000);
  const cities = head.match(knownPlaces) ?? [];
  const quoted = [...head.matchAll(/["“「『]([^"”」』]{1,60})["”」』]/g)].map(match => match[1] ?? '');
  const named = [...head.matchAll(/\b[A-Z][\p{L}\p{M}'-]+(?:\s+[A-Z][\p{L}\p{M}'-]+)*/gu)]
    .map(match => thing(head, match))
    .filter(name => name !== '');
  return [...new Set([...quoted, ...cities, ...named])];
}

const knownPlaces =
  /北京|上海|广州|深圳|杭州|南京|成都|武汉|西安|重庆|天津|苏州|长沙|青岛|厦门|香港|澳门|台北|东京|首尔|新加坡|伦敦|巴黎|纽约|柏林|悉尼/g;

const openers =
  /^(?:what|who|where|when|why|how|which|is|are|was|do|does|did|will|would|can|could|should|please|tell|show|find|get|give|search|compare|check|look|book|send|translate|call|use|in|for|and|the|an|i)(?:['’][a-z]+)?$/i;

/** A capital at the start of a sentence says nothing by itself: `Compare Beijing` is about Beijing. */
function thing(text: string, { 0: name, index }: RegExpExecArray): string {
  const words = name.split(/\s+/);
  if (openers.test(words[0] ?? '')) return words.slice(1).join(' ');
  const starts = index === 0 || /[.!?]\s*$/.test(text.slice(0, index));
  const listed = /^(?:,| and| or| vs\.?)\s*[A-Z]/.test(text.slice(index + name.length));
  return starts && words.length === 1 && !listed ? '' : name;
}

export const numbersOf = (text: string): number[] => (text.slice(0, 2000).match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number);
