import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { Flow } from '../contracts/flows.ts';
import { searchAttributes } from '../contracts/workflows.ts';
import { taskQueues } from './task-queues.ts';
import { taskWorkflowId } from './workflow-ids.ts';

/** The workflow type that is started for a flow's tasks: one per task, for podcasts one per request. */
const startedWorkflows = {
  social: 'socialRegister',
  entity: 'entityConnect',
  podcast: 'podcastRequest',
} satisfies Record<Flow, string>;

/** The flows that start one workflow per task. */
export type TaskFlow = Exclude<Flow, 'podcast'>;

export interface StartableTask {
  id: string;
  /** The status that the task waits in, or waited in before it was left behind; it tells the phase of an entity task. */
  status: string;
  /** It was started before, by a workflow that closed without a report. */
  adopted?: boolean;
  domain?: string;
  requestId?: string;
}

/** Starts a task's workflow, unless one is open for it: a task is never worked by two workflows at a time. */
export async function startTask(client: Client, flow: TaskFlow, task: StartableTask): Promise<'started' | 'open'> {
  const { flow: flowKey, domain, request } = searchAttributes;
  const args = flow === 'entity' ? [task.id, task.status] : [task.id];
  try {
    await client.workflow.start(startedWorkflows[flow], {
      workflowId: taskWorkflowId(flow, task.id),
      taskQueue: taskQueues.workflows,
      args: task.adopted ? [...args, true] : args,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: `${flow} ${task.status}${task.adopted ? ' adopted' : ''}${task.domain ? ` on ${task.domain}` : ''}`,
      typedSearchAttributes: new TypedSearchAttributes([
        { key: flowKey, value: flow },
        ...(task.domain ? [{ key: domain, value: task.domain }] : []),
        ...(task.requestId ? [{ key: request, value: task.requestId }] : []),
      ]),
    });
    return 'started';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'open';
    throw error;
  }
}

/** How many workflows of a flow are open, by the server's count, which lags a little behind. */
export async function countOpen(client: Client, flow: Flow): Promise<number> {
  const { count } = await client.workflow.count(
    `WorkflowType = "${startedWorkflows[flow]}" AND ExecutionStatus = "Running"`,
  );
  return count;
}
