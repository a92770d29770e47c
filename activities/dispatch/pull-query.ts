import type { TaskFlow } from '../../temporal/start-task.ts';

/** The most that one pull may ask for (contract section 1). */
export const mostTasks = 1000;

/** What each flow's list is asked for. */
export const pullQuery: Record<TaskFlow, Record<string, string>> = {
  social: { limit: String(mostTasks), status: 'register' },
};
