/** How wide text is in a terminal. */

/** Columns that a text takes: CJK two each, colours none. */
export const widthOf = (text: string) =>
  text.split(styles).reduce((sum, part, i) => sum + (i % 2 ? 0 : [...part].reduce((n, c) => n + cells(c), 0)), 0);

/** Columns that one character takes. */
export const cells = (character: string) =>
  isPlain(character) ? 1 : wide.test(character) ? 2 : none.test(character) ? 0 : 1;

/** Matches one style that colours text (a control character begins it), and keeps it when it splits. */
export const styles = /(\p{Cc}\[\d+m)/u;

/** Most are Latin or blocks of a drawing; the expressions cost ten times as much. */
const isPlain = (character: string) => character < '\u0300' || (character >= '\u2500' && character < '\u2600');

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u;
const none = /\p{Mn}|\p{Me}|\p{Cf}/u;
