/** Writes dashboards/*.json from scripts/dashboards: `npm run dashboards`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dashboardOf, textOf } from './dashboards/board.ts';
import { boards } from './dashboards/index.ts';

const folder = join(import.meta.dirname, '../dashboards');

mkdirSync(folder, { recursive: true });
for (const board of boards) writeFileSync(join(folder, `${board.name}.json`), textOf(dashboardOf(board)));
