import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { type Flow, flows, type TaskFlow } from '../contracts/flows.ts';
import { searchAttributes, type Workflows } from '../contracts/workflows.ts';
import { ofTypes } from './list-query.ts';
import { taskQueues } from './task-queues.ts';
import { taskWorkflowId } from './workflow-ids.ts';

export interface StartableTask {
  id: string;
  /** The status that the task waits in, or waited in before it was left behind; it tells the phase of an entity task. */
  status: string;
  /** It was started before, by a workflow that closed without a report. */
  adopted?: boolean;
  domain?: string | undefined;
  requestId?: string | undefined;
}

/** What a flow's workflow is started with. */
const makeArguments = {
  social: ({ id, adopted }) => (adopted ? [id, true] : [id]),
  entity: ({ id, status, adopted }) => {
    const phase = status === 'connect' ? 'connect' : 'register';
    return adopted ? [id, phase, true] : [id, phase];
  },
} satisfies {
  [Name in TaskFlow]: (task: StartableTask) => Parameters<Workflows[(typeof flows)[Name]['startedWorkflow']]>;
};

/** Starts a task's workflow, unless one is open for it: a task is never worked by two workflows at a time. */
export async function startTask(client: Client, flow: TaskFlow, task: StartableTask): Promise<'started' | 'open'> {
  const { flow: flowKey, domain, request } = searchAttributes;
  try {
    await client.workflow.start(flows[flow].startedWorkflow, {
      workflowId: taskWorkflowId(flow, task.id),
      taskQueue: taskQueues.workflows,
      args: makeArguments[flow](task),
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
    `${ofTypes([flows[flow].startedWorkflow])} AND ExecutionStatus = "Running"`,
  );
  return count;
}
