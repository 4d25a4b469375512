/** Functions that a model may call under load: the kinds of parameters that clients really send, nothing it must refuse. */
import type { Tool } from '../../core/wire/chat.ts';

const text = (description: string) => ({ type: 'string', description });

const define = (name: string, description: string, properties: object, required: readonly string[]): Tool => ({
  type: 'function',
  function: { name, description, parameters: { type: 'object', properties, required } },
});

/** No `anyOf`, `$ref` or tuples: the service answers some of them with an error; glm-api.md §2.3. */
export const toolSet: readonly Tool[] = [
  define(
    'get_weather',
    'Weather of a place, now or on a day to come.',
    {
      city: text('Name of the city, such as Hangzhou'),
      date: text('Day as YYYY-MM-DD; left out, today'),
      unit: { type: 'string', enum: ['celsius', 'fahrenheit'], description: 'Unit of the temperature' },
    },
    ['city'],
  ),
  define(
    'find_orders',
    'Orders of a customer, the newest first.',
    {
      customer_id: text('Id of the customer'),
      status: { type: 'array', items: { type: 'string', enum: ['open', 'paid', 'shipped', 'returned'] } },
      limit: { type: 'integer', minimum: 1, maximum: 50, description: 'At most so many' },
    },
    ['customer_id'],
  ),
  define(
    'convert_money',
    'Converts an amount at the rate of the day.',
    {
      amount: { type: 'number', description: 'How much' },
      from: text('Currency code, such as CNY'),
      to: text('Currency code, such as EUR'),
    },
    ['amount', 'from', 'to'],
  ),
  define(
    'open_ticket',
    'Opens a ticket for a person to look at.',
    {
      title: text('One line'),
      contact: {
        type: 'object',
        properties: { name: text('Name'), email: text('Where the answer goes') },
        required: ['email'],
      },
      urgent: { type: 'boolean', description: 'Whether it must be today' },
    },
    ['title', 'contact'],
  ),
];
