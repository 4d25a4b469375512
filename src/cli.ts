#!/usr/bin/env node
/** The one command: a process that suits the verb, then the program. */
import { argumentsFor } from './nursery.ts';

const again = argumentsFor(process);
if (again === undefined) await import('./main.ts');
else process.execve?.(process.execPath, again, process.env);
