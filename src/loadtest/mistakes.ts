import { UsageError } from '../core/errors.ts';

type Parts = Readonly<Record<string, () => unknown>>;

/**
 * Makes every part, also when others cannot be made.
 * @throws {UsageError} what is wrong with all of them: the one mistake, or `bad_config` with a line for each
 */
export function allOf<T extends Parts>(parts: T): { readonly [K in keyof T]: ReturnType<T[K]> } {
  const mistakes: UsageError[] = [];
  const made = Object.entries(parts).map(([name, make]) => [name, tried(make, mistakes)]);
  const [first, ...others] = mistakes;
  if (first === undefined) return Object.fromEntries(made);
  if (others.length === 0) throw first;
  const messages = new Set(mistakes.map(({ message }) => message));
  throw new UsageError('bad_config', underOneHead([...messages]).join('\n'), { cause: first });
}

/** A list of mistakes begins with what they are of, such as `options:`; that need not be said again in the next list. */
const underOneHead = (messages: readonly string[]) =>
  messages.map((message, i) => {
    const [head, ...list] = message.split('\n');
    const before = messages[i - 1]?.split('\n') ?? [];
    return list.length > 0 && before.length > 1 && head === before[0] ? list.join('\n') : message;
  });

function tried(make: () => unknown, mistakes: UsageError[]): unknown {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    mistakes.push(error);
    return undefined;
  }
}
