/** `npm run faults`: writes docs/faults.md. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { scenarios } from '../src/mock-server/scenarios/index.ts';
import { faultsPage } from '../src/mock-server/scenarios/page.ts';

const docs = new URL('../docs/', import.meta.url);
mkdirSync(docs, { recursive: true });
const clients = JSON.parse(readFileSync(new URL('../test/clients/javascript/faults.json', import.meta.url), 'utf8'));
writeFileSync(new URL('faults.md', docs), faultsPage(clients));
process.stdout.write(`docs/faults.md: ${scenarios.length} scenarios\n`);
