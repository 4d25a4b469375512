/** What people were told and is not over, check by check. */
import type { ProbeCheck } from '../plan.ts';
import type { Status } from '../status.ts';
import { type Alert, alertOf } from './alert.ts';
import type { Notifier } from './notifier.ts';

export interface OpenAlerts {
  /** Takes over what an earlier life of this program has told of a check. */
  resume(id: string): void;
  /** Tells what a status changed, if that is worth telling. */
  tell(check: ProbeCheck, status: Status): void;
}

/** @param toldOf what was told of a check and is not over, out of an earlier life */
export function createOpenAlerts(
  notifier: Pick<Notifier, 'resume' | 'tell'>,
  toldOf: (id: string) => Alert | undefined,
): OpenAlerts {
  const open = new Map<string, Alert>();
  return {
    resume: id => {
      const told = toldOf(id);
      if (told === undefined) return;
      open.set(id, told);
      notifier.resume(told);
    },
    tell: (check, status) => {
      const alert = alertOf(open.get(check.id), status, check);
      if (alert === undefined) return;
      if (alert.kind === 'recovered') open.delete(check.id);
      else open.set(check.id, alert);
      notifier.tell(alert);
    },
  };
}
