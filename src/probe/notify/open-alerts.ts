/** What people were told and is not over, check by check. */
import type { ProbeCheck } from '../plan.ts';
import type { Status } from '../status.ts';
import { type Alert, alertOf, openOf } from './alert.ts';
import type { Notifier } from './notifier.ts';

export interface OpenAlerts {
  /** Takes over what an earlier life of this program has told. */
  resume(check: ProbeCheck, status: Status): void;
  /** Tells what a status changed, if that is worth telling. */
  tell(check: ProbeCheck, status: Status): void;
}

export function createOpenAlerts(notifier: Pick<Notifier, 'resume' | 'tell'>): OpenAlerts {
  const open = new Map<string, Alert>();
  return {
    resume: (check, status) => {
      const told = openOf(status, check);
      if (told === undefined) return;
      open.set(check.id, told);
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
