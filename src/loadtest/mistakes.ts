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
  const lines = new Set(mistakes.map(({ message }) => message));
  throw new UsageError('bad_config', [...lines].join('\n'), { cause: first });
}

function tried(make: () => unknown, mistakes: UsageError[]): unknown {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    mistakes.push(error);
    return undefined;
  }
}
