/** Debian's Alertmanager with the example config: which alert keeps quiet because another one fires. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

interface Case {
  readonly source: string;
  readonly target: string;
  /** Labels of the second alert that are not the first one's. */
  readonly other?: Readonly<Record<string, string>>;
  readonly quiet: boolean;
}

export const cases: readonly Case[] = [
  { source: 'GlmProbeDown', target: 'GlmProbeErrorBudgetBurnFast', quiet: true },
  { source: 'GlmProbeDown', target: 'GlmProbeErrorBudgetBurnSlow', quiet: true },
  { source: 'GlmProbeDown', target: 'GlmProbeDegraded', quiet: true },
  { source: 'GlmProbeDown', target: 'GlmProbeErrorBudgetBurnFast', other: { check: 'models' }, quiet: false },
  { source: 'GlmProbeDown', target: 'GlmProbeAccountBlocked', quiet: false },
  { source: 'GlmProbeErrorBudgetBurnFast', target: 'GlmProbeDown', quiet: false },
  { source: 'GlmProbeErrorBudgetBurnFast', target: 'GlmProbeErrorBudgetBurnSlow', quiet: true },
  {
    source: 'GlmProbeErrorBudgetBurnFast',
    target: 'GlmProbeErrorBudgetBurnSlow',
    other: { sli: 'stall' },
    quiet: false,
  },
  { source: 'GlmProbeAccountBlocked', target: 'GlmProbeUnknown', quiet: true },
  { source: 'GlmProbeStale', target: 'GlmProbeUnknown', other: { model: 'glm-5' }, quiet: false },
  { source: 'GlmProbeBudgetSpent', target: 'GlmProbeStale', quiet: true },
  { source: 'GlmProbeOffline', target: 'GlmProbeStale', other: { check: 'models' }, quiet: true },
  { source: 'GlmProbeOffline', target: 'GlmProbeStale', other: { instance: 'b' }, quiet: false },
  { source: 'GlmProbeAbsent', target: 'GlmProbeGone', quiet: true },
];

interface Alertmanager {
  readonly url: string;
  close(): Promise<void>;
}

/** @returns what came out otherwise than the table says; @param storage an empty folder */
export async function inhibitionMistakes(config: string, storage: string): Promise<string[]> {
  const { url, close } = await start(config, storage);
  try {
    const mistakes: string[] = [];
    for (const [at, one] of cases.entries())
      if ((await isQuiet(url, at, one)) !== one.quiet)
        mistakes.push(`${one.source} and ${one.target} ${JSON.stringify(one.other ?? {})}`);
    return mistakes;
  } finally {
    await close();
  }
}

async function start(config: string, storage: string): Promise<Alertmanager> {
  const child = spawn('prometheus-alertmanager', [
    ...[`--config.file=${config}`, `--storage.path=${storage}`],
    ...['--web.listen-address=127.0.0.1:0', '--cluster.listen-address='],
  ]);
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  let said = '';
  for await (const line of createInterface({ input: child.stderr })) {
    said += `${line}\n`;
    const [, address] = /msg="Listening on" address=(\S+)/.exec(line) ?? [];
    if (address === undefined) continue;
    child.stderr.resume();
    const close = () => {
      child.kill();
      return ended;
    };
    return { url: `http://${address}/api/v2/alerts`, close };
  }
  throw new Error(`alertmanager ended: ${said}`);
}

/** A target of its own for every case, so that none sees another's alerts; those without a target see only theirs. */
async function isQuiet(url: string, at: number, { source, target, other = {} }: Case): Promise<boolean> {
  const shared = { job: 'probe', instance: `a${at}`, target: `t${at}`, check: 'chat', model: 'glm-4.6', sli: 'ttfot' };
  const quiet = { ...shared, ...other, alertname: target };
  await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ labels: { ...shared, alertname: source } }, { labels: quiet }]),
  });
  const filter = Object.entries(quiet).map(([label, value]) => `filter=${encodeURIComponent(`${label}="${value}"`)}`);
  const [found] = (await (await fetch(`${url}?${filter.join('&')}`)).json()) as { status: { inhibitedBy: string[] } }[];
  if (found === undefined) throw new Error(`alertmanager does not know ${target}`);
  return found.status.inhibitedBy.length > 0;
}
