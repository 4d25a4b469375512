/** Debian's tools as functions. They are found on PATH, or the name of the package is said. */
import { execFile } from 'node:child_process';

export interface Said {
  readonly ok: boolean;
  /** Both outputs, one after the other. */
  readonly text: string;
}

/** @param input standard input */
export function tool(name: 'promtool' | 'amtool', args: readonly string[], input = ''): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = execFile(name, args, { maxBuffer: 64 * 1024 * 1024 }, (error, out, err) => {
      if (error?.code === 'ENOENT') reject(new Error(`${name} is not installed: apt-get install ${packages[name]}`));
      else resolve({ ok: error === null, text: out + err });
    });
    child.stdin?.end(input);
  });
}

const packages = { promtool: 'prometheus', amtool: 'prometheus-alertmanager' } as const;
