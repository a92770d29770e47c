import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { type Flow, taskWorkflows } from '../contracts/flows.ts';
import { searchAttributes } from '../contracts/workflows.ts';
import { ofTypes } from './list-query.ts';
import { readTaskWorkflowId, taskWorkflowId } from './workflow-ids.ts';

const unreported = `${ofTypes(taskWorkflows)} AND ExecutionStatus IN ("Terminated", "Failed", "TimedOut", "Canceled")`;

/** A task's last workflow. */
export interface LastRun {
  open: boolean;
  /** Its status in a word or two: `running`, `completed`, `terminated`, `timed out` … */
  state: string;
  /** It completed, and did not leave its task alone. */
  reported: boolean;
}

/** The tasks of which a workflow closed without a report, as far as Temporal remembers; each once. */
export async function listUnreported(client: Client): Promise<{ flow: Flow; taskId: string }[]> {
  const tasks = new Map<string, { flow: Flow; taskId: string }>();
  for await (const { workflowId } of client.workflow.list({ query: unreported })) {
    const task = readTaskWorkflowId(workflowId);
    if (task) tasks.set(workflowId, task);
  }
  return [...tasks.values()];
}

/** The status of a task's last workflow; undefined when Temporal remembers none. */
export async function readLastRun(client: Client, flow: Flow, taskId: string): Promise<LastRun | undefined> {
  try {
    const { status, closeTime, typedSearchAttributes } = await client.workflow
      .getHandle(taskWorkflowId(flow, taskId))
      .describe();
    return {
      open: closeTime === undefined,
      state: status.name.toLowerCase().replaceAll('_', ' '),
      reported: status.name === 'COMPLETED' && typedSearchAttributes.get(searchAttributes.outcome) !== 'left',
    };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
