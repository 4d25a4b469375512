/** `GET /models`: undocumented but live, without limits per entry; glm-api.md §1.2. */
import { models as table } from '../../core/wire/models.ts';
import { bodyReply, type Endpoint } from './endpoint.ts';

/** The models that were listed by now. */
export const models: Endpoint = ({ wallMs, config }) => {
  const listed = table.filter(({ listed = Number.POSITIVE_INFINITY }) => listed * 1000 <= wallMs);
  const data = listed.map(({ id, listed: created }) => ({ id, object: 'model', created, owned_by: 'z-ai' }));
  const extra = config.models
    .filter(id => id !== '*')
    .map(id => ({ id, object: 'model', created: data.at(-1)?.created, owned_by: 'z-ai' }));
  return bodyReply(JSON.stringify({ object: 'list', data: [...data, ...extra] }));
};
