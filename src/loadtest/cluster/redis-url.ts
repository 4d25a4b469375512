import { z } from 'zod';

export const redisUrl = z.url({ protocol: /^rediss?$/, error: 'is not a redis:// or rediss:// URL' });
