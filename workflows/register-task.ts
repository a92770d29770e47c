import type { LeftTask, RegisterOutcome } from '../contracts/outcomes.ts';
import type { SocialTask } from '../contracts/social.ts';
import { judgeRegistration, registerAccount } from './register-account.ts';
import { openRegistration } from './set-up-account.ts';
import { manager } from './steps.ts';
import { workTask } from './work-task.ts';

/**
 * The register phase of a flow: `register` → `registering` → exactly one report (contract sections 2 and 3). An adopted
 * task is `registering` already.
 */
export function registerTask(flow: 'social' | 'entity', taskId: string, adopted: boolean): Promise<RegisterOutcome | LeftTask> {
  return workTask<SocialTask, RegisterOutcome>({
    flow,
    taskId,
    waiting: 'register',
    working: 'registering',
    started: adopted,
    read: () => manager.readTask(flow, taskId, adopted ? 'registering' : 'register'),
    begin: (task) => {
      const registration = openRegistration(task, adopted);
      return {
        run: () => registerAccount(task, registration),
        judge: (error, overdue) => judgeRegistration(error, registration, overdue),
      };
    },
  });
}
