/** What a result must say of the machine it was measured on. No name of the host or the user. */
import { availableParallelism, cpus, release, totalmem } from 'node:os';

export const environment = () => ({
  node: process.version,
  os: `${process.platform} ${release()}`,
  arch: process.arch,
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memory_gib: Math.round(totalmem() / 2 ** 30),
});
