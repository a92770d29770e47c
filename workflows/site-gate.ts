import {
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { type GateState, grantNext, isIdle, newGate, nextChange, release, request } from './gate-state.ts';
import { permitGranted, releasePermit, requestPermit } from './signals.ts';

/**
 * Keeps one site's pace over all workers and flows: one gate a domain hands out permits, at most `atOnce` at a time and
 * `every` apart for those that make an account. A permit is a lease, so that a lost workflow holds up nobody for long.
 */
export async function siteGate(carried: GateState = newGate): Promise<void> {
  const gate: GateState = { ...carried, queue: [...carried.queue], holders: [...carried.holders] };
  let changed = true;
  setHandler(requestPermit, (wish) => {
    request(gate, wish);
    changed = true;
  });
  setHandler(releasePermit, (permitId) => {
    release(gate, permitId, Date.now());
    changed = true;
  });

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
    setCurrentDetails(`${gate.holders.length} of ${gate.atOnce} permits out, ${gate.queue.length} waiting`);
    if (workflowInfo().continueAsNewSuggested && allHandlersFinished()) return continueAsNew<typeof siteGate>(gate);

    const wake = nextChange(gate, Date.now());
    const woken = () => changed;
    if (wake === undefined) await condition(woken);
    else await condition(woken, Math.max(1, wake - Date.now()));
  }
}
