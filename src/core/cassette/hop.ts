/** Headers that belong to one connection (RFC 9110 §7.6.1): neither forwarded nor recorded, each side frames its own. */
const hop = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade'],
]);

export const isHop = (name: string): boolean => hop.has(name.toLowerCase());

/** A flat list of names and values as pairs. */
export const pairsOf = (flat: readonly string[]): [string, string][] =>
  flat.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, flat[i + 1] ?? '']] : []));
