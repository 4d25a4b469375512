/** CPU time from /proc, in ms, so that a measurement can tell whose the machine was. Zeros where there is none. */
import { existsSync, readFileSync } from 'node:fs';

const msPerTick = 10;

/** What a process has used since it began. */
export function cpuOf(pid: number): number {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return 0;
  const fields = readFileSync(path, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * msPerTick;
}

/** What all cores together have been busy, and what the host took from them. */
export function machineCpuMs(): number {
  if (!existsSync('/proc/stat')) return 0;
  const [, ...fields] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').split(/\s+/).map(Number);
  const [user = 0, nice = 0, system = 0, _idle, _wait, irq = 0, softIrq = 0, steal = 0] = fields;
  return (user + nice + system + irq + softIrq + steal) * msPerTick;
}
