import type { PermitRequest } from '../contracts/pace.ts';

/** A wish without the site's settings, which the gate keeps once: as many as may wait must fit into one payload. */
type Wish = Omit<PermitRequest, 'every' | 'atOnce'>;

/** A permit that is out, until its release or its lease's end. Times in ms since the epoch, on Temporal's clock. */
interface Holder {
  permitId: string;
  creating: boolean;
  leaseEnds: number;
}

/** Everything a gate knows; carried over by continue-as-new. */
export interface GateState {
  every: number;
  atOnce: number;
  queue: Wish[];
  holders: Holder[];
  /** When the last creating step ended, or its lease did. */
  lastCreated: number;
}

export const newGate: GateState = { every: 0, atOnce: 1, queue: [], holders: [], lastCreated: 0 };

export function request(gate: GateState, { every, atOnce, ...wish }: PermitRequest): void {
  gate.every = every;
  gate.atOnce = atOnce;
  const known = [...gate.queue, ...gate.holders].some(({ permitId }) => permitId === wish.permitId);
  if (!known) gate.queue.push(wish);
}

/** Gives a permit back, or withdraws the wish for one. */
export function release(gate: GateState, permitId: string, now: number): void {
  gate.queue = gate.queue.filter((wish) => wish.permitId !== permitId);
  const holder = gate.holders.find((held) => held.permitId === permitId);
  if (!holder) return;
  gate.holders = gate.holders.filter((held) => held !== holder);
  if (holder.creating) gate.lastCreated = Math.max(gate.lastCreated, now);
}

function expire(gate: GateState, now: number): void {
  for (const { permitId, leaseEnds } of gate.holders) {
    if (leaseEnds <= now) release(gate, permitId, leaseEnds);
  }
}

/**
 * Takes the next wish that may be granted out of the queue, in the order of arrival; one that makes an account and must
 * wait does not hold up those that don't. `every` runs from the end of one creating step to the next one's grant, so
 * two are never out at once.
 */
export function grantNext(gate: GateState, now: number): Wish | undefined {
  expire(gate, now);
  if (gate.holders.length >= gate.atOnce) return undefined;
  const mayCreate = gate.lastCreated + gate.every <= now && !gate.holders.some((held) => held.creating);
  const wish = gate.queue.find(({ creating }) => mayCreate || !creating);
  if (!wish) return undefined;
  gate.queue = gate.queue.filter((other) => other !== wish);
  gate.holders.push({ permitId: wish.permitId, creating: wish.creating, leaseEnds: now + wish.leaseMs });
  return wish;
}

/** When something may change by time alone; undefined when only a signal can. */
export function nextChange(gate: GateState, now: number): number | undefined {
  const times = gate.holders.map(({ leaseEnds }) => leaseEnds);
  const everyEnds = gate.lastCreated + gate.every;
  if (everyEnds > now) times.push(everyEnds);
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** Nothing is held, wanted or to be remembered: the gate may close, and the next wish opens it anew. */
export function isIdle(gate: GateState, now: number): boolean {
  return gate.queue.length === 0 && gate.holders.length === 0 && gate.lastCreated + gate.every <= now;
}
