/** The business codes that refuse for want of room, money or time; each is a label of its own. */
import { businessCodes } from '../core/wire/errors.ts';

export const limitCodes: readonly string[] = businessCodes.filter(({ http }) => http === 429).map(({ code }) => code);
