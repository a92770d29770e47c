import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import proto from '@temporalio/proto';
import { searchAttributes, waitsForPerson } from '../contracts/workflows.ts';
import { type TaskQueue, taskQueues } from '../temporal/task-queues.ts';
import { notStarted } from './command.ts';

const lookEveryMs = 1_000;

/** The task queues that no worker has polled lately. */
export async function findIdleQueues(client: Client): Promise<TaskQueue[]> {
  const { TASK_QUEUE_TYPE_WORKFLOW: workflow, TASK_QUEUE_TYPE_ACTIVITY: activity } =
    proto.temporal.api.enums.v1.TaskQueueType;
  const idle: TaskQueue[] = [];
  for (const queue of Object.keys(taskQueues) as TaskQueue[]) {
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: taskQueues[queue] },
      taskQueueType: queue === 'workflows' ? workflow : activity,
    });
    if (pollers.length === 0) idle.push(queue);
  }
  return idle;
}

/** Warns, on stderr, when a workflow that was started has nobody to work on it. */
export async function warnOfIdleQueues(client: Client): Promise<void> {
  const idle = await findIdleQueues(client);
  if (idle.length > 0) {
    process.stderr.write(
      `warning: no worker polls the queue${idle.length > 1 ? 's' : ''} ${idle.join(', ')}: start one with "npm run worker"\n`,
    );
  }
}

/** Waits for a workflow's end and tells its steps on stderr as they begin. @throws WorkflowFailedError */
async function followWorkflow(client: Client, workflowId: string): Promise<unknown> {
  const handle = client.workflow.getHandle(workflowId);
  const ended = new AbortController();
  const tell = async () => {
    let told = '';
    while (!ended.signal.aborted) {
      const { raw, typedSearchAttributes } = await handle.describe();
      const steps = (raw.pendingActivities ?? []).map(
        ({ activityType, attempt }) => `${activityType?.name}${(attempt ?? 1) > 1 ? ` (attempt ${attempt})` : ''}`,
      );
      if (typedSearchAttributes.get(searchAttributes.outcome) === waitsForPerson)
        steps.push(`${waitsForPerson} ("npm run handoff -- list" tells more)`);
      const now = steps.join(', ');
      if (now !== '' && now !== told) process.stderr.write(`${workflowId}: ${now}\n`);
      told = now;
      await sleep(lookEveryMs, undefined, { signal: ended.signal });
    }
  };
  const telling = tell().catch(() => {});
  try {
    return await handle.result();
  } finally {
    ended.abort();
    await telling;
  }
}

/** How a workflow that returned no outcome ended, in one word. */
function readEnd(error: unknown): string {
  if (!(error instanceof WorkflowFailedError)) throw error;
  const cause = error.cause?.name ?? '';
  if (cause.startsWith('Cancelled')) return 'cancelled';
  return cause.startsWith('Terminated') ? 'terminated' : 'failed';
}

/**
 * Ends a starting command: prints the last line, and with `wait` follows the workflow to its end first
 * (docs/api-contract.md#starting-commands).
 */
export async function reportStart(
  client: Client,
  workflowId: string,
  start: { state: 'started' | 'open'; wait?: boolean | undefined; good: string[] },
): Promise<void> {
  const { state, wait, good } = start;
  if (state === 'open') process.stderr.write(`${workflowId} is running already${wait ? ': following it' : ''}\n`);
  await warnOfIdleQueues(client);
  if (!wait) {
    process.stdout.write(`${JSON.stringify({ workflowId, state })}\n`);
    process.exitCode = state === 'open' ? notStarted : 0;
    return;
  }
  const end = await followWorkflow(client, workflowId).then(
    (result) => result as { outcome: string },
    (error: unknown) => ({ outcome: readEnd(error) }),
  );
  process.stdout.write(`${JSON.stringify({ workflowId, ...end })}\n`);
  process.exitCode = good.includes(end.outcome) ? 0 : 1;
}
