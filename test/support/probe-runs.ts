/** Finished runs of one check, for tests of what comes after them. */
import { domainOf } from '../../src/core/outcome.ts';
import { type ProbeRun, runVersion } from '../../src/probe/run.ts';
import { newStatus, type Status, statusAfter } from '../../src/probe/status.ts';

let count = 0;

/** A good run unless told otherwise; a reason makes it bad. */
export function runAt(started_at_ms: number, more: Partial<ProbeRun> = {}): ProbeRun {
  const [target = '', check = '', model = ''] = (more.id ?? 'home/chat_stream/glm-4.6').split('/');
  const { reason = null } = more;
  return {
    version: runVersion,
    run_id: `run-${++count}`,
    id: 'home/chat_stream/glm-4.6',
    ...{ target, check, model, kind: 'chat_stream', vantage: 'local', started_at_ms },
    state: reason === null ? 'good' : 'bad',
    reason,
    fault_domain: reason === null ? null : domainOf(reason),
    ...{
      cause: null,
      deadline: null,
      detail: reason === null ? null : `what ${reason} means`,
      skipped: null,
      warnings: [],
    },
    timing: {
      ...{ dns_ms: 1, tcp_ms: 2, tls_ms: 3, head_ms: 40, ttft_ms: 300, first_visible_token_ms: 320 },
      ...{ max_gap_ms: 30, gaps_ms: [20, 30], total_ms: 900, tokens_per_second: 40 },
    },
    usage: { prompt_tokens: 40, completion_tokens: 12, total_tokens: 52 },
    cost: null,
    calls: 1,
    ...{
      finish_reason: 'stop',
      http_status: 200,
      code: null,
      message: null,
      log_id: null,
      response_model: model,
      ...{ contract: null, used_up: null, connection: 'fresh' },
    },
    ...{ certificate_ends_at_ms: null, clock_skew_ms: 0, readings: {}, confirmations: [], cassette: null },
    log: ['      0.0 ms  opening a connection', 'good'],
    ...more,
  };
}

/** The entry that a run makes in the history. */
export const entryOf = (run: ProbeRun, before: Status = newStatus(0)) => {
  const status = statusAfter(before, run, run.state === 'bad' ? 'confirmed' : 'clear');
  return { run, repeats: [], status, changed: status.state !== before.state };
};
