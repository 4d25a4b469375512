import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Io } from '../../../src/core/program.ts';
import { agentCommand } from '../../../src/loadtest/commands/agent.ts';

const job = parse(readFileSync('deploy/kubernetes/load-agents.yaml', 'utf8'));
const pod = job.spec.template.spec;

test('a pod that dies is not replaced and takes no other agent with it', () => {
  const { completionMode, backoffLimitPerIndex, maxFailedIndexes, completions, backoffLimit } = job.spec;
  expect({ completionMode, backoffLimitPerIndex, backoffLimit }).toEqual({
    completionMode: 'Indexed',
    backoffLimitPerIndex: 0,
    backoffLimit: undefined,
  });
  expect([maxFailedIndexes, job.spec.parallelism]).toEqual([completions, completions]);
  expect(pod.restartPolicy).toBe('Never');
});

test('what a pod runs is a command that exists, with flags that it knows', () => {
  const [container] = pod.containers;
  const [program, room, verb, ...flags] = container.args;
  expect([program, room, verb]).toEqual(['glm-testkit', 'load', 'agent']);
  const agent = agentCommand({} as Io);
  expect(agent.parseOptions(flags)).toEqual({ operands: [], unknown: [] });
  expect(agent.opts()).toEqual({ redis: 'redis://redis:6379' });
});
