import type { LeftTask, RegisterOutcome } from '../../contracts/outcomes.ts';
import { runRegisterPhase } from '../account/run-register-phase.ts';

/**
 * Makes one social account, confirms and furnishes it, and reports it exactly once (docs/api-contract.md#social).
 *
 * @param adopted an earlier workflow started the task and closed without a report: this one takes it up where it was left
 */
export function socialRegister(taskId: string, adopted = false): Promise<RegisterOutcome | LeftTask> {
  return runRegisterPhase('social', taskId, adopted);
}
