/** Vitest with one mutation applied to a source file as it is loaded; the file itself is not touched. */
import { defineConfig } from 'vitest/config';
import { mutations } from './mutations.ts';

const number = process.env.GLM_MUTATION;
const mutation = number === undefined ? undefined : mutations[Number(number)];
const isMutated = (id: string) => mutation !== undefined && id.split('?')[0]?.endsWith(`/${mutation.file}`) === true;

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  plugins: [
    {
      name: 'mutation',
      enforce: 'pre',
      transform: (code: string, id: string) =>
        isMutated(id) ? code.replace(mutation?.find ?? '', () => mutation?.replace ?? '') : undefined,
      // Without it the next run would be handed what this one left in the cache.
      configureVitest: ({ defineCacheKeyGenerator }) =>
        defineCacheKeyGenerator(({ id }) => (isMutated(id) ? false : undefined)),
    },
  ],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/clients/**', 'test/conformance/ledger.test.ts'],
    pool: 'threads',
    isolate: false,
    fileParallelism: false,
    bail: 1,
    testTimeout: 15_000,
    fsModuleCache: true,
  },
});
