import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GateState } from '../../contracts/pace.ts';
import {
  firstPause,
  grantNext,
  isIdle,
  longestPause,
  newGate,
  nextChange,
  pause,
  release,
  request,
  resume,
  view,
} from '../../workflows/pace/grant-permits.ts';

describe('the gate’s decisions', () => {
  interface Visit {
    arrives: number;
    creating: boolean;
    leaseMs: number;
    /** How long the step takes; longer than its lease when its workflow is lost. */
    takes: number;
    /** Gives up after so long when it has no permit by then. */
    patience: number | undefined;
  }
  const upTo = (max: number) => fc.integer({ min: 0, max });
  const visit: fc.Arbitrary<Visit> = fc.record({
    arrives: upTo(2_000),
    creating: fc.boolean(),
    leaseMs: fc.integer({ min: 1, max: 300 }),
    takes: upTo(500),
    patience: fc.option(upTo(1_000), { nil: undefined }),
  });

  /** Lives through the visits as the workflow does: acts when a signal comes, and when the gate itself wants to. */
  function play(visits: Visit[], every: number, atOnce: number) {
    const gate: GateState = structuredClone(newGate);
    const asked: number[] = [];
    const granted = new Map<number, { from: number; to: number }>();
    const events = visits.map(({ arrives }, index) => ({ at: arrives, index, kind: 'asks' }));
    let now = 0;
    let wakes = 0;
    while (events.length > 0 || !isIdle(gate, now)) {
      if (++wakes > 10 * visits.length) throw new Error('the gate wakes again and again for nothing');
      const due = [nextChange(gate, now), ...events.map(({ at }) => at)].filter((at) => at !== undefined);
      if (due.length === 0) throw new Error('the gate waits for nothing, and is not idle');
      now = Math.max(now, Math.min(...due));
      for (const event of events.filter(({ at }) => at <= now)) {
        events.splice(events.indexOf(event), 1);
        const { creating, leaseMs, patience } = visits[event.index]!;
        const permitId = String(event.index);
        if (event.kind === 'asks') {
          request(gate, { permitId, workflowId: 'task', runId: 'run', creating, leaseMs, every, atOnce });
          asked.push(event.index);
          if (patience !== undefined) events.push({ at: now + patience, index: event.index, kind: 'gives up' });
        } else if (event.kind === 'ends' || !granted.has(event.index)) {
          release(gate, permitId, now);
        }
      }
      for (let wish = grantNext(gate, now); wish; wish = grantNext(gate, now)) {
        const index = Number(wish.permitId);
        const { takes, leaseMs } = visits[index]!;
        expect(granted.has(index)).toBe(false);
        granted.set(index, { from: now, to: now + Math.min(takes, leaseMs) });
        // A step that outlives its lease is lost: nobody gives its permit back.
        if (takes < leaseMs) events.push({ at: now + takes, index, kind: 'ends' });
      }
      expect(gate.holders.length).toBeLessThanOrEqual(atOnce);
    }
    return { asked, granted };
  }

  test('give everyone a permit, in turn, at most so many at once, and accounts their distance', () => {
    fc.assert(
      fc.property(
        fc.array(visit, { maxLength: 25 }),
        upTo(400),
        fc.integer({ min: 1, max: 4 }),
        (visits, every, atOnce) => {
          const { asked, granted } = play(visits, every, atOnce);
          for (const [index, { patience }] of visits.entries()) {
            if (patience === undefined) expect(granted.has(index), `visit ${index} waits for ever`).toBe(true);
          }

          const spans = [...granted.values()];
          for (const { from } of spans) {
            expect(spans.filter((span) => span.from <= from && from < span.to).length).toBeLessThanOrEqual(atOnce);
          }
          const makers = asked.filter((index) => visits[index]!.creating && granted.has(index));
          const others = asked.filter((index) => !visits[index]!.creating && granted.has(index));
          for (const line of [makers, others]) {
            const turns = line.map((index) => granted.get(index)!.from);
            expect(turns).toEqual(turns.toSorted((a, b) => a - b));
          }
          for (const [place, index] of makers.slice(1).entries()) {
            expect(granted.get(index)!.from).toBeGreaterThanOrEqual(granted.get(makers[place]!)!.to + every);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('know a wish that is repeated, and take the site’s latest settings', () => {
    const gate = structuredClone(newGate);
    const wish = {
      permitId: 'one',
      workflowId: 'task',
      runId: 'run',
      creating: false,
      leaseMs: 100,
      every: 10,
      atOnce: 1,
    };
    request(gate, wish);
    request(gate, { ...wish, atOnce: 2 });
    expect(gate.queue).toHaveLength(1);
    expect(grantNext(gate, 5)).toMatchObject({ permitId: 'one' });
    request(gate, { ...wish, atOnce: 2 });
    expect(gate.queue).toEqual([]);
    request(gate, { ...wish, permitId: 'two', atOnce: 2 });
    expect(grantNext(gate, 5)).toMatchObject({ permitId: 'two' });
  });

  test('carry ten thousand waiting tasks in one payload', () => {
    const gate = structuredClone(newGate);
    for (let place = 0; place < 10_000; place++) {
      request(gate, {
        permitId: randomUUID(),
        workflowId: `social/${randomUUID()}`,
        runId: randomUUID(),
        creating: true,
        leaseMs: 570_000,
        every: 30_000,
        atOnce: 1,
      });
    }
    expect(Buffer.byteLength(JSON.stringify(gate))).toBeLessThan(2 * 1024 * 1024 - 4096);
  });

  test('let those that make no account pass one that must wait', () => {
    const gate = structuredClone(newGate);
    const wish = { workflowId: 'task', runId: 'run', leaseMs: 100, every: 1_000, atOnce: 1 };
    request(gate, { ...wish, permitId: 'first', creating: true });
    grantNext(gate, 5_000);
    release(gate, 'first', 5_050);
    request(gate, { ...wish, permitId: 'maker', creating: true });
    request(gate, { ...wish, permitId: 'looker', creating: false });
    expect(grantNext(gate, 5_060)).toMatchObject({ permitId: 'looker' });
    release(gate, 'looker', 5_070);
    expect(grantNext(gate, 5_070)).toBeUndefined();
    expect(nextChange(gate, 5_070)).toBe(6_050);
    expect(grantNext(gate, 6_050)).toMatchObject({ permitId: 'maker' });
  });
});

describe('a site that wants to be left alone', () => {
  const wish = { workflowId: 'task', runId: 'run', creating: false, leaseMs: 600_000, every: 0, atOnce: 3 };
  /** A gate with so many permits out, from `permit 0` on. */
  function gateWith(permits: number): GateState {
    const gate = structuredClone(newGate);
    for (let place = 0; place < permits; place++) {
      request(gate, { ...wish, permitId: `permit ${place}` });
      grantNext(gate, 1_000);
    }
    return gate;
  }
  /** When the next permit is granted, asked for at `from`. */
  function nextGrant(gate: GateState, from: number): number {
    request(gate, { ...wish, permitId: `asked at ${from}` });
    for (let now = from; ; now = nextChange(gate, now)!) {
      if (grantNext(gate, now)) {
        release(gate, `asked at ${from}`, now);
        return now;
      }
    }
  }

  test('is left alone by all for as long as it asks, or at least for the first pause', () => {
    const asked = gateWith(1);
    release(asked, 'permit 0', 2_000, { site: 'overloaded', retryAfterMs: 120_000 });
    expect(nextGrant(asked, 2_001)).toBe(122_000);
    const silent = gateWith(1);
    release(silent, 'permit 0', 2_000, { site: 'human check' });
    expect(view(silent, 2_000)).toEqual({ out: 0, waiting: 0, pausedUntil: 2_000 + firstPause, reason: 'human check' });
    expect(nextGrant(silent, 2_001)).toBe(2_000 + firstPause);
  });

  test('is left alone ever longer, up to the longest pause, until it is fine again', () => {
    const gate = gateWith(0);
    const pauses: number[] = [];
    let now = 1_000;
    for (let trouble = 0; trouble < 10; trouble++) {
      request(gate, { ...wish, permitId: `${trouble}` });
      expect(grantNext(gate, now)).toBeDefined();
      release(gate, `${trouble}`, now, { site: 'overloaded' });
      const granted = nextGrant(gate, now);
      pauses.push(granted - now);
      now = granted;
    }
    expect(pauses.slice(0, 4)).toEqual([1, 2, 4, 8].map((times) => times * firstPause));
    expect(pauses.at(-1)).toBe(longestPause);
    request(gate, { ...wish, permitId: 'fine' });
    grantNext(gate, now);
    release(gate, 'fine', now, { site: 'fine' });
    request(gate, { ...wish, permitId: 'again' });
    grantNext(gate, now);
    release(gate, 'again', now, { site: 'overloaded' });
    expect(nextGrant(gate, now) - now).toBe(firstPause);
  });

  test('that several steps found so at once is paused once', () => {
    const gate = gateWith(3);
    for (const place of [0, 1, 2]) release(gate, `permit ${place}`, 2_000 + place, { site: 'overloaded' });
    expect(nextGrant(gate, 3_000)).toBe(2_002 + firstPause);
  });

  test('is remembered while nothing waits there', () => {
    const gate = gateWith(1);
    release(gate, 'permit 0', 2_000, { site: 'overloaded' });
    expect(isIdle(gate, 2_000 + firstPause)).toBe(false);
    expect(isIdle(gate, 2_000 + 2 * firstPause)).toBe(true);
  });

  test('is paused by hand, for a time or until it is resumed', () => {
    const gate = gateWith(0);
    pause(gate, 1_000, 5_000);
    expect(nextGrant(gate, 1_000)).toBe(6_000);
    pause(gate, 10_000, undefined);
    request(gate, { ...wish, permitId: 'waits' });
    expect(grantNext(gate, 10_000_000_000)).toBeUndefined();
    expect(nextChange(gate, 20_000)).toBeUndefined();
    expect(view(gate, 20_000)).toEqual({ out: 0, waiting: 1, pausedUntil: 'forever', reason: 'by hand' });
    expect(isIdle(gate, 20_000)).toBe(false);
    resume(gate);
    expect(grantNext(gate, 20_000)).toMatchObject({ permitId: 'waits' });
  });

  test('says nothing by a step that failed for a reason of its own', () => {
    const gate = gateWith(1);
    release(gate, 'permit 0', 2_000, { site: 'unknown' });
    expect(nextGrant(gate, 2_000)).toBe(2_000);
  });
});
