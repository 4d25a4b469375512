/** Ninety days of three services, for whoever looks at the page: an outage, a slow week, an empty account, a blind weekend. */
import { createRandom } from '../../src/core/random.ts';
import type { History } from '../../src/probe/history.ts';
import type { OverviewSource } from '../../src/probe/overview.ts';
import type { ProbeRun } from '../../src/probe/run.ts';
import { newStatus, type Status, statusAfter } from '../../src/probe/status.ts';
import { fileOf, planFor } from './probe.ts';
import { runAt } from './probe-runs.ts';

const hour = 3_600_000;
const day = 24 * hour;

type Story = (daysAgo: number, luck: number) => Partial<ProbeRun>;

const stories: readonly Story[] = [
  ago => (ago > 40.2 && ago < 40.5 ? { reason: 'overloaded' } : ago > 12 && ago < 14 ? { state: 'unknown' } : {}),
  (ago, luck) =>
    ago < 0.09
      ? { reason: 'stalled', detail: 'silent for 15 s after 3 events <script>alert(1)</script>' }
      : luck < 0.01
        ? { reason: 'reset' }
        : ago < 0.5
          ? { warnings: [{ kind: 'ttft', detail: 'first token after 2.4 s, at most 2 s expected' }] }
          : {},
  ago => (ago < 1.3 ? { reason: 'balance_exhausted' } : ago > 60 ? { state: 'skipped', skipped: 'maintenance' } : {}),
];

/** Writes the story into a history and gives what the page is made of. */
export async function tell(history: History, nowMs: number, everyMs = hour / 2): Promise<OverviewSource> {
  const random = createRandom('story');
  const plan = await planFor(
    fileOf('https://open.bigmodel.cn/api/paas/v4', [{ kind: 'chat_stream' }, { kind: 'tool_call' }], {
      defaults: { model: ['glm-4.6', 'glm-4.5-air'], interval: '30m', jitter: '0%' },
    }),
  );
  const checks = plan.checks.slice(0, 3);
  const statuses = new Map<string, Status>();
  for (const [at, check] of checks.entries()) {
    let status = newStatus(nowMs - 90 * day);
    for (let ms = nowMs - 90 * day; ms <= nowMs; ms += everyMs) {
      const ago = (nowMs - ms) / day;
      if (at === 1 && ago > 75) continue;
      const speed = 250 + 200 * random() + (ago < 0.5 ? 1800 * (0.5 - ago) : 0);
      const timing = { ...runAt(0).timing, first_visible_token_ms: speed };
      const run = runAt(ms, { id: check.id, timing, ...stories[at]?.(ago, random()) });
      const next = statusAfter(status, run, run.reason === 'reset' ? 'refuted' : 'confirmed');
      history.record({ run, repeats: [], status: next, changed: next.state !== status.state });
      status = next;
    }
    statuses.set(check.id, status);
  }
  return {
    plan: { ...plan, checks },
    history,
    statusOf: check => statuses.get(check.id) ?? newStatus(nowMs),
    nextOf: () => nowMs + 60_000,
    troubles: () => [],
  };
}
