/** The variables that clients read, set to the mock's own values for a while. */

/** What a variable holds. */
export type Held = 'apiKey' | 'baseUrl';

/**
 * Read by zai-sdk, zhipuai, LangChain, LiteLLM, zhipu-ai-provider and the openai clients. A real key left in one of
 * them would go into the mock's journal, or to the vendor.
 */
const known: Readonly<Record<string, Held>> = {
  GLM_API_KEY: 'apiKey',
  ZHIPUAI_API_KEY: 'apiKey',
  ZHIPU_API_KEY: 'apiKey',
  ZAI_API_KEY: 'apiKey',
  OPENAI_API_KEY: 'apiKey',
  GLM_BASE_URL: 'baseUrl',
  ZHIPUAI_BASE_URL: 'baseUrl',
  ZHIPUAI_API_BASE: 'baseUrl',
  ZAI_BASE_URL: 'baseUrl',
  ZAI_API_BASE: 'baseUrl',
  OPENAI_BASE_URL: 'baseUrl',
  OPENAI_API_BASE: 'baseUrl',
};

/**
 * Sets the known variables and those of `more`; what is returned puts everything back.
 * @param env where they are set
 */
export function replaceEnvironment(
  mock: Readonly<Record<Held, string>>,
  more: Readonly<Record<string, Held>>,
  env: NodeJS.ProcessEnv,
): () => void {
  const wanted = Object.entries({ ...known, ...more });
  const before = wanted.map(([name]) => [name, env[name]] as const);
  for (const [name, held] of wanted) env[name] = mock[held];
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete env[name];
      else env[name] = value;
    }
  };
}
