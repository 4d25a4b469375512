/** Prometheus and Alertmanager of the drill's own, with the shipped rules and routes, only faster. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { Backstage } from './backstage.ts';
import type { Child } from './children.ts';
import { scaledRouting, scaledRules, shorter } from './scale.ts';

/** Beside `src` and beside `dist` alike. */
const shipped = fileURLToPath(new URL('../../dashboards/', import.meta.url));

/** @returns its URL */
export function startAlertmanager(receiverUrl: string, { children, programs, scale, env }: Backstage): Promise<string> {
  const config = join(children.folder, 'alertmanager.yml');
  const example = readFileSync(join(shipped, 'alertmanager/alertmanager.yml'), 'utf8');
  writeFileSync(config, scaledRouting(example, scale, receiverUrl));
  const command = [
    programs.alertmanager,
    `--config.file=${config}`,
    `--storage.path=${join(children.folder, 'alerts')}`,
    '--web.listen-address=127.0.0.1:0',
    '--cluster.listen-address=',
  ];
  return addressOf(children.start('alertmanager', command, env));
}

/** Both write where they listen, with the port that they were given. */
const addressOf = async (child: Child) => `http://${(await child.says(/msg="Listening on".* address=(\S+)/))[1]}`;

/** Something to scrape. */
export interface Job {
  readonly name: string;
  readonly url: string;
}

export interface Watched {
  readonly jobs: readonly Job[];
  readonly alertmanagerUrl: string;
}

/** @returns its URL, once it answers */
export async function startPrometheus(
  watched: Watched,
  { children, programs, scale, env }: Backstage,
): Promise<string> {
  writeRules(children.folder, scale);
  const config = join(children.folder, 'prometheus.yml');
  writeFileSync(config, stringify(configOf(watched, scale)));
  const command = [
    programs.prometheus,
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(children.folder, 'tsdb')}`,
    '--web.listen-address=127.0.0.1:0',
    `--query.lookback-delta=${shorter('5m', scale)}`,
    `--rules.alert.resend-delay=${shorter('1m', scale)}`,
  ];
  const child = children.start('prometheus', command, env);
  const url = await addressOf(child);
  await child.says(/Server is ready/);
  return url;
}

function writeRules(folder: string, scale: number): void {
  const rules = join(shipped, 'rules');
  for (const name of readdirSync(rules).filter(name => name.endsWith('.yml')))
    writeFileSync(join(folder, `rules-${name}`), scaledRules(readFileSync(join(rules, name), 'utf8'), scale));
}

function configOf({ jobs, alertmanagerUrl }: Watched, scale: number) {
  const often = shorter('15s', scale);
  const targets = (url: string) => [{ targets: [new URL(url).host] }];
  return {
    global: { scrape_interval: often, scrape_timeout: often, evaluation_interval: often },
    rule_files: ['rules-*.yml'],
    alerting: { alertmanagers: [{ static_configs: targets(alertmanagerUrl) }] },
    scrape_configs: jobs.map(({ name, url }) => ({ job_name: name, static_configs: targets(url) })),
  };
}
