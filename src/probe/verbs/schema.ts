/** `probe schema`: the file's JSON Schema, for editors. */
import { Command } from 'commander';
import type { Io } from '../../core/program.ts';
import { fileSchema } from '../validate.ts';

export const schemaCommand = (io: Io): Command =>
  new Command('schema')
    .description('print the JSON Schema of the file, for editors')
    .addHelpText(
      'after',
      '\nAn editor finds it by a first line in the file:\n  # yaml-language-server: $schema=./probe.schema.json\n\nExamples:\n  glm-testkit probe schema > probe.schema.json',
    )
    .action(() => io.out(`${JSON.stringify(fileSchema(), null, 2)}\n`));
