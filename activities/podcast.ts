import { cancellationSignal } from '@temporalio/activity';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import type { WaitingPodcast } from '../contracts/podcast.ts';
import { listWaiting, readWaiting, type Waiting } from '../services/dispatch/waiting-podcasts.ts';
import { beatWhile } from './heartbeat.ts';
import { orRetry } from './manager.ts';

/** What a podcast request's own pull found. */
export interface RequestPull {
  tasks: WaitingPodcast[];
  /** Those of the named tasks that can no longer be worked: deleted, or of a domain that is not enabled. */
  gone: string[];
}

export function createPodcastActivities(waiting: Waiting & { client: Client }) {
  return {
    /**
     * The request's tasks that wait at the manager, and the named ones, each of which is read again where the list does
     * not have its feed.
     */
    async pullRequest(requestId: string, ids: string[]): Promise<RequestPull> {
      const signal = cancellationSignal();
      const listed = await orRetry(() => listWaiting(waiting, requestId, signal));
      const found = new Map(listed.map((task) => [task.id, task]));
      const gone: string[] = [];
      for (const id of ids) {
        if (found.get(id)?.hasFeed) continue;
        const task = await orRetry(() => readWaiting(waiting, id, signal));
        if (task) found.set(id, task);
        else gone.push(id);
      }
      return { tasks: [...found.values()], gone };
    },

    /** Waits for a workflow that was started elsewhere and gives its result; `lost` when it ended without one. */
    awaitWorkflow(workflowId: string): Promise<unknown> {
      return beatWhile(async () => {
        try {
          const result: unknown = await waiting.client.withAbortSignal(cancellationSignal(), () =>
            waiting.client.workflow.getHandle(workflowId).result(),
          );
          return result;
        } catch (error) {
          if (error instanceof WorkflowFailedError) return { outcome: 'lost' };
          throw error;
        }
      });
    },
  };
}

export type PodcastActivities = ReturnType<typeof createPodcastActivities>;
