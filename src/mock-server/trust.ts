/** Where clients find the generated certificate. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Writes a public certificate to a temporary folder of its own. @returns the file's path */
export function writeTrust(certificate: string, url: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'glm-testkit-'));
  const file = join(folder, `mock-${new URL(url).port}.pem`);
  writeFileSync(file, certificate);
  return file;
}

/** Takes back what `writeTrust` wrote. */
export const removeTrust = (file: string) => rmSync(dirname(file), { recursive: true, force: true });
