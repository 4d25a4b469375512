/** Requests under way, by key and model. */
export interface Flights {
  begin(of: Route): void;
  end(of: Route): void;
  /** How many of a key and model are under way. */
  of(route: Route): number;
  list(): { readonly keyId: string; readonly model: string; readonly count: number }[];
}

export interface Route {
  readonly keyId: string;
  readonly model: string;
}

/** Most requests are of the same key and model as the one before, whose flight is found without a name for it. */
export function createFlights(): Flights {
  const known = new Map<string, { readonly keyId: string; readonly model: string; count: number }>();
  const nameOf = ({ keyId, model }: Route) => `${keyId} ${model}`;
  let last = { keyId: '', model: '', count: 0 };
  const find = (route: Route) => {
    if (last.keyId !== route.keyId || last.model !== route.model)
      last = known.get(nameOf(route)) ?? { keyId: route.keyId, model: route.model, count: 0 };
    return last;
  };
  const begin: Flights['begin'] = route => {
    const flight = find(route);
    if (flight.count++ === 0) known.set(nameOf(route), flight);
  };
  const end: Flights['end'] = route => {
    if (--find(route).count === 0) known.delete(nameOf(route));
  };
  const list = () => [...known.values()].map(flight => ({ ...flight }));
  return { begin, end, of: route => find(route).count, list };
}
