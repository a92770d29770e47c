import {
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { GateState } from '../../contracts/pace.ts';
import { pauseSite, permitGranted, releasePermit, requestPermit, resumeSite } from '../../contracts/workflows.ts';
import { autoUpgrade } from '../auto-upgrade.ts';
import { setMemo } from '../set-memo.ts';
import { grantNext, isIdle, newGate, nextChange, pause, release, request, resume, view } from './grant-permits.ts';

/**
 * Keeps one site's pace over all workers and flows: one gate a domain hands out permits, at most `atOnce` at a time and
 * `every` apart for those that make an account. A permit is a lease, so a lost workflow does not block the site for
 * long. While a site is paused, by its own answers or by hand, nothing is granted.
 */
export async function siteGate(state: GateState = newGate): Promise<void> {
  const gate: GateState = { ...newGate, ...state, queue: [...state.queue], holders: [...state.holders] };
  let changed = true;
  setHandler(requestPermit, (wanted) => {
    request(gate, wanted);
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

  while (!isIdle(gate, Date.now())) {
    changed = false;
    for (let next = grantNext(gate, Date.now()); next; next = grantNext(gate, Date.now())) {
      try {
        await getExternalWorkflowHandle(next.workflowId, next.runId).signal(permitGranted, next.permitId);
      } catch {
        // The workflow that asked is gone, so nothing acts on this permit.
        release(gate, next.permitId, gate.lastCreated);
      }
    }
    const seen = view(gate, Date.now());
    setMemo('gate', seen);
    const { out, waiting, pausedUntil, reason } = seen;
    const paused =
      pausedUntil === undefined
        ? ''
        : `, paused (${reason}) until ${pausedUntil === 'forever' ? 'resumed' : new Date(pausedUntil).toISOString()}`;
    setCurrentDetails(`${out} of ${gate.atOnce} permits out, ${waiting} waiting${paused}`);
    if (workflowInfo().continueAsNewSuggested && allHandlersFinished()) return continueAsNew<typeof siteGate>(gate);

    const wake = nextChange(gate, Date.now());
    const woken = () => changed;
    if (wake === undefined) await condition(woken);
    else await condition(woken, Math.max(1, wake - Date.now()));
  }
}

// It is open as long as its site is busy.
autoUpgrade(siteGate);
