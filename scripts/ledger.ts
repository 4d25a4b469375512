/** `npm run ledger`: writes docs/fidelity.md. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { ledger } from '../test/conformance/ledger.ts';
import { page } from '../test/conformance/page.ts';

const docs = new URL('../docs/', import.meta.url);
mkdirSync(docs, { recursive: true });
writeFileSync(new URL('fidelity.md', docs), page(ledger));
process.stdout.write(`docs/fidelity.md: ${ledger.length} facts\n`);
