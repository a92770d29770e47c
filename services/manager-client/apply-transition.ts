import type { Flow } from '../../contracts/flows.ts';
import type { TransitionResult } from '../../contracts/step-results.ts';
import type { Answer, TaskClient } from './task-client.ts';

/**
 * The status that a flow's task must have before a transition; podcast tells none (docs/api-contract.md#lost-answers).
 */
export interface Transition {
  flow: Flow;
  id: string;
  call: 'start' | 'complete' | 'fail';
  from: string | undefined;
  body?: object;
}

/**
 * Makes one transition, once: when an earlier try may have been applied it looks before it repeats the call
 * (docs/api-contract.md#lost-answers).
 *
 * @param doubted an earlier try of this very transition ended without an answer
 * @throws NoAnswer when the manager gave none; to be called again, `doubted` if it may have been applied
 */
export async function applyOnce(
  client: TaskClient,
  transition: Transition,
  doubted: boolean,
  signal?: AbortSignal,
): Promise<TransitionResult> {
  const { flow, id, call, from, body } = transition;
  if (doubted && from !== undefined) {
    const before = await client.read(flow, id, from, signal);
    if (before.kind === 'mismatch') return { kind: 'applied' };
    if (before.kind === 'gone') return { kind: 'gone' };
  }
  const answer = await client.post(flow, id, call, body, signal);
  return readTransition(answer, doubted);
}

function readTransition(answer: Answer, doubted: boolean): TransitionResult {
  switch (answer.kind) {
    case 'ok':
      return { kind: 'applied' };
    case 'mismatch':
      return { kind: doubted ? 'applied' : 'refused' };
    case 'gone':
    case 'invalid':
      return answer;
  }
}
