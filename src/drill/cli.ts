/** `glm-testkit drill`: plays faults, and sees that the right alert comes and goes. */
import { Command } from 'commander';
import { z } from 'zod';
import { baseUrl } from '../core/base-url.ts';
import { systemClock } from '../core/clock.ts';
import { checked, whole } from '../core/config.ts';
import { UsageError } from '../core/errors.ts';
import { exitCodes, type Io, stoppedByHangup } from '../core/program.ts';
import { configKeys } from '../core/spelling.ts';
import { chosenFaults } from './choice.ts';
import { isProven, jsonOf, listing, listingJson, tableOf } from './report.ts';
import { stageFor } from './stage.ts';
import { playAll } from './waves.ts';

const settings = z.strictObject({
  all: z.boolean().default(false),
  list: z.boolean().default(false),
  json: z.boolean().default(false),
  scale: whole(1, 60).optional(),
  prometheus_url: baseUrl.optional(),
  mock_url: baseUrl.optional(),
});

const notes = `
Starts mock, probe, Prometheus and Alertmanager on free ports of this machine, with the shipped rules and routes, only
faster. Nothing may fire while all is well. Then it plays the faults, waits until each one's alert reaches a webhook,
ends them, and waits until each alert is resolved. Needs Prometheus and Alertmanager on PATH.

With --prometheus-url it starts nothing: it plays one fault after the other on the mock that your prober watches, and
asks your Prometheus what fires, at the pace of your rules.

Exit 1: an alert did not come or did not clear, or a wrong one came.

Examples:
  glm-testkit drill
  glm-testkit drill truncated account-overdue --json
  glm-testkit drill overloaded --prometheus-url http://127.0.0.1:9090 --mock-url http://127.0.0.1:4010`;

export const command = (io: Io): Command =>
  new Command('drill')
    .description('play faults, and see that the right alert comes and goes')
    .argument('[fault...]', 'what to play (default: one fault for each fault domain)')
    .option('--all', 'play every fault')
    .option('--list', 'only show which faults there are')
    .option('--json', 'print one JSON object')
    .option('--scale <n>', 'how many times as short windows and intervals are (default 30)')
    .option('--prometheus-url <url>', 'a Prometheus that already runs, with your rules')
    .option('--mock-url <url>', 'the mock that your prober watches')
    .addHelpText('after', notes)
    .action((names: string[], flags: Record<string, unknown>) => drill(names, flags, io));

async function drill(names: readonly string[], flags: Record<string, unknown>, io: Io): Promise<void> {
  const given = checked(settings, configKeys(flags), 'options');
  if (given.list) return io.out(list(names, given));
  const { all, prometheus_url: prometheusUrl, mock_url: mockUrl, scale } = given;
  const chosen = chosenFaults(names, { all, attached: prometheusUrl !== undefined });
  const stage = stageFor(
    chosen,
    { prometheusUrl, mockUrl, scale },
    { path: io.env.PATH ?? '', env: io.env, clock: systemClock },
  );
  // Prometheus and Alertmanager only read their files again when a terminal is closed.
  const report = await playAll(stage, stoppedByHangup(io));
  io.out(given.json ? jsonOf(report) : tableOf(report));
  if (!isProven(report)) io.exitWith(exitCodes.failed);
}

function list(names: readonly string[], { json }: { readonly json: boolean }): string {
  if (names.length > 0) throw new UsageError('bad_faults', '--list shows every fault: name none beside it');
  return json ? listingJson() : listing();
}
