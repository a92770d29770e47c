import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { MiniAppUser } from '../contracts/mini-app.ts';
import { searchAttributes, type Workflows, workflows } from '../contracts/workflows.ts';
import { taskQueues } from './task-queues.ts';
import { miniAppWorkflowId } from './workflow-ids.ts';

/** Starts the registration of a mini-app user, unless one is open for the user. */
export async function startMiniApp(
  client: Client,
  shopId: number,
  user: MiniAppUser,
): Promise<{ workflowId: string; state: 'started' | 'open' }> {
  const workflowId = miniAppWorkflowId(shopId, user.zalo_user_id);
  try {
    await client.workflow.start<Workflows['miniAppRegister']>(workflows.miniAppRegister.name, {
      workflowId,
      taskQueue: taskQueues.workflows,
      args: [user],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: `mini-app user of shop ${shopId}`,
      typedSearchAttributes: new TypedSearchAttributes([{ key: searchAttributes.flow, value: 'mini-app' }]),
    });
    return { workflowId, state: 'started' };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return { workflowId, state: 'open' };
    throw error;
  }
}
