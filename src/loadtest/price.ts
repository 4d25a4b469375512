/** What tokens cost, as users write it. */
import { UsageError } from '../core/errors.ts';

/** @param text money per million input and output tokens, and the currency: `0.6/2.2 USD` @throws {UsageError} `bad_price` */
export function parsePrice(text: string) {
  const [, input = '', output = '', currency = ''] = /^\s*([\d.]+)\s*\/\s*([\d.]+)\s+(\S{1,8})\s*$/.exec(text) ?? [];
  const price = { input: Number(input), output: Number(output), currency };
  if (currency !== '' && Number.isFinite(price.input) && Number.isFinite(price.output)) return price;
  throw new UsageError(
    'bad_price',
    'is not a price; write input/output per million tokens and the currency: "0.6/2.2 USD"',
  );
}
