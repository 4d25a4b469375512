/** Plays faults on a scene: all is well and silent, the fault begins, its alert arrives, the fault ends, the alert ends. */
import type { Clock } from '../core/clock.ts';
import { formatDuration } from '../core/duration.ts';
import { type Fault, ofTheMachine } from './catalogue.ts';
import type { Alert, Said, Scene } from './scene.ts';

export interface Played {
  readonly fault: Fault;
  /** What the probe said while the alert fired; null when its run was good or there was none. */
  readonly reason: string | null;
  /** From the fault to its alert at the receiver, and from its end to the alert's end; null when that did not come. */
  readonly detectMs: number | null;
  readonly clearMs: number | null;
  /** What went otherwise than the catalogue says, in sentences; empty when all is well. */
  readonly problems: readonly string[];
}

export interface Wave {
  readonly played: readonly Played[];
  /** Alerts that came while all was well. */
  readonly early: readonly string[];
  /** Alerts about nothing that was played. */
  readonly stray: readonly string[];
  /** Alerts which say that this machine was too busy; no mistake of the rules. */
  readonly busy: readonly string[];
}

export interface PlayDoor {
  readonly clock: Clock;
  readonly stop: AbortSignal;
  /** How long anything may take. */
  readonly patienceMs: number;
  /** How long nothing may come while all is well. */
  readonly quietMs: number;
  /** How often it is looked whether it came. */
  readonly lookMs: number;
  /** A sentence for whoever waits. */
  readonly say: (sentence: string) => void;
}

/** All faults at the same time. @throws the signal's reason when told to stop */
export async function playWave(faults: readonly Fault[], scene: Scene, door: PlayDoor): Promise<Wave> {
  const ofMachine = ({ name }: Alert) => ofTheMachine.has(name);
  const alerts = async () => (await scene.alerts()).filter(alert => !ofMachine(alert));
  const wave = await playSober(faults, { ...scene, alerts }, door);
  return { ...wave, busy: namesOf((await scene.alerts()).filter(ofMachine)) };
}

async function playSober(faults: readonly Fault[], scene: Scene, door: PlayDoor): Promise<Wave> {
  const unrest = await calm(scene, door);
  if (unrest !== undefined) return notPlayed(faults, `all was not well before it began: ${scene.broken() ?? unrest}`);
  const early = await listenToSilence(scene, door);
  const from = (await scene.alerts()).length;
  door.say(`all is well, ${early.length === 0 ? 'and no alert comes' : `and yet there came ${early.join(', ')}`}`);
  const played = await together(door, own => faults.map(fault => playFault(fault, faults.length === 1, scene, own)));
  const after = (await scene.alerts()).slice(from);
  const stray = faults.length === 1 ? [] : after.filter(({ about }) => about === undefined);
  return { played, early, stray: namesOf(stray), busy: [] };
}

/** When one of them breaks off, the others need not wait for what cannot come any more. */
async function together<Result>(door: PlayDoor, act: (own: PlayDoor) => Promise<Result>[]): Promise<Result[]> {
  const broken = new AbortController();
  try {
    return await Promise.all(act({ ...door, stop: AbortSignal.any([door.stop, broken.signal]) }));
  } catch (error) {
    broken.abort(error);
    throw error;
  }
}

/** @returns the alerts that came meanwhile */
async function listenToSilence(scene: Scene, { clock, stop, quietMs }: PlayDoor): Promise<readonly string[]> {
  const from = (await scene.alerts()).length;
  await clock.sleep(quietMs, stop);
  return namesOf((await scene.alerts()).slice(from));
}

/** Faults that could not be played, and why. */
export const notPlayed = (faults: readonly Fault[], problem: string): Wave => ({
  played: faults.map(fault => ({ fault, reason: null, detectMs: null, clearMs: null, problems: [problem] })),
  early: [],
  stray: [],
  busy: [],
});

/** @returns why not, when it does not become calm in time */
async function calm(scene: Scene, door: PlayDoor): Promise<string | undefined> {
  const tell = createTeller(door);
  let unrest: string | undefined;
  const quiet = await until(scene, door, async () => {
    const firing = stillFiring(await scene.alerts());
    const other = await scene.unrest();
    tell(firing, other);
    unrest = other ?? firing;
    return unrest === undefined || undefined;
  });
  return quiet === undefined ? unrest : undefined;
}

/** Says what is waited for: other alerts at once, anything else once, after a while. */
function createTeller({ clock, say }: PlayDoor) {
  const tellMs = clock.now() + silentMs;
  let awaited: string | undefined;
  let told = false;
  return (firing: string | undefined, other: string | undefined) => {
    if (firing !== undefined && firing !== awaited) say(`waiting for its end: ${firing}`);
    awaited = firing;
    if (told || other === undefined || clock.now() < tellMs) return;
    told = true;
    say(`still waiting: ${other}`);
  };
}

/** How long nobody is told what it waits for. */
const silentMs = 20_000;

/** What a start brought along has to end first. */
function stillFiring(alerts: readonly Alert[]): string | undefined {
  const open = alerts.filter(({ clearedMs }) => clearedMs === undefined);
  return open.length > 0 ? `${placesOf(open)} fires` : undefined;
}

/** With what each names, where that is known. */
const placesOf = (alerts: readonly Alert[]) =>
  [...new Set(alerts.map(({ name, of }) => (of ? `${name} of ${of}` : name)))].join(', ');

const namesOf = (alerts: readonly Alert[]) => [...new Set(alerts.map(({ name }) => name))];

async function playFault(fault: Fault, single: boolean, scene: Scene, door: PlayDoor): Promise<Played> {
  const { clock, say } = door;
  const own = await watch(fault, single, scene);
  const beganMs = clock.now();
  await scene.begin(fault);
  const seen = await see(fault, own, scene, door);
  const detectMs = seen.alert === undefined ? null : seen.alert.atMs - beganMs;
  if (detectMs !== null) say(`${fault.name}: ${fault.alert} after ${seconds(detectMs)}`);

  const endedMs = clock.now();
  await scene.end(fault);
  const tell = createTeller(door);
  const clearedMs =
    seen.alert &&
    (await until(scene, door, async () => {
      const wanted = (await own()).filter(wantedBy(fault));
      tell(undefined, endless(fault, wanted, door));
      return lastEnd(wanted);
    }));
  const clearMs = clearedMs === undefined ? null : clearedMs - endedMs;
  if (clearMs !== null) say(`${fault.name}: cleared after ${seconds(clearMs)}`);

  const problems = problemsOf(fault, seen, { all: await own(), cleared: clearMs !== null, broken: scene.broken() });
  return { fault, reason: seen.words?.reason ?? null, detectMs, clearMs, problems };
}

/** What a wait for the end is about, and how long it may last. */
function endless({ name }: Fault, wanted: readonly Alert[], { patienceMs }: PlayDoor): string | undefined {
  const firing = stillFiring(wanted);
  return firing && `${firing}, for at most ${formatDuration(patienceMs)} after ${name}`;
}

type OwnAlerts = () => Promise<readonly Alert[]>;

/** What comes from now on about one fault; of a single one, whatever comes. */
async function watch({ name }: Fault, single: boolean, scene: Scene): Promise<OwnAlerts> {
  const from = (await scene.alerts()).length;
  return async () => (await scene.alerts()).slice(from).filter(({ about }) => single || about === name);
}

const wantedBy =
  (fault: Fault) =>
  ({ name, to }: Alert) =>
    name === fault.alert && (to === undefined || to === fault.to);

interface Seen {
  /** The one that was waited for. */
  readonly alert: Alert | undefined;
  /** What the probe said, and whether it is the catalogue's word. */
  readonly words: Said | undefined;
  readonly named: boolean;
  /** What Prometheus calls firing when the alert did not come. */
  readonly firing: readonly string[];
}

async function see(fault: Fault, own: OwnAlerts, scene: Scene, door: PlayDoor): Promise<Seen> {
  const alert = await until(scene, door, async () => (await own()).find(wantedBy(fault)));
  let words: Said | undefined;
  const named = await until(scene, { ...door, patienceMs: patienceForWordsMs }, async () => {
    words = await scene.said(fault);
    return fault.reason === null || words?.reason === fault.reason || undefined;
  });
  return { alert, words, named: named === true, firing: alert === undefined ? await scene.firing(fault) : [] };
}

/** The status of the probe is made once a second. */
const patienceForWordsMs = 5000;

/** When the last of them ended; undefined while one lasts. */
function lastEnd(alerts: readonly Alert[]): number | undefined {
  const ends = alerts.map(({ clearedMs }) => clearedMs);
  return ends.includes(undefined) ? undefined : Math.max(...(ends as number[]));
}

interface Aftermath {
  readonly all: readonly Alert[];
  readonly cleared: boolean;
  readonly broken: string | undefined;
}

function problemsOf(fault: Fault, seen: Seen, after: Aftermath): string[] {
  const { alert, words, named } = seen;
  if (alert === undefined) return [missing(fault, seen, after), ...wrong(fault, after.all)];
  return [
    ...(named ? [] : [`the probe called it ${shownAs(words)}, not ${fault.reason}`]),
    ...(after.cleared ? [] : [`${fault.alert} did not end${becauseOf(after.broken)}`]),
    ...wrong(fault, after.all),
  ];
}

function missing(fault: Fault, { firing, words }: Seen, { all, broken }: Aftermath): string {
  const elsewhere = all.find(({ name }) => name === fault.alert);
  const came =
    elsewhere === undefined
      ? `${fault.alert} did not come`
      : `${fault.alert} came to ${elsewhere.to} and not to ${fault.to}`;
  const fires = firing.length === 0 ? 'nothing' : [...new Set(firing)].join(', ');
  return `${came}: the probe says ${shownAs(words)}, Prometheus fires ${fires}${becauseOf(broken)}`;
}

const becauseOf = (broken: string | undefined) => (broken === undefined ? '' : `, ${broken}`);

const shownAs = (words: Said | undefined) =>
  words === undefined ? 'nothing' : words.reason === null ? words.state : `${words.reason} (${words.domain})`;

function wrong({ alert, also }: Fault, all: readonly Alert[]): string[] {
  const names = namesOf(all).filter(name => name !== alert && !also.includes(name));
  return names.length === 0 ? [] : [`there also came ${names.join(', ')}`];
}

/** Looks again and again. @returns undefined when patience, or a program, has ended */
async function until<Found>(
  scene: Scene,
  { clock, stop, patienceMs, lookMs }: Pick<PlayDoor, 'clock' | 'stop' | 'patienceMs' | 'lookMs'>,
  look: () => Promise<Found | undefined>,
): Promise<Found | undefined> {
  const endMs = clock.now() + patienceMs;
  for (;;) {
    stop.throwIfAborted();
    const found = await look();
    if (found !== undefined || clock.now() >= endMs || scene.broken() !== undefined) return found;
    await clock.sleep(lookMs, stop);
  }
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)}s`;
