/** What people were told and is not over, check by check. */
import type { FaultDomain } from '../../core/outcome.ts';
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

interface Open {
  readonly alert: Alert;
  /** Whose fault it was said to be while it lasts. */
  readonly blamed: ReadonlySet<FaultDomain | null>;
}

/** @param toldOf what was told of a check and is not over, out of an earlier life */
export function createOpenAlerts(
  notifier: Pick<Notifier, 'resume' | 'tell'>,
  toldOf: (id: string) => Alert | undefined,
): OpenAlerts {
  const open = new Map<string, Open>();
  return {
    resume: id => {
      const told = toldOf(id);
      if (told === undefined) return;
      open.set(id, opened(told));
      notifier.resume(told);
    },
    tell: (check, status) => {
      const known = open.get(check.id);
      const alert = alertOf(known?.alert, status, check);
      if (alert === undefined || isToldAgain(alert, known)) return;
      if (alert.kind === 'recovered') open.delete(check.id);
      else open.set(check.id, opened(alert, known));
      notifier.tell(alert);
    },
  };
}

/** A service whose answers fail now in this way and now in that one does not send a message with each run. */
const isToldAgain = ({ kind, domain }: Alert, known: Open | undefined) =>
  kind === 'down' && known?.alert.kind === kind && known.blamed.has(domain);

const opened = (alert: Alert, known?: Open): Open => ({
  alert,
  blamed: new Set([...(known?.alert.kind === alert.kind ? known.blamed : []), alert.domain]),
});
