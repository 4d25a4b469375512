/** What needs Debian's Prometheus and Alertmanager, and time to watch alerts come and go: `npm run test:drill`. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['test/prometheus/{drill,by-hand}.test.ts'], testTimeout: 150_000 },
});
