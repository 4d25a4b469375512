/** Every driver by its public name. */
import { createAutocannonDriver } from './autocannon.ts';
import type { CreateDriver } from './driver.ts';
import { createSocketDriver } from './socket.ts';
import { createUndiciDriver } from './undici.ts';

export const drivers = {
  socket: createSocketDriver,
  undici: createUndiciDriver,
  autocannon: createAutocannonDriver,
} as const satisfies Record<string, CreateDriver>;

export type DriverName = keyof typeof drivers;

export const driverNames = Object.keys(drivers) as [DriverName, ...DriverName[]];
