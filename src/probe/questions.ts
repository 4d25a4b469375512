/** What `init` asks on a terminal. A wrong answer is told why, and asked for again: nobody begins anew because of a typo. */
import { baseUrl } from '../core/base-url.ts';
import { UsageError } from '../core/errors.ts';
import { type InitAnswers, isRegion, regions } from './init.ts';

/** What is asked for; the rest of the answers is known before. */
export type Asked = Pick<InitAnswers, 'url' | 'model' | 'keyEnv' | 'interval'>;

/** Asks a question once. Undefined: whoever was there has gone. */
export type Ask = (question: string, usual: string) => Promise<string | undefined>;

export interface Asking {
  readonly ask: Ask;
  readonly say: (sentence: string) => void;
  /** What is wrong with all answers together, before they are taken. */
  readonly doubt: (answers: Asked) => string | undefined;
}

/**
 * @param known what flags said already, which is not asked
 * @returns undefined when whoever was there has gone
 * @throws {UsageError} `no_answer` after three wrong answers to one question: what answers may be no person
 */
export async function askAll(known: Partial<Asked>, asking: Asking): Promise<Asked | undefined> {
  const answers: Record<string, string | undefined> = { ...known };
  for (const question of questions) {
    if (answers[question.key] !== undefined) continue;
    const answer = await answerTo(question, answers, asking);
    if (answer === undefined) return undefined;
    answers[question.key] = answer;
  }
  return answers as unknown as Asked;
}

interface Question {
  readonly key: keyof Asked;
  readonly text: string;
  readonly usual: string;
  readonly mistake: (said: string) => string | undefined;
}

const names = Object.keys(regions).join(', ');

const questions: readonly Question[] = [
  { key: 'url', text: `Which endpoint (${names}, or a URL)?`, usual: 'cn', mistake: endpointMistake },
  { key: 'model', text: 'Which model?', usual: 'glm-4.6', mistake: () => undefined },
  {
    key: 'keyEnv',
    text: 'Which environment variable holds the key?',
    usual: 'GLM_API_KEY',
    mistake: said => (isVariable(said) ? undefined : variableRule),
  },
  {
    key: 'interval',
    text: 'How often?',
    usual: '5m',
    mistake: said => (isInterval(said) ? undefined : intervalRule),
  },
];

/** The key is not repeated, where somebody took the question for the key itself. */
export const variableRule = 'must be the name of an environment variable; the key itself does not belong here';
export const isVariable = (text: string) => /^[A-Za-z_]\w*$/.test(text);

export const intervalRule = 'must be a duration such as 5m';
export const isInterval = (text: string) => /^\d+(?:\.\d+)?[smhd]$/.test(text);

function endpointMistake(said: string): string | undefined {
  if (isRegion(said)) return undefined;
  const [issue] = baseUrl.safeParse(said).error?.issues ?? [];
  if (issue === undefined) return undefined;
  return said.includes('://') ? issue.message : `must be one of ${names}, or a URL such as https://gateway.example/v4`;
}

const mostTries = 3;

async function answerTo(
  { key, text, usual, mistake }: Question,
  known: Readonly<Record<string, string | undefined>>,
  { ask, say, doubt }: Asking,
): Promise<string | undefined> {
  for (let tries = 0; tries < mostTries; tries++) {
    const said = await ask(text, usual);
    if (said === undefined) return undefined;
    const taken = key === 'url' && isRegion(said) ? regions[said] : said;
    const wrong = mistake(said) ?? (isLast(key) ? doubt({ ...known, [key]: taken } as Asked) : undefined);
    if (wrong === undefined) return taken;
    say(`  ${wrong}`);
  }
  throw new UsageError('no_answer', `${text} ${mostTries} answers were none; nothing is written`);
}

const isLast = (key: keyof Asked) => questions.at(-1)?.key === key;
