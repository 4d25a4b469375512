/** What needs Chromium: `npm run test:browser`. */
import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['test/browser/**/*.test.ts'] } });
