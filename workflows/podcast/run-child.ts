import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { CancellationScope, ChildWorkflowFailure, executeChild, isCancellation } from '@temporalio/workflow';
import type { LeftTask, PodcastOutcome } from '../../contracts/outcomes.ts';
import type { WaitingPodcast } from '../../contracts/podcast.ts';
import { searchAttributes, type Workflows, workflows } from '../../contracts/workflows.ts';
import { taskWorkflowId } from '../../temporal/workflow-ids.ts';
import { awaitWorkflow } from '../steps.ts';

/** How a child ended; `lost` when it was terminated or failed, and `cancelled` when it was before its task's start: neither reported anything. */
export type ChildOutcome = PodcastOutcome | LeftTask | { outcome: 'lost' | 'cancelled' };

/** Runs one task's workflow, or waits for the one that is open for it already. */
export async function runChild(requestId: string, { id, domain, adopt }: WaitingPodcast): Promise<ChildOutcome> {
  const workflowId = taskWorkflowId('podcast', id);
  try {
    return await executeChild<Workflows['podcastAccount']>(workflows.podcastAccount.name, {
      workflowId,
      args: adopt ? [id, true] : [id],
      parentClosePolicy: 'ABANDON',
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `podcast account on ${domain}`,
      typedSearchAttributes: [
        { key: searchAttributes.flow, value: 'podcast' },
        { key: searchAttributes.domain, value: domain },
        { key: searchAttributes.request, value: requestId },
      ],
    });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return (await awaitWorkflow(workflowId)) as ChildOutcome;
    if (!(error instanceof ChildWorkflowFailure) || CancellationScope.current().consideredCancelled) throw error;
    return { outcome: isCancellation(error) ? 'cancelled' : 'lost' };
  }
}
