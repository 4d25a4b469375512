import { expect, test } from 'vitest';
import { proxyFor } from '../../src/core/proxy.ts';

const https = 'https://api.z.ai/api/paas/v4';
const proxy = 'http://proxy:3128';

test.each<[string, Record<string, string>, string, string | undefined]>([
  ['none', {}, https, undefined],
  ['for https', { HTTPS_PROXY: proxy }, https, proxy],
  ['in lower case', { https_proxy: proxy }, https, proxy],
  ['lower case before upper case', { https_proxy: proxy, HTTPS_PROXY: 'http://other' }, https, proxy],
  ['empty', { HTTPS_PROXY: ' ' }, https, undefined],
  ['for http only', { HTTP_PROXY: proxy }, https, undefined],
  ['for http', { HTTP_PROXY: proxy }, 'http://gateway/v4', proxy],
  ['for all', { ALL_PROXY: proxy }, https, proxy],
  ['not for a name', { HTTPS_PROXY: proxy, NO_PROXY: 'example.com, api.z.ai' }, https, undefined],
  ['not below a name', { HTTPS_PROXY: proxy, NO_PROXY: '.z.ai' }, https, undefined],
  ['not for what ends alike', { HTTPS_PROXY: proxy, NO_PROXY: 'pi.z.ai' }, https, proxy],
  ['not for another port', { HTTPS_PROXY: proxy, NO_PROXY: 'z.ai:8443' }, https, proxy],
  ['not for this port', { HTTPS_PROXY: proxy, NO_PROXY: 'z.ai:443' }, https, undefined],
  ['for nothing', { HTTPS_PROXY: proxy, NO_PROXY: '*' }, https, undefined],
  ['never for the loopback', { HTTP_PROXY: proxy }, 'http://127.0.0.1:4010/v4', undefined],
  ['never for the loopback by name', { HTTP_PROXY: proxy }, 'http://localhost:4010/v4', undefined],
  ['never for the loopback of IPv6', { HTTP_PROXY: proxy }, 'http://[::1]:4010/v4', undefined],
])('a proxy %s', (_name, env, url, expected) => {
  expect(proxyFor(url, env)).toBe(expected);
});
