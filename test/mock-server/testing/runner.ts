/** A runner that is driven by hand, so that what useMock does around tests can be seen. */
import { type UsedMock, type UseMockOptions, useMock } from '../../../src/mock-server/testing/use-mock.ts';

export interface HandDriven {
  readonly mock: UsedMock;
  readonly env: NodeJS.ProcessEnv;
  readonly warnings: string[];
  start(): Promise<void>;
  /** One test with what runs around it; throws what fails it. */
  test(body?: () => unknown): Promise<void>;
  end(): Promise<void>;
}

export function handDriven(options: UseMockOptions = {}, env: NodeJS.ProcessEnv = {}): HandDriven {
  const steps: Record<string, () => unknown> = {};
  const hook = (name: string) => (step: () => unknown) => {
    steps[name] = step;
  };
  const warnings: string[] = [];
  const mock = useMock(
    {
      beforeAll: hook('beforeAll'),
      beforeEach: hook('beforeEach'),
      afterEach: hook('afterEach'),
      afterAll: hook('afterAll'),
      warn: sentence => warnings.push(sentence),
    },
    options,
    env,
  );
  return {
    mock,
    env,
    warnings,
    start: async () => void (await steps.beforeAll?.()),
    test: async (body = () => {}) => {
      steps.beforeEach?.();
      await body();
      steps.afterEach?.();
    },
    end: async () => void (await steps.afterAll?.()),
  };
}

/** Asks for a chat; the text of the answer, or of the error. */
export async function ask(
  { baseUrl, apiKey }: { baseUrl: string; apiKey: string },
  content = '你好',
  headers: Record<string, string> = {},
): Promise<string> {
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'glm-4.6', messages: [{ role: 'user', content }] }),
  });
  const body = (await response.json()) as { choices?: { message: { content: string } }[]; error?: { message: string } };
  return body.choices?.[0]?.message.content ?? body.error?.message ?? '';
}
