/**
 * Keeps a process off the vendor's hosts: a test that misses the mock then fails, instead of spending money or hanging.
 *
 * The seam is `net.Socket.prototype.connect`, which fetch, `undici`, `node:http`, `https`, `http2`, `net` and `tls` all
 * come through; patching `dns.lookup` would miss callers with a resolver of their own, patching `fetch` all but one. The
 * connection is not refused there but in its name lookup: MSW intercepts at the same seam, and a call that it answers
 * never looks a name up. A tunnel through a proxy is known by the name it asks TLS for.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { isIP, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** Which hosts are forbidden besides the vendor's. */
export interface EgressOptions {
  /** Further hosts that nobody may call, each with its subdomains; `*` for all but this machine. */
  readonly hosts?: readonly string[];
}

/** Refuses connections to the vendor's hosts until it is released. */
export interface EgressGuard {
  /** What was refused so far, whether or not the caller let it be known. */
  violations(): readonly EgressError[];
  /** Lets connections through again. */
  release(): void;
}

/** A connection that was refused. Its stack is the caller's, as far as the engine knows it. */
export class EgressError extends Error {
  override readonly name = 'EgressError';
  readonly code = 'ERR_GLM_EGRESS';
  readonly host: string;

  constructor(host: string) {
    super(
      `refused to connect to ${host} while a mock is active: give the client the mock's baseUrl and apiKey ` +
        "(useGlmMock also sets them in the environment), or allow it with egress: 'allow'",
    );
    this.host = host;
  }
}

/** The vendor's hosts, each with its subdomains. */
const vendor = ['bigmodel.cn', 'api.z.ai'] as const;

/**
 * While it is active, connections from this process to the vendor's hosts fail at once with an {@link EgressError}.
 * Connections that were open before, child processes and worker threads are beyond its reach.
 * @example const guard = guardEgress(); try { await suite(); } finally { guard.release(); }
 */
export function guardEgress({ hosts = [] }: EgressOptions = {}): EgressGuard {
  const guard: Guard = { hosts: [...vendor, ...hosts.map(plain)], refused: [] };
  if (guards.size === 0) install();
  guards.add(guard);
  return {
    violations: () => [...guard.refused],
    release: () => {
      if (guards.delete(guard) && guards.size === 0) uninstall();
    },
  };
}

interface Guard {
  readonly hosts: readonly string[];
  readonly refused: EgressError[];
}

/** Those that are active; the seams are patched once for all of them. */
const guards = new Set<Guard>();

/** Undoes the patches. */
let uninstall = () => {};

function install(): void {
  const undo = [
    patch(Socket.prototype, 'connect', guardedConnect),
    patch(TLSSocket.prototype as TunnelEnd, 'setServername', guardedServername),
    patch(globalThis, 'fetch', rememberingFetch),
  ];
  uninstall = () => {
    for (const step of undo) step();
  };
}

// biome-ignore lint/suspicious/noExplicitAny: any method can be patched
type Method = (this: any, ...args: any[]) => any;

/** Replaces a method; what is returned puts it back, unless somebody else has wrapped it since and would be lost. */
function patch<N extends string>(owner: Record<N, Method>, name: N, around: (original: Method) => Method) {
  const original = owner[name];
  const patched = around(original);
  owner[name] = patched as (typeof owner)[N];
  return () => {
    if (owner[name] === patched) owner[name] = original as (typeof owner)[N];
  };
}

type ConnectOptions = Record<string, unknown> & { host?: unknown; servername?: unknown; lookup?: unknown };

const guardedConnect = (original: Method): Method =>
  function connect(this: Socket, ...args: unknown[]) {
    return Reflect.apply(original, this, guards.size === 0 ? args : refusing(args, connect));
  };

/** The arguments, changed so that the connection fails when its host is one that nobody may call. */
function refusing(args: unknown[], from: Method): unknown[] {
  // net.connect hands its arguments on as one marked array, which has to stay the same array.
  const list: unknown[] = Array.isArray(args[0]) ? args[0] : args;
  const options = optionsOf(list);
  const host = forbiddenIn(options);
  if (host === undefined) return args;
  // An address would not be looked up; a name that cannot exist is.
  const name = isIP(String(options?.host)) > 0 ? nameFor(host) : options?.host;
  list.splice(0, typeof list[0] === 'object' ? 1 : 2, {
    ...options,
    host: name,
    lookup: refusingLookup(host, options?.lookup, from),
  });
  return args;
}

const nameFor = (host: string) => (isIP(host) > 0 ? 'blocked.invalid' : host);

/** The host that is meant, by name or by the name for TLS. */
function forbiddenIn(options: ConnectOptions | undefined): string | undefined {
  if (options === undefined || lookups.has(options.lookup as Method)) return undefined;
  if (isLoopback(plain(String(options.host ?? '')))) return undefined;
  return [options.host, options.servername].find(isForbidden);
}

/** Fails, unless a resolver of the caller's own leads to this machine, as that of MSW does for what it answers. */
function refusingLookup(host: string, own: unknown, from: Method): Method {
  const error = errorFor(host, from);
  const lookup: Method = (name, options, done) => {
    if (typeof own !== 'function') return done(refused(error));
    own(name, options, (failed: unknown, found: Found, family: unknown) =>
      leadsHere(failed, found) ? done(null, found, family) : done(refused(error)),
    );
  };
  lookups.add(lookup);
  return lookup;
}

/** One address, or all of them. */
type Found = string | readonly { address: string }[];

const leadsHere = (failed: unknown, found: Found) =>
  !failed && (typeof found === 'string' ? isLoopback(found) : found.every(({ address }) => isLoopback(address)));

/** Those made here: a connection that MSW lets through comes by once more, and its first caller is the right one. */
const lookups = new WeakSet<Method>();

/** `(options)`, `(port, host)`; undefined for a path, and for a port of this machine. */
function optionsOf([first, second]: readonly unknown[]): ConnectOptions | undefined {
  if (typeof first === 'object' && first !== null) return first as ConnectOptions;
  return typeof second === 'string' ? { port: first, host: second } : undefined;
}

/** Both names are old and public in Node, but not in its types. */
type TunnelEnd = TLSSocket & { setServername(name: string): void; _parent?: unknown };

const guardedServername = (original: Method): Method =>
  function setServername(this: TunnelEnd, name: string) {
    // Over a socket that is already there, so through a tunnel: connect() has seen only the proxy.
    if (this._parent && isForbidden(name)) this.destroy(refused(errorFor(name, setServername)));
    else Reflect.apply(original, this, [name]);
  };

function isForbidden(host: unknown): host is string {
  if (typeof host !== 'string') return false;
  const name = plain(host);
  return [...guards].some(guard => covers(guard, name));
}

const covers = ({ hosts }: Guard, name: string) =>
  hosts.some(host => (host === '*' ? !isLoopback(name) : name === host || name.endsWith(`.${host}`)));

const isLoopback = (name: string) =>
  /^(localhost|.+\.localhost|127\.[\d.]+|::1|::ffff:127\.[\d.]+|0\.0\.0\.0|::|)$/.test(name);

const plain = (host: string) => host.toLowerCase().replace(/^\[|\]$|\.$/g, '');

function errorFor(host: string, from: Method): EgressError {
  const error = new EgressError(plain(host));
  error.stack = `${error.name}: ${error.message}\n${callers.getStore() ?? framesAbove(from)}`;
  return error;
}

function refused(error: EgressError): EgressError {
  for (const guard of guards) if (covers(guard, error.host)) guard.refused.push(error);
  return error;
}

/** Where fetch was called: it connects only later, when the stack no longer tells. */
const callers = new AsyncLocalStorage<string>();

const rememberingFetch = (original: Method): Method =>
  function fetch(this: unknown, ...args: unknown[]) {
    if (guards.size === 0) return Reflect.apply(original, this, args);
    return callers.run(framesAbove(fetch), () => Reflect.apply(original, this, args));
  };

/** The stack above a function, deeper than the engine's ten frames: clients are deep. */
function framesAbove(from: Method): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const holder = { stack: '' };
  Error.captureStackTrace(holder, from);
  Error.stackTraceLimit = stackTraceLimit;
  return holder.stack.split('\n').slice(1).join('\n');
}
