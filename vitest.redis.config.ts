/** What needs redis-server, and root for network namespaces: `npm run test:redis`. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['test/e2e/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 60_000 },
});
