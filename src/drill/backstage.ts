/** What a stack starts its programs with: one folder, one pace, one environment. */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../core/clock.ts';
import type { Child, Children } from './children.ts';
import type { Programs } from './programs.ts';

export interface StackDoor {
  readonly programs: Programs;
  /** How many times as fast time goes. */
  readonly scale: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

export interface Backstage extends StackDoor {
  readonly children: Children;
}

/** Starts this very program. @param keys what its environment has besides */
export const startSelf = (
  name: string,
  args: readonly string[],
  { children, env }: Backstage,
  keys: Readonly<Record<string, string>> = {},
): Child => children.start(name, [process.execPath, ...self, ...args], { ...env, ...keys });

/** `cli.ts` beside `src/drill`, `cli.js` beside `dist/drill`. */
const self = [...process.execArgv, fileURLToPath(new URL(`../cli${extname(import.meta.url)}`, import.meta.url))];
