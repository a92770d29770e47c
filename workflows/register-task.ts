import type { LeftTask, RegisterOutcome } from '../contracts/outcomes.ts';
import type { SocialTask } from '../contracts/social.ts';
import { AtSite } from './at-site.ts';
import type { Registration } from './make-account.ts';
import { judgeFailure, registerAccount } from './register-account.ts';
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
      const registration: Registration = {
        task,
        site: new AtSite(task.domain),
        marked: { unreadable: 'the mailbox was not looked at' },
        maybeMade: false,
        usable: false,
      };
      return {
        run: () => registerAccount(registration),
        judge: (error, overdue) => judgeFailure(error, registration, overdue),
      };
    },
  });
}
