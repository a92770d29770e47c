import type { GateState, GateView, PermitRequest, SitePace, VisitResult } from '../../contracts/pace.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
/** The pause after the first trouble; it doubles with each further one, until a visit finds the site fine. */
export const firstPause = 30 * second;
export const longestPause = hour;
/** The longest pause that a `Retry-After` can cause; then the site is tried again. */
const longestAsked = 24 * hour;
/** Until someone resumes it. */
const forever = Number.MAX_SAFE_INTEGER;

export const newGate: GateState = {
  every: 0,
  atOnce: 1,
  queue: [],
  holders: [],
  lastCreated: 0,
  pausedUntil: 0,
  troubles: 0,
  troublesUntil: 0,
};

export function request(gate: GateState, { every, atOnce, ...wanted }: PermitRequest & SitePace): void {
  gate.every = every;
  gate.atOnce = atOnce;
  const known = [...gate.queue, ...gate.holders].some(({ permitId }) => permitId === wanted.permitId);
  if (!known) gate.queue.push(wanted);
}

/** Returns a permit, or withdraws the request for one. A visit that found the site in trouble pauses it for all. */
export function release(gate: GateState, permitId: string, now: number, end: VisitResult = { site: 'unknown' }): void {
  gate.queue = gate.queue.filter((waiting) => waiting.permitId !== permitId);
  const holder = gate.holders.find((held) => held.permitId === permitId);
  if (!holder) return;
  gate.holders = gate.holders.filter((held) => held !== holder);
  if (holder.creating) gate.lastCreated = Math.max(gate.lastCreated, now);
  if (end.site === 'fine') gate.troubles = 0;
  else if (end.site !== 'unknown') leaveAlone(gate, now, end.site, end.retryAfterMs);
}

function leaveAlone(gate: GateState, now: number, reason: string, retryAfterMs = 0): void {
  // Steps that were running when the pause began report the same trouble.
  if (now >= gate.pausedUntil) gate.troubles += 1;
  const grown = Math.min(firstPause * 2 ** (gate.troubles - 1), longestPause);
  const pauseMs = Math.max(grown, Math.min(retryAfterMs, longestAsked));
  if (now + pauseMs > gate.pausedUntil) {
    gate.pausedUntil = now + pauseMs;
    gate.reason = reason;
  }
  gate.troublesUntil = Math.max(gate.troublesUntil, now + 2 * pauseMs);
}

/** Grants nothing for `forMs`, or until `resume`. */
export function pause(gate: GateState, now: number, forMs: number | undefined): void {
  gate.pausedUntil = forMs === undefined ? forever : now + forMs;
  gate.reason = 'by hand';
}

export function resume(gate: GateState): void {
  gate.pausedUntil = 0;
  gate.troubles = 0;
  gate.troublesUntil = 0;
}

/** @param now the time as of which the gate is shown */
export function view({ holders, queue, pausedUntil, reason }: GateState, now: number): GateView {
  const counts = { out: holders.length, waiting: queue.length };
  return pausedUntil > now
    ? {
        ...counts,
        pausedUntil: pausedUntil === forever ? 'forever' : pausedUntil,
        ...(reason !== undefined && { reason }),
      }
    : counts;
}

function expire(gate: GateState, now: number): void {
  for (const { permitId, leaseEnds } of gate.holders) {
    if (leaseEnds <= now) release(gate, permitId, leaseEnds);
  }
}

/**
 * Takes the next request that may be granted out of the queue, first come, first served; a creating step that has to
 * wait does not hold up the others. `every` counts from the end of one creating step to the grant of the next, so two
 * are never out at once.
 */
export function grantNext(gate: GateState, now: number): PermitRequest | undefined {
  expire(gate, now);
  if (gate.pausedUntil > now || gate.holders.length >= gate.atOnce) return undefined;
  const mayCreate = gate.lastCreated + gate.every <= now && !gate.holders.some((held) => held.creating);
  const next = gate.queue.find(({ creating }) => mayCreate || !creating);
  if (!next) return undefined;
  gate.queue = gate.queue.filter((other) => other !== next);
  gate.holders.push({ permitId: next.permitId, creating: next.creating, leaseEnds: now + next.leaseMs });
  return next;
}

/** The next time at which something changes without a signal; undefined when there is none. */
export function nextChange(gate: GateState, now: number): number | undefined {
  const times = gate.holders.map(({ leaseEnds }) => leaseEnds);
  times.push(
    ...[gate.lastCreated + gate.every, gate.pausedUntil, gate.troublesUntil].filter(
      (time) => time > now && time < forever,
    ),
  );
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** Nothing is held, queued or to be remembered: the gate may close, and the next request opens a new one. */
export function isIdle(gate: GateState, now: number): boolean {
  return (
    gate.queue.length === 0 &&
    gate.holders.length === 0 &&
    Math.max(gate.lastCreated + gate.every, gate.pausedUntil, gate.troublesUntil) <= now
  );
}
