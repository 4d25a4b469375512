/** How many there are of something, as people read it. */

/** `1,204`. @param n a whole number */
export const thousands = (n: number) => n.toLocaleString('en-US');

/** `1 request`, `1,204 requests`. @param n a whole number @param noun one that takes an s */
export const counted = (n: number, noun: string) => `${thousands(n)} ${noun}${n === 1 ? '' : 's'}`;
