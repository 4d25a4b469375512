/** A key in a URL ends up in logs, proxies and histories. */
import { counted } from '../../../core/counted.ts';
import { numbersOf } from '../finding.ts';
import type { Rule } from '../view.ts';

export const keyInUrl: Rule = ({ entries }) => {
  const shown = entries.filter(entry => entry.keyInUrl);
  if (shown.length === 0) return [];
  return [
    {
      code: 'key_in_url',
      severity: 'fail',
      requests: numbersOf(shown),
      says: `a key was in the URL of ${counted(shown.length, 'request')}`,
      advice: 'send it in the Authorization header, and replace the key',
    },
  ];
};
