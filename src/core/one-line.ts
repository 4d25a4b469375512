/**
 * Text that somebody else wrote, fit for one line of a terminal or a log: whatever could move the cursor, colour what
 * follows, break the line or turn its direction becomes `�`. The rest stays as it is, whatever its script.
 */
export const oneLine = (text: string): string => text.replace(unfit, '�');

/** Control characters, halves of surrogate pairs, separators of lines, marks of direction, and the byte order mark. */
const unfit = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** The same for text of several lines, which it keeps. */
export const plainLines = (text: string): string => text.split('\n').map(oneLine).join('\n');
