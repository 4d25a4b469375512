/** A program of ours that can go and come back at the same address. */
import type { Child } from './children.ts';

export interface Actor {
  readonly url: string;
  leave(): Promise<void>;
  comeBack(): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

export interface Started {
  readonly child: Child;
  readonly url: string;
}

/** @param start on that port; 0 takes a free one */
export async function createActor(start: (port: number) => Promise<Started>): Promise<Actor> {
  const { url, ...first } = await start(0);
  let { child } = first;
  return {
    url,
    leave: () => child.end(),
    comeBack: async () => {
      ({ child } = await start(Number(new URL(url).port)));
    },
    signal: name => child.signal(name),
  };
}
