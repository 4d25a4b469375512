/**
 * The vendor's business codes as data: HTTP status, texts in both languages, and the reason each one stands for.
 * Source: glm-api.md §5.3 (current table), §5.5 (wire variants). Where the wire and the vendor's page differ, the
 * wire's text is used. `zh`/`en` may hold `{name}` placeholders.
 */
import type { Reason } from '../outcome.ts';

/** How well a fact is known: recorded on the wire, documented, read in a client's source, derived, or guessed. */
export type Mark = 'R' | 'D' | 'S' | 'X' | 'G';

export interface BusinessCode {
  readonly code: string;
  readonly http: number;
  readonly zh: string;
  readonly en: string;
  readonly reason: Reason;
  readonly mark: Mark;
}

const row = (code: string, http: number, reason: Reason, mark: Mark, zh: string, en: string): BusinessCode => ({
  code,
  http,
  reason,
  mark,
  zh,
  en,
});

/** All codes that the service is known to send, or to have sent. */
export const businessCodes: readonly BusinessCode[] = [
  row('401', 401, 'auth', 'R', '令牌已过期或验证不正确', 'token expired or incorrect'),
  row('500', 500, 'server_error', 'D', '内部错误', 'Internal Error'),
  row('1000', 401, 'auth', 'R', '身份验证失败。', 'Authentication Failed'),
  row(
    '1001',
    401,
    'auth',
    'R',
    'Header中未收到Authorization参数，无法进行身份验证。',
    'Authentication parameter not received in Header, unable to authenticate',
  ),
  row(
    '1002',
    401,
    'auth',
    'D',
    'Authorization Token非法，请确认Authorization Token正确传递。',
    'Authorization Token is illegal, please check that it is passed correctly',
  ),
  row(
    '1003',
    401,
    'token_expired',
    'D',
    'Authentication Token 已过期，请重新生成/获取',
    'Authentication Token expired, please regenerate/obtain',
  ),
  row(
    '1004',
    401,
    'auth',
    'D',
    '通过提供的Authorization Token无法进行身份验证',
    'Authentication failed with the provided Authorization Token',
  ),
  row(
    '1005',
    401,
    'account_locked',
    'D',
    '已开启二次认证保护，需要二次认证登录。',
    'Two-factor authentication is enabled, please log in with a second factor',
  ),
  row('1100', 429, 'account_locked', 'G', '账户读写', 'Account Read/Write'),
  row('1110', 429, 'account_locked', 'G', '您的账户当前处于非活动状态', 'Your account is currently inactive'),
  row('1111', 429, 'account_locked', 'G', '您的账户不存在', 'Your account does not exist'),
  row('1112', 429, 'account_locked', 'G', '您的账户已被锁定，请联系客服解锁', 'Your account has been locked'),
  row(
    '1113',
    429,
    'balance_exhausted',
    'R',
    '余额不足或无可用资源包,请充值。',
    'Insufficient balance or no resource package. Please recharge.',
  ),
  row(
    '1120',
    500,
    'server_error',
    'G',
    '无法成功访问您的账户，请稍后重试',
    'Unable to access your account, try again later',
  ),
  row(
    '1121',
    429,
    'account_locked',
    'G',
    '账户存在违规行为，您的账号已被锁定',
    'Your account is locked for violations',
  ),
  row('1200', 500, 'server_error', 'D', 'API 调用失败', 'API Call Error'),
  row(
    '1210',
    400,
    'bad_request',
    'R',
    'API调用参数有误，请检查文档。',
    'Invalid API parameter, please check the documentation.',
  ),
  row(
    '1211',
    400,
    'model_unavailable',
    'R',
    '模型不存在，请检查模型代码。',
    'Unknown Model, please check the model code.',
  ),
  row(
    '1212',
    400,
    'bad_request',
    'D',
    '当前模型不支持 {method} 调用方式',
    'Current model does not support {method} call method',
  ),
  row('1213', 400, 'bad_request', 'R', '未正常接收到{field}参数。', '{field} parameter not received properly'),
  row(
    '1214',
    400,
    'bad_request',
    'R',
    '{field} 参数非法。请检查文档。',
    'The {field} parameter is illegal. Please check the documentation.',
  ),
  row(
    '1215',
    400,
    'bad_request',
    'D',
    '{field1} 与 {field2} 不能同时设置，请检查文档',
    '{field1} and {field2} cannot be set simultaneously, please check the documentation',
  ),
  row('1220', 403, 'no_permission', 'D', '您无权访问 {api}', 'You do not have permission to access {api}'),
  row('1221', 400, 'model_unavailable', 'D', 'API {api} 已下线', 'API {api} has been taken offline'),
  row('1222', 400, 'model_unavailable', 'D', 'API {api} 不存在', 'API {api} does not exist'),
  row('1230', 500, 'server_error', 'D', 'API 调用流程出错', 'API call process error'),
  row('1231', 400, 'duplicate_request_id', 'D', '您已有请求：{request_id}', 'You already have a request: {request_id}'),
  row('1233', 400, 'not_found', 'R', '任务：{id}不存在。', 'Task {id} does not exist.'),
  row(
    '1234',
    500,
    'server_error',
    'R',
    '网络错误，错误id：{error_id}，请稍后重试',
    'Network error, error id: {error_id}, please try again later',
  ),
  row('1261', 400, 'prompt_too_long', 'R', 'Prompt exceeds max length', 'Prompt exceeds max length'),
  row('1300', 400, 'content_filtered', 'G', 'API 调用被策略阻止', 'API call blocked by policy'),
  row(
    '1301',
    400,
    'content_filtered',
    'R',
    '系统检测到输入或生成内容可能包含不安全或敏感内容，请您避免输入易产生敏感内容的提示语，感谢您的配合。',
    'System detected potentially unsafe or sensitive content in input or generation. Please avoid using prompts that may generate sensitive content. Thank you for your cooperation.',
  ),
  row('1302', 429, 'rate_limited', 'R', '您的账户已达到速率限制，请您控制请求频率', 'Rate limit reached for requests'),
  row(
    '1303',
    429,
    'rate_limited',
    'D',
    '当前API请求频率过高，请降低频率，或联系客服增加限额。',
    'High frequency usage of this API, please reduce frequency or contact customer service to increase limits',
  ),
  row(
    '1304',
    429,
    'quota_exhausted',
    'D',
    '该 API 已达今日调用次数限额，如有更多需求，请联系客服购买',
    'Daily call limit for this API reached, contact customer service for more',
  ),
  row(
    '1305',
    429,
    'overloaded',
    'R',
    '该模型当前访问量过大，请您稍后再试',
    'The service may be temporarily overloaded, please try again later',
  ),
  row(
    '1308',
    429,
    'quota_exhausted',
    'R',
    '已达到 {number} {unit} 的使用上限。您的限额将在 {next_flush_time} 重置',
    'Usage limit reached for {number} {unit}. Your limit will reset at {next_flush_time}',
  ),
  row(
    '1309',
    429,
    'plan_expired',
    'D',
    '您的 GLM Coding Plan 套餐已到期，暂无法使用，前往官方续订后即可恢复 https://bigmodel.cn/claude-code',
    'Your GLM Coding Plan has expired and cannot be used, renew it to continue https://z.ai/subscribe',
  ),
  row(
    '1310',
    429,
    'quota_exhausted',
    'R',
    '您已达到每周/每月使用上限，您的限额将在 {next_flush_time} 重置',
    'Weekly/Monthly Limit Exhausted. Your limit will reset at {next_flush_time}',
  ),
  row(
    '1311',
    429,
    'no_permission',
    'D',
    '当前订阅套餐暂未开放{model_name}权限',
    'Your current subscription plan does not include {model_name}',
  ),
  row(
    '1312',
    429,
    'overloaded',
    'D',
    '该模型当前访问量过大，请您稍后再试，或切换其他模型如 {model_name} 等',
    'This model is under heavy load, please try again later or switch to another model such as {model_name}',
  ),
  row(
    '1313',
    429,
    'fair_use',
    'D',
    '您的账户当前使用模式不符合公平使用策略，请求频率已受到限制。详情请参阅《条款与协议-订阅及自动续费协议》，如需恢复请前往个人中心-编程套餐总览-顶部申请解除限制',
    'Your usage pattern does not comply with the fair use policy and your request rate has been limited',
  ),
  row(
    '1314',
    429,
    'plan_expired',
    'D',
    '您的企业套餐已失效，请联系企业管理员。',
    'Your enterprise plan is no longer valid, please contact your administrator.',
  ),
  row(
    '1315',
    429,
    'no_permission',
    'D',
    '该 API Key 仅限企业编程套餐场景使用，请到官网更换对应产品类型的 API Key',
    'This API Key is limited to the enterprise coding plan, please use a key of the matching product',
  ),
  ...exhaustedPlans(),
  row('-1', 500, 'server_error', 'S', '内部错误', 'Internal error'),
];

/** 1316–1321: a 5-hour or 7-day window is used up and there is no way to pay for more; §5.3. */
function exhaustedPlans(): BusinessCode[] {
  const reset = '您的限额将在 {next_flush_time} 重置。';
  const causes = [
    ['主账号余额不足', 'the main account has no balance'],
    ['主账号余额不足，且已达子账号月消费上限', 'the sub-account reached its monthly limit'],
    ['主账号余额不足，且已达企业级月消费上限', 'the enterprise reached its monthly limit'],
  ] as const;
  return causes.flatMap(([zh, en], i) =>
    (['5 小时', '7 天'] as const).map((window, j) =>
      row(
        String(1316 + 2 * i + j),
        429,
        'quota_exhausted',
        'D',
        `已达到 ${window}使用上限。${zh}，无法使用超额按量付费。${reset}`,
        `Usage limit reached for ${j === 0 ? '5 hours' : '7 days'}: ${en}. Your limit will reset at {next_flush_time}`,
      ),
    ),
  );
}

const byCode = new Map(businessCodes.map(entry => [entry.code, entry]));

/** The row of a business code, or undefined for a code the table does not know. */
export const businessCode = (code: string): BusinessCode | undefined => byCode.get(code);

export type Language = 'zh' | 'en';

/**
 * Writes a code's message in one language, placeholders filled in.
 * @throws {Error} when the code is not in the table, or a placeholder has no value: both are our bug.
 */
export function messageOf(code: string, language: Language, values: Readonly<Record<string, string>> = {}): string {
  const entry = byCode.get(code);
  if (entry === undefined) throw new Error(`business code ${code} is not in the table`);
  return entry[language].replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`message of ${code} needs a value for ${name}`);
    return value;
  });
}

/** Message variants that share a code with a generic text; glm-api.md §5.5. English ones marked G are guesses. */
export const variants = {
  range: {
    zh: (field: string, low: number | string, high: number | string) =>
      `${field}参数非法：限制数值范围[${low},${high}]`,
    en: (field: string, low: number | string, high: number | string) =>
      `The ${field} parameter is illegal: the value range is [${low},${high}]`,
  },
  alwaysThinks: {
    zh: '该模型始终思考，不支持关闭思考；请使用 low、high 或 max。',
    en: 'This model always engages in thinking and cannot be disabled; please use low, high, or max',
  },
  badImage: { zh: '图片输入格式/解析错误', en: 'Image input format or parsing error' },
  badVideo: { zh: '视频输入格式/解析错误', en: 'Video input format or parsing error' },
  role: { zh: '角色信息不正确', en: 'Incorrect role information' },
} as const;
