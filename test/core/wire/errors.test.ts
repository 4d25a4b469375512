/** The facts are copied from glm-api.md §5.3 (wire text where recorded, else the vendor's page) and §5.5. */
import { expect, test } from 'vitest';
import { domainOf, endings, retryOf } from '../../../src/core/outcome.ts';
import { businessCode, businessCodes, messageOf, variants } from '../../../src/core/wire/errors.ts';

const values: Readonly<Record<string, string>> = {
  method: 'sync',
  field: 'messages',
  field1: 'top_p',
  field2: 'temperature',
  api: 'chat',
  request_id: 'r-1',
  id: '202610100059289eaf12897ff84528',
  error_id: '20260521092139debf4436b746436c',
  number: '5',
  unit: 'hour',
  next_flush_time: '2026-01-16 06:12:24',
  model_name: 'glm-5',
};

test.each([
  ['401', 401],
  ['500', 500],
  ['1000', 401],
  ['1001', 401],
  ['1002', 401],
  ['1003', 401],
  ['1005', 401],
  ['1113', 429],
  ['1200', 500],
  ['1210', 400],
  ['1211', 400],
  ['1212', 400],
  ['1213', 400],
  ['1214', 400],
  ['1215', 400],
  ['1220', 403],
  ['1221', 400],
  ['1222', 400],
  ['1230', 500],
  ['1233', 400],
  ['1234', 500],
  ['1261', 400],
  ['1301', 400],
  ['1302', 429],
  ['1305', 429],
  ['1308', 429],
  ['1309', 429],
  ['1310', 429],
  ['1311', 429],
  ['1313', 429],
  ['1314', 429],
  ['1315', 429],
  ['1316', 429],
  ['1317', 429],
  ['1318', 429],
  ['1319', 429],
  ['1320', 429],
  ['1321', 429],
])('code %s comes with HTTP %d', (code, http) => {
  expect(businessCode(code)?.http).toBe(http);
});

test.each(['1004', '1100', '1110', '1111', '1112', '1120', '1121', '1231', '1300', '1303', '1304', '1312', '-1'])(
  'code %s of older tables is still known',
  code => {
    expect(businessCode(code)).toBeDefined();
  },
);

test.each([
  ['401', '令牌已过期或验证不正确'],
  ['500', '内部错误'],
  ['1000', '身份验证失败。'],
  ['1001', 'Header中未收到Authorization参数，无法进行身份验证。'],
  ['1002', 'Authorization Token非法，请确认Authorization Token正确传递。'],
  ['1003', 'Authentication Token 已过期，请重新生成/获取'],
  ['1005', '已开启二次认证保护，需要二次认证登录。'],
  ['1113', '余额不足或无可用资源包,请充值。'],
  ['1200', 'API 调用失败'],
  ['1210', 'API调用参数有误，请检查文档。'],
  ['1211', '模型不存在，请检查模型代码。'],
  ['1212', '当前模型不支持 sync 调用方式'],
  ['1214', 'messages 参数非法。请检查文档。'],
  ['1215', 'top_p 与 temperature 不能同时设置，请检查文档'],
  ['1220', '您无权访问 chat'],
  ['1221', 'API chat 已下线'],
  ['1222', 'API chat 不存在'],
  ['1230', 'API 调用流程出错'],
  ['1231', '您已有请求：r-1'],
  ['1233', '任务：202610100059289eaf12897ff84528不存在。'],
  ['1234', '网络错误，错误id：20260521092139debf4436b746436c，请稍后重试'],
  ['1261', 'Prompt exceeds max length'],
  ['1301', '系统检测到输入或生成内容可能包含不安全或敏感内容，请您避免输入易产生敏感内容的提示语，感谢您的配合。'],
  ['1302', '您的账户已达到速率限制，请您控制请求频率'],
  ['1305', '该模型当前访问量过大，请您稍后再试'],
  ['1308', '已达到 5 hour 的使用上限。您的限额将在 2026-01-16 06:12:24 重置'],
  ['1309', '您的 GLM Coding Plan 套餐已到期，暂无法使用，前往官方续订后即可恢复 https://bigmodel.cn/claude-code'],
  ['1310', '您已达到每周/每月使用上限，您的限额将在 2026-01-16 06:12:24 重置'],
  ['1311', '当前订阅套餐暂未开放glm-5权限'],
  ['1312', '该模型当前访问量过大，请您稍后再试，或切换其他模型如 glm-5 等'],
  [
    '1313',
    '您的账户当前使用模式不符合公平使用策略，请求频率已受到限制。详情请参阅《条款与协议-订阅及自动续费协议》，如需恢复请前往个人中心-编程套餐总览-顶部申请解除限制',
  ],
  ['1314', '您的企业套餐已失效，请联系企业管理员。'],
  ['1315', '该 API Key 仅限企业编程套餐场景使用，请到官网更换对应产品类型的 API Key'],
  ['1316', '已达到 5 小时使用上限。主账号余额不足，无法使用超额按量付费。您的限额将在 2026-01-16 06:12:24 重置。'],
  ['1317', '已达到 7 天使用上限。主账号余额不足，无法使用超额按量付费。您的限额将在 2026-01-16 06:12:24 重置。'],
])('code %s says %s', (code, text) => {
  expect(messageOf(code, 'zh', values)).toBe(text);
});

test.each([
  ['401', 'token expired or incorrect'],
  ['500', 'Internal Error'],
  ['1000', 'Authentication Failed'],
  ['1001', 'Authentication parameter not received in Header, unable to authenticate'],
  ['1003', 'Authentication Token expired, please regenerate/obtain'],
  ['1113', 'Insufficient balance or no resource package. Please recharge.'],
  ['1200', 'API Call Error'],
  ['1211', 'Unknown Model, please check the model code.'],
  ['1212', 'Current model does not support sync call method'],
  ['1213', 'messages parameter not received properly'],
  ['1214', 'The messages parameter is illegal. Please check the documentation.'],
  ['1220', 'You do not have permission to access chat'],
  ['1230', 'API call process error'],
  ['1261', 'Prompt exceeds max length'],
  ['1302', 'Rate limit reached for requests'],
  ['1305', 'The service may be temporarily overloaded, please try again later'],
  ['1308', 'Usage limit reached for 5 hour. Your limit will reset at 2026-01-16 06:12:24'],
  ['1310', 'Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-01-16 06:12:24'],
  ['-1', 'Internal error'],
])('code %s says %s in English', (code, text) => {
  expect(messageOf(code, 'en', values)).toBe(text);
});

test('1213 names the field without a blank around it in Chinese', () => {
  expect(messageOf('1213', 'zh', { field: 'prompt' })).toBe('未正常接收到prompt参数。');
});

test('codes begin as recorded where only the beginning is', () => {
  expect(messageOf('1210', 'en')).toMatch(/^Invalid API parameter/);
  expect(messageOf('1301', 'en')).toMatch(
    /^System detected potentially unsafe or sensitive content in input or generation\. /,
  );
  expect(messageOf('1215', 'en', values)).toContain('cannot be set simultaneously');
  expect(messageOf('1221', 'en', values)).toContain('has been taken offline');
  expect(messageOf('1222', 'en', values)).toContain('does not exist');
  expect(messageOf('1303', 'zh')).toContain('频率过高');
  expect(messageOf('1304', 'zh')).toContain('该 API 已达今日调用次数限额');
  for (const code of ['1318', '1319']) expect(messageOf(code, 'zh', values)).toContain('且已达子账号月消费上限');
  for (const code of ['1320', '1321']) expect(messageOf(code, 'zh', values)).toContain('且已达企业级月消费上限');
});

test('every code is there once, with a reason that exists and an HTTP status of an error', () => {
  expect(new Set(businessCodes.map(row => row.code)).size).toBe(businessCodes.length);
  for (const { code, http, reason, zh, en } of businessCodes) {
    expect(code).toMatch(/^-?\d+$/);
    expect(http).toBeGreaterThanOrEqual(400);
    expect(endings[reason], code).toBeDefined();
    expect(reason).not.toBe('ok');
    expect(zh && en).not.toBe('');
  }
});

test('both languages of a message need the same values', () => {
  const placeholders = (text: string) => [...new Set(text.match(/\{\w*\}/g))].sort();
  for (const { code, zh, en } of businessCodes) {
    expect(placeholders(en), code).toEqual(placeholders(zh));
    expect(zh + en).not.toContain('$');
  }
});

test.each([
  ['1302', 'account', 'backoff'],
  ['1303', 'account', 'backoff'],
  ['1305', 'provider', 'backoff'],
  ['1312', 'provider', 'backoff'],
  ['1234', 'provider', 'backoff'],
  ['500', 'provider', 'backoff'],
  ['1113', 'account', 'never'],
  ['1308', 'account', 'after_reset'],
  ['1310', 'account', 'after_reset'],
  ['1316', 'account', 'after_reset'],
  ['1000', 'account', 'never'],
  ['1003', 'account', 'never'],
  ['1311', 'account', 'never'],
  ['1210', 'client', 'never'],
  ['1211', 'client', 'never'],
  ['1214', 'client', 'never'],
  ['1261', 'client', 'never'],
  ['1301', 'client', 'never'],
])('code %s is the fault of the %s and is repeated: %s', (code, domain, retry) => {
  const reason = businessCode(code)?.reason ?? 'ok';
  expect([domainOf(reason), retryOf(reason)]).toEqual([domain, retry]);
});

test('a message without its values, or of a code that is not in the table, is our bug', () => {
  expect(() => messageOf('1308', 'en', { number: '5', unit: 'hour' })).toThrow(
    'message of 1308 needs a value for next_flush_time',
  );
  expect(() => messageOf('1214', 'zh')).toThrow('message of 1214 needs a value for field');
  expect(() => messageOf('9999', 'en')).toThrow('business code 9999 is not in the table');
  expect(businessCode('9999')).toBeUndefined();
});

test('a value is put in as it is, also when it looks like a placeholder or a pattern', () => {
  expect(messageOf('1214', 'zh', { field: '{field1} $& $1' })).toBe('{field1} $& $1 参数非法。请检查文档。');
});

test('the recorded variants of 1210 and 1214 are word for word', () => {
  expect(variants.range.zh('max_tokens', 1, 98_304)).toBe('max_tokens参数非法：限制数值范围[1,98304]');
  expect(variants.range.zh('temperature', '0.0', '1.0')).toBe('temperature参数非法：限制数值范围[0.0,1.0]');
  expect(variants.alwaysThinks.zh).toBe('该模型始终思考，不支持关闭思考；请使用 low、high 或 max。');
  expect(variants.alwaysThinks.en).toBe(
    'This model always engages in thinking and cannot be disabled; please use low, high, or max',
  );
  expect(variants.badImage.zh).toBe('图片输入格式/解析错误');
  expect(variants.badVideo.zh).toBe('视频输入格式/解析错误');
  expect(variants.role).toEqual({ zh: '角色信息不正确', en: 'Incorrect role information' });
});
