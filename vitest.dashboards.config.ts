/** What needs Debian's Prometheus: `npm run test:dashboards`. */
import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['test/prometheus/dashboards.test.ts'], testTimeout: 30_000 } });
