/** What a generated reply says, before it is cut to a budget and dressed with ids. */

export interface DraftCall {
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
}

export interface Draft {
  /** Undefined: the model does not think about this one. */
  readonly reasoning: string | undefined;
  readonly content: string;
  readonly calls: readonly DraftCall[];
}
