/** Flags are config keys in another spelling: commander's `maxGap` of `--max-gap` is the key `max_gap`. */
export const configKeys = (flags: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(flags).map(([name, value]) => [name.replace(/[A-Z]/g, c => `_${c.toLowerCase()}`), value]),
  );
