import type { LeftTask, RegisterOutcome } from '../contracts/outcomes.ts';
import type { SocialTask } from '../contracts/social.ts';
import { judgeRegistration, registerAccount } from './register-account.ts';
import { openRegistration } from './set-up-account.ts';
import { manager } from './steps.ts';
import { workTask } from './work-task.ts';

/** The register phase of a flow: `register` → `registering` → exactly one report (contract sections 2 and 3). */
export function registerTask(flow: 'social' | 'entity', taskId: string): Promise<RegisterOutcome | LeftTask> {
  return workTask<SocialTask, RegisterOutcome>({
    flow,
    taskId,
    waiting: 'register',
    working: 'registering',
    read: () => manager.readTask(flow, taskId, 'register'),
    begin: (task) => {
      const registration = openRegistration(task);
      return {
        run: () => registerAccount(task, registration),
        judge: (error, overdue) => judgeRegistration(error, registration, overdue),
      };
    },
  });
}
