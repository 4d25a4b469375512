/** How a key of a schema is spelled where a user wrote it. */
export type Spell = (key: string) => string;

/** `max_gap` and `maxGap` are the flag `--max-gap`. */
export const asFlag: Spell = key => `--${key.replace(/[A-Z]/g, c => `-${c.toLowerCase()}`).replaceAll('_', '-')}`;

/** `maxGap` is the key `max_gap` of a file. */
export const asKey: Spell = key => key.replace(/[A-Z]/g, c => `_${c.toLowerCase()}`);

/** The other way: `max_gap`, in a file, is the schema's `maxGap`; so is `max-gap`. */
export const fromKey: Spell = key => key.replace(/[-_](\w)/g, (_, c: string) => c.toUpperCase());

/** Commander's flags as config keys: its `maxGap` of `--max-gap` is the key `max_gap`. */
export const configKeys = (flags: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(flags).map(([name, value]) => [asKey(name), value]));
