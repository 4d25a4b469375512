/** Every doubt there is. A new one is a function in this folder and a row in this list. */
import type { ProbeConfig } from '../config.ts';
import { type Defect, reporter } from '../defect.ts';
import { type Estimate, estimateOf } from '../estimate.ts';
import type { Located } from '../located.ts';
import { outlinesOf } from '../outline.ts';
import { expressions, floors } from './answers.ts';
import { channels, templates } from './channels.ts';
import { type Doubt, type Doubted, hasSchedule } from './doubt.ts';
import { maintenance } from './maintenance.ts';
import { budgets, prices, unaffordable, unbounded } from './money.ts';
import { identities, models, names, spellings } from './names.ts';
import { objectives, series } from './objectives.ts';
import { crowds, schedules } from './schedules.ts';
import { openness, sources } from './sources.ts';

const doubts: readonly Doubt[] = [
  names,
  identities,
  models,
  spellings,
  sources,
  openness,
  schedules,
  crowds,
  floors,
  expressions,
  objectives,
  series,
  maintenance,
  budgets,
  prices,
  unaffordable,
  unbounded,
  channels,
  templates,
];

export type Surroundings = Pick<Doubted, 'env' | 'nowMs' | 'fileExists' | 'sizeAt' | 'textAt' | 'allowOpen' | 'sealed'>;

export function doubtsOf(
  config: ProbeConfig,
  located: Located,
  around: Surroundings,
): { defects: Defect[]; estimates: Estimate[] } {
  const outlines = outlinesOf(config).filter(({ target }) => Object.hasOwn(config.targets, target));
  const estimates = outlines.filter(hasSchedule).map(outline => estimateOf(outline, config, around.nowMs));
  const defects: Defect[] = [];
  const report = reporter(located, defects);
  for (const doubt of doubts) doubt({ config, outlines, estimates, ...around }, report);
  return { defects, estimates };
}
