/** The model that a server names, as a label: it may send anything, and each new word would be a series for good. */
import { isModel } from '../core/wire/models.ts';

/** The name where it was asked for or is the vendor's, else `other`. */
export const modelLabel = (answered: string, asked: string): string =>
  answered === asked || isModel(answered) ? answered : 'other';
