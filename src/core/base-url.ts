import { z } from 'zod';

/** A config value for an endpoint, up to and without `/chat/completions`. Reports print it, so it must hold no secret. */
export const baseUrl = z
  .url({ protocol: /^https?$/, error: 'is not an http(s) URL' })
  .refine(withoutSecrets, 'must hold no user, password or query; the key comes from the environment or a file')
  .refine(text => !text.includes('#'), 'must hold no #')
  .refine(text => !/\/chat\/completions\/?$/.test(text), 'must end before /chat/completions, which is added');

function withoutSecrets(text: string): boolean {
  if (!URL.canParse(text)) return true;
  const { username, password, search } = new URL(text);
  return username === '' && password === '' && search === '';
}
