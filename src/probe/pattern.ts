/** Regular expressions from a config, which may be slow by mistake. */
import { createContext, Script } from 'node:vm';

const patienceMs = 100;
const mostChars = 100_000;
const attempt = new Script('regex.test(text)');

/** Whether a text matches; an expression that takes too long, `(a+)+$` for one, does not. */
export function matches(source: string, text: string): boolean {
  const regex = new RegExp(source, 'u');
  try {
    return attempt.runInContext(createContext({ regex, text: text.slice(0, mostChars) }), { timeout: patienceMs });
  } catch {
    // Out of time: there is nothing else that test throws.
    return false;
  }
}

/** What is wrong with an expression, continuing a sentence that names its key. */
export function patternMistake(source: string): string | undefined {
  try {
    new RegExp(source, 'u');
    return undefined;
  } catch (error) {
    // The engine repeats the expression before the reason; the user has it at hand.
    const reason = error instanceof Error ? error.message.replace(/^.*: /s, '') : String(error);
    return `is not a regular expression that JavaScript reads with the flag u (${reason})`;
  }
}
