/** Checks spelled out before anything is read. */
import type { CheckConfig, ProbeConfig, Settings } from './config.ts';

/** A check spelled out without anything that has to be read: enough to doubt a config offline. */
export interface Outline {
  readonly id: string;
  readonly target: string;
  readonly check: string;
  readonly model: string;
  /** Its place in `checks`. */
  readonly index: number;
  readonly config: CheckConfig;
  readonly settings: Settings;
}

/** Every enabled check × target × model; targets and models that do not exist are left to `validate.ts`. */
export function outlinesOf(config: ProbeConfig): Outline[] {
  return config.checks.flatMap((check, index) => {
    if (!check.enabled) return [];
    return (check.targets ?? Object.keys(config.targets)).flatMap(target => {
      const settings = inherit(config.defaults, config.targets[target]?.defaults ?? {}, check);
      const name = check.name ?? check.kind;
      const models = settings.model === undefined ? [] : [settings.model].flat();
      return models.map(model => ({
        id: `${target}/${name}/${model}`,
        target,
        check: name,
        model,
        index,
        config: check,
        settings,
      }));
    });
  });
}

/** The nearest word wins, key by key also inside `deadlines`, `expect`, `warn`, `confirm` and `slo`. */
function inherit(...levels: readonly Settings[]): Settings {
  return levels.reduce((far, near) => {
    const { interval: _interval, cron: _cron, ...rest } = far;
    const rescheduled = near.interval !== undefined || near.cron !== undefined;
    return {
      ...(rescheduled ? rest : far),
      ...near,
      deadlines: { ...far.deadlines, ...near.deadlines },
      expect: { ...far.expect, ...near.expect },
      warn: { ...far.warn, ...near.warn },
      confirm: { ...far.confirm, ...near.confirm },
      slo: { ...far.slo, ...near.slo },
    };
  }, {});
}
