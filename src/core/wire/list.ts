import { z } from 'zod';

/**
 * An array whose first wrong item ends the reading. `z.array` collects an issue for every item, and a body of millions
 * of wrong ones would take the memory of the process.
 */
export const list = <S extends z.ZodType>(item: S) =>
  z.array(z.unknown()).transform((values, context) => {
    const read: z.output<S>[] = [];
    for (const [index, value] of values.entries()) {
      const result = item.safeParse(value);
      if (!result.success) {
        const [issue] = result.error.issues;
        context.addIssue({
          code: 'custom',
          message: issue?.message ?? 'invalid',
          path: [index, ...(issue?.path ?? [])],
        });
        return z.NEVER;
      }
      read.push(result.data);
    }
    return read;
  });
