import { createAutocannonDriver } from './autocannon.ts';
import type { CreateDriver } from './driver.ts';
import { createSocketDriver } from './socket.ts';
import { createUndiciDriver } from './undici.ts';

/**
 * Every driver by its public name: `socket` reads the wire itself and costs a stream's events least, `undici` makes the call
 * that the probe makes, `autocannon` is for unary answers over http at a fixed number of connections.
 * @example const result = await load(plan, { createDriver: drivers.undici });
 */
export const drivers = {
  socket: createSocketDriver,
  undici: createUndiciDriver,
  autocannon: createAutocannonDriver,
} as const satisfies Record<string, CreateDriver>;

/** What `--driver` knows. */
export type DriverName = keyof typeof drivers;

/** All names of drivers. */
export const driverNames = Object.keys(drivers) as [DriverName, ...DriverName[]];
