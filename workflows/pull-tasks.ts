import { proxyActivities } from '@temporalio/workflow';
import type { DispatchActivities } from '../activities/dispatch.ts';
import type { DispatchResult } from '../contracts/dispatch.ts';
import type { Flow } from '../contracts/flows.ts';
import { taskQueues } from '../temporal/task-queues.ts';

// The next run of the schedule pulls again, so a manager that is down is not waited for here.
const { dispatchTasks } = proxyActivities<DispatchActivities>({
  taskQueue: taskQueues.services,
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { maximumAttempts: 3 },
});

/** Pulls a flow's tasks once and starts a workflow for each that can be worked. Run by a Schedule. */
export function pullTasks(flow: Flow): Promise<DispatchResult> {
  return dispatchTasks(flow);
}
