/** One thing that is wrong with a file, where it stands, and how it is told. */
import type { Located, Path, Place } from './located.ts';

export interface Defect extends Place {
  readonly severity: 'error' | 'warning';
  /** Stable word for programs. */
  readonly code: DefectCode;
  /** `checks[0].interval` */
  readonly key: string;
  /** Continues a sentence that begins with the key. */
  readonly message: string;
}

export type DefectCode =
  | 'bad_yaml'
  | 'bad_value'
  | 'unknown_key'
  | 'unknown_name'
  | 'literal_secret'
  | 'missing_secret'
  | 'missing_file'
  | 'bad_certificate'
  | 'open_exporter'
  | 'no_model'
  | 'no_target'
  | 'bad_schedule'
  | 'interval_too_short'
  | 'crowded'
  | 'max_tokens_too_low'
  | 'threshold_not_a_bucket'
  | 'objective_too_fine'
  | 'over_budget'
  | 'no_budget'
  | 'no_price'
  | 'duplicate_id'
  | 'ambiguous_time'
  | 'bad_regex'
  | 'too_many_series';

/** `checks[0].kind` */
const keyOf = (path: Path): string =>
  path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at > 0 ? '.' : ''}${shown(String(step))}`))
    .join('');

/** A name of the file as the terminal may have it. */
const shown = (name: string) => (/\p{C}/u.test(name) ? JSON.stringify(name) : name).slice(0, 80);

export type Report = (
  code: DefectCode,
  path: Path,
  message: string,
  more?: { key?: boolean; warning?: boolean },
) => void;

export function reporter(located: Located, defects: Defect[]): Report {
  return (code, path, message, { key = false, warning = false } = {}) => {
    const place = key ? located.placeOfKey(path) : located.placeOf(path);
    defects.push({ severity: warning ? 'warning' : 'error', code, key: keyOf(path), message, ...place });
  };
}
