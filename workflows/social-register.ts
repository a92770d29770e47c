import type { LeftTask, RegisterOutcome } from '../contracts/outcomes.ts';
import { registerTask } from './register-task.ts';

/** Makes one social account, confirms and furnishes it, and reports it exactly once (contract section 2). */
export function socialRegister(taskId: string): Promise<RegisterOutcome | LeftTask> {
  return registerTask('social', taskId);
}
