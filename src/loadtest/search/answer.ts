/** What a search came to, as data and in words, with its exit code. */
export interface Answer {
  readonly result: unknown;
  readonly text: string;
  readonly code: number;
}
