#!/usr/bin/env node
/** The command as it is installed. Says plainly that a Node is too old, before anything is imported that such a Node cannot read. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 19)) await import('./cli.ts');
else {
  process.stderr.write(`error: glm-testkit needs Node >= 22.19, and this is ${process.versions.node}\n`);
  process.exitCode = 2;
}

export {};
