import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Chromium is not everywhere; npm run test:browser has these.
    exclude: [...configDefaults.exclude, 'test/browser/**'],
    testTimeout: 15_000,
  },
});
