import { execFile } from 'node:child_process';
import { expect, test } from 'vitest';

test('under node:test the same holds', async () => {
  const said = await new Promise<string>(resolve => {
    const args = ['--test', '--test-reporter=tap', `${import.meta.dirname}/sample.node-test.ts`];
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    execFile(process.execPath, args, { env }, (_error, out) => resolve(out));
  });
  const verdicts = said.match(/^ *(not )?ok \d+ - [a-z ]+$/gm)?.map(line => line.trim().replace(/ \d+ -/, ''));
  expect(verdicts).toEqual([
    'ok asks the mock',
    'ok begins with nothing',
    'ok a group',
    'not ok fails for what nobody prepared',
    'not ok fails for a call to the vendor',
  ]);
  expect(said).toContain('mock_no_fixture');
  expect(said).toContain('refused to connect to open.bigmodel.cn');
});
