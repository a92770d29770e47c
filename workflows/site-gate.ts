import {
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  patched,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { type GateState, grantNext, isIdle, newGate, nextChange, pause, release, request, resume, view } from './gate-state.ts';
import { movesOn } from './moves-on.ts';
import { show } from './show.ts';
import { gateView, pauseSite, permitGranted, releasePermit, requestPermit, resumeSite } from './signals.ts';

/**
 * Keeps one site's pace over all workers and flows: one gate a domain hands out permits, at most `atOnce` at a time and
 * `every` apart for those that make an account. A permit is a lease, so that a lost workflow holds up nobody for long.
 * A site that wants to be left alone, or that someone pauses, is granted nothing until the pause is over.
 */
export async function siteGate(carried: GateState = newGate): Promise<void> {
  const gate: GateState = { ...newGate, ...carried, queue: [...carried.queue], holders: [...carried.holders] };
  let changed = true;
  setHandler(requestPermit, (wish) => {
    request(gate, wish);
    changed = true;
  });
  setHandler(releasePermit, (permitId, end) => {
    release(gate, permitId, Date.now(), end);
    changed = true;
  });
  setHandler(pauseSite, (forMs) => {
    pause(gate, Date.now(), forMs ?? undefined);
    changed = true;
  });
  setHandler(resumeSite, () => {
    resume(gate);
    changed = true;
  });
  setHandler(gateView, () => view(gate, Date.now()));

  const shows = patched('gate-in-memo');
  while (!isIdle(gate, Date.now())) {
    changed = false;
    for (let wish = grantNext(gate, Date.now()); wish; wish = grantNext(gate, Date.now())) {
      try {
        await getExternalWorkflowHandle(wish.workflowId, wish.runId).signal(permitGranted, wish.permitId);
      } catch {
        // The workflow that wanted it is gone, so nothing acts on this permit.
        release(gate, wish.permitId, gate.lastCreated);
      }
    }
    const seen = view(gate, Date.now());
    if (shows) show('gate', seen);
    const { out, waiting, pausedUntil, reason } = seen;
    const paused = pausedUntil === undefined ? '' : `, paused (${reason}) until ${pausedUntil === 'forever' ? 'resumed' : new Date(pausedUntil).toISOString()}`;
    setCurrentDetails(`${out} of ${gate.atOnce} permits out, ${waiting} waiting${paused}`);
    if (workflowInfo().continueAsNewSuggested && allHandlersFinished()) return continueAsNew<typeof siteGate>(gate);

    const wake = nextChange(gate, Date.now());
    const woken = () => changed;
    if (wake === undefined) await condition(woken);
    else await condition(woken, Math.max(1, wake - Date.now()));
  }
}

// Open for as long as its site is busy.
movesOn(siteGate);
