import { proxyActivities } from '@temporalio/workflow';
import type { ManagerActivities } from '../../activities/manager.ts';

type Reporting = Pick<ManagerActivities, 'startTask' | 'completeTask' | 'failTask'>;

/** Makes one call to the manager under the server's retries, as quick as a test wants them. */
export async function report<Name extends keyof Reporting>(
  taskQueue: string,
  name: Name,
  args: Parameters<Reporting[Name]>,
): Promise<unknown> {
  const activities = proxyActivities<Record<string, (...given: unknown[]) => Promise<unknown>>>({
    taskQueue,
    startToCloseTimeout: '5 seconds',
    retry: { initialInterval: '300 milliseconds', backoffCoefficient: 1, maximumAttempts: 10 },
  });
  return activities[name]!(...args);
}

/** Runs an activity that fails once and is not tried again. */
export async function failOnce(secret: string): Promise<void> {
  const { failWithSecrets } = proxyActivities<{ failWithSecrets(secret: string): Promise<void> }>({
    startToCloseTimeout: '10 seconds',
    retry: { maximumAttempts: 1 },
  });
  await failWithSecrets(secret);
}
