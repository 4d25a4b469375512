/** The flags of every verb that makes requests. Each is a key of the schema; defaults and checks live there. */
import type { Command } from 'commander';
import { driverNames } from '../drivers/index.ts';
import { dialectNames } from '../lens.ts';
import { onLimitNames } from '../policy.ts';

/** Where load goes and what it says. */
export const targetFlags = (command: Command): Command =>
  command
    .option('--config <file>', 'settings in YAML, by the names of these flags with underscores; flags win')
    .option('--url <base>', 'base URL, up to and without /chat/completions')
    .option('--model <id>', 'model to ask')
    .option('--stream', 'streamed answers (default)')
    .option('--no-stream', 'unary answers')
    .option('--prompt <text>', 'what to ask (default: a paragraph about the sea)')
    .option('--prompts <file>', 'JSONL: a prompt, messages or a whole request a line')
    .option('--shuffle', 'take the lines of --prompts in an order of the seed')
    .option(
      '--input-tokens <spread>',
      'made-up prompts of so many tokens: 200, uniform(50,400), normal(300,80), lognormal(300,0.5)',
    )
    .option('--output-tokens <spread>', 'limit of each answer, tokens, spread the same way')
    .option('--max-tokens <n>', 'limit of each answer, tokens (default: 128)')
    .option('--language <name>', 'of made-up prompts: en (default), zh, or the share of Chinese ones from 0 to 1')
    .option('--turns <n>', 'conversations of so many user messages')
    .option('--tools', 'offer tools in every request')
    .option('--thinking', 'let the model think (default: off where it can be)')
    .option('--temperature <t>', 'sampling temperature (default: the model’s own)')
    .option('--cache <how>', 'unique (default): nothing in common; shared-prefix; same: always the same prompt')
    .option('--prefix-tokens <n>', 'with shared-prefix: its length, tokens (default: 1024)')
    .option('--request-id', 'send a request_id that no other request has')
    .option('--user-id', 'send a user_id, another one for every conversation')
    .option('--timeout <duration>', 'for a whole call, such as 500ms, 30s, 2m (default: 120s)')
    .option('--idle <duration>', 'longest silence in a stream after its first token (default: 60s)')
    .option('--seed <n>', 'repeats an earlier run (default: a fresh one, printed)')
    .option('--driver <name>', `${driverNames.join(', ')} (default: the one that measures best)`)
    .option('--jwt', 'send JWTs signed with the key’s secret, renewed before they expire')
    .option('--api-key-file <file>', 'file that holds the API key, or several, one a line')
    .option('--ca <file>', 'PEM of a certificate authority to trust as well')
    .option('--yes-load-this-endpoint', 'the endpoint is not this machine, and I may load it')
    .option('--max-tokens-total <n>', 'never spend more tokens, prompts and answers together')
    .option('--max-cost <amount>', 'never spend more money; needs --price')
    .option('--price <text>', 'per million tokens, input/output and currency: "0.6/2.2 USD"');

/** How much load, and what becomes of the result. */
export const runFlags = (command: Command): Command =>
  command
    .option('-c, --concurrency <n>', 'requests under way at any time, or stages such as 30s:10,2m:50 (default: 10)')
    .option('--rate <n>', 'requests per second instead, or stages of them')
    .option('--arrival <law>', 'of a rate: constant, poisson (default) or gamma')
    .option('--shape <k>', 'of the gamma law: 1 is poisson, smaller is burstier (default: 1)')
    .option(
      '--trace <file>',
      'recorded moments instead: requests.ndjson, the mock’s journal, or lines with offset_ms, offset_s, or timestamp (ms; s, ms, µs or ns where it is since 1970; ISO 8601)',
    )
    .option('--speed <x>', 'play a trace x times as fast (default: 1)')
    .option('--scale <x>', 'thin (below 1) or multiply (above 1) a trace (default: 1)')
    .option('--max-in-flight <n>', 'of a rate or trace: requests beyond are shed and counted (default: 10000)')
    .option('-d, --duration <duration>', 'how long to start new ones (default: 10s)')
    .option('--warmup <duration>', 'requests started in this time are not measured (default: 0)')
    .option('--grace <duration>', 'for requests under way at the end (default: 30s)')
    .option('--max-requests <n>', 'never send more, warm-up included (default: no limit)')
    .option('--on-limit <what>', `about refusals: ${onLimitNames.join(', ')} (default: record)`)
    .option('--retries <n>', 'with backoff: attempts beyond the first (default: 5)')
    .option('--backoff <duration>', 'with backoff: longest first wait, doubling (default: 1s)')
    .option('--slo <limits>', 'what a good request keeps, such as ttft_content<800ms,tpot<50ms')
    .option('--threshold <gate>', 'such as ttft_content:p95<800ms, error_rate<1%, goodput>95%; repeatable', collect)
    .option('--calibrate', 'measure this machine’s own error before and after (default)')
    .option('--no-calibrate', 'do not measure it')
    .option('--workers <n>', 'processes that share the load on this machine (default: 1)')
    .option('--agents <n>', 'agents on other machines that share the load; needs --redis')
    .option('--redis <url>', 'where agents are found')
    .option('-o, --out <dir>', 'write result.json, requests.ndjson and report.html')
    .option('--ui', 'live view in the terminal')
    .option('--json', 'print the result as JSON')
    .option('--as <tool>', `show the figures by another tool’s definitions too: ${dialectNames.join(', ')}`)
    .option('--junit <file>', 'write the gates as JUnit XML')
    .option('--summary <file>', 'add a summary in Markdown, such as $GITHUB_STEP_SUMMARY')
    .option('--prom <file>', 'write metrics for the textfile collector at the end')
    .option('--metrics-port <port>', 'serve /metrics on 127.0.0.1 while running; 0 for any free one')
    .option('--push <url>', 'hand the metrics to a Pushgateway at the end');

const collect = (value: string, all: readonly string[] = []) => [...all, value];
