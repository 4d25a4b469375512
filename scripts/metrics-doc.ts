/** `npm run metrics`: writes docs/metrics.md. */
import { writeFileSync } from 'node:fs';
import { catalogue } from '../src/core/metrics.ts';
import { metricsPage } from './metrics/page.ts';

writeFileSync(new URL('../docs/metrics.md', import.meta.url), metricsPage());
process.stdout.write(`docs/metrics.md: ${Object.keys(catalogue).length} metrics\n`);
