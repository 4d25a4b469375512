/**
 * For `node --import` under `chrt`: puts the main thread before V8's helpers, which have inherited its priority. Among equals
 * a helper that compiles or marks would be let finish first, and a read would wait for it for milliseconds.
 */
import { spawnSync } from 'node:child_process';

spawnSync('chrt', ['-f', '-p', '2', String(process.pid)]);
