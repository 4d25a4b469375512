/** What the tests of the documents read in a page of Markdown. */

export interface Block {
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks in order. */
export const blocksOf = (page: string): Block[] =>
  [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({ language, text }));

/** The page without its fenced blocks. */
export const proseOf = (page: string) => page.replace(/^```\w*\n.*?^```$/gms, '');

/** Texts between backticks, outside of blocks. */
export const codeSpansOf = (page: string) => [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);

/** Levels and texts of the headings. */
export const headingsOf = (page: string) =>
  [...proseOf(page).matchAll(/^(#+) (.+)$/gm)].map(([, marks = '', text = '']) => ({ level: marks.length, text }));

/** Where GitHub lets a heading be linked to. */
export const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

/** Targets of the links, outside of blocks. */
export const linksOf = (page: string) =>
  [...proseOf(page).matchAll(/\[[^\]\n]*\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);

/** Rows of all tables, each a list of cells; headings and rules included. */
export const rowsOf = (page: string) =>
  [...proseOf(page).matchAll(/^\|(.+)\|$/gm)].map(([, row = '']) => row.split('|').map(cell => cell.trim()));

/** The lines of a shell block, continued lines joined and comments left out. */
export const commandsOf = ({ text }: Block): string[] =>
  text
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter(line => line.trim() !== '' && !line.trimStart().startsWith('#'));

/** A block without its comments, for comparing two languages. */
export const withoutComments = ({ language, text }: Block) =>
  `${language}\n${text.replace(/(^|\s)(\/\/|#) .*$/gm, '').replace(/[ \t]+$/gm, '')}`;

/** The words of a shell command; knows quotes and no more. */
export const wordsOf = (command: string) =>
  (command.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? []).map(word => word.replace(/['"]/g, ''));
