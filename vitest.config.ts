import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Chromium, Prometheus and redis-server are not everywhere; test:browser, test:dashboards and test:redis have these.
    exclude: [...configDefaults.exclude, 'test/browser/**', 'test/prometheus/**', 'test/e2e/**'],
    testTimeout: 15_000,
  },
});
