/** `npm run faults`: writes docs/faults.md. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { scenarios } from '../src/mock-server/scenarios/index.ts';
import { faultsPage } from '../src/mock-server/scenarios/page.ts';

const docs = new URL('../docs/', import.meta.url);
mkdirSync(docs, { recursive: true });
writeFileSync(new URL('faults.md', docs), faultsPage());
process.stdout.write(`docs/faults.md: ${scenarios.length} scenarios\n`);
