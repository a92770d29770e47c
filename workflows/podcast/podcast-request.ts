import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  ChildWorkflowFailure,
  condition,
  continueAsNew,
  executeChild,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { LeftTask, PodcastOutcome, PodcastRequestOutcome } from '../../contracts/outcomes.ts';
import type { KnownPodcasts, PodcastOptions, PodcastRequestState, WaitingPodcast } from '../../contracts/podcast.ts';
import { searchAttributes, tasksWait, type Workflows, workflows } from '../../contracts/workflows.ts';
import { taskWorkflowId } from '../../temporal/workflow-ids.ts';
import { autoUpgrade } from '../auto-upgrade.ts';
import { setMemo } from '../set-memo.ts';
import { awaitWorkflow, firstOwnPull, longestOwnPull, pullRequest } from '../steps.ts';

/**
 * Works off the podcast tasks of one request: its main sites' first, and a sub-site's only once the manager gives it a
 * feed (contract section 4). Tasks come by signal, and by pulls of its own while sub-sites wait for a main site.
 */
export async function podcastRequest(
  requestId: string,
  options: PodcastOptions,
  state?: PodcastRequestState,
): Promise<PodcastRequestOutcome> {
  const request = new Request(requestId, options, state);
  try {
    return await request.run();
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => request.childrenEnd());
    throw error;
  }
}

// Open for as long as a main site is waited for.
autoUpgrade(podcastRequest);

class Request {
  readonly #requestId: string;
  readonly #options: PodcastOptions;
  readonly #waiting = new Map<string, WaitingPodcast>();
  readonly #open = new Map<string, WaitingPodcast>();
  readonly #ended: Record<string, string>;
  #released: boolean;
  #idleSince: number | undefined;
  /** Something has happened since the last look at what can be started. */
  #news = false;
  #failure: { error: unknown } | undefined;

  constructor(requestId: string, options: PodcastOptions, state?: PodcastRequestState) {
    this.#requestId = requestId;
    this.#options = options;
    this.#ended = state?.ended ?? {};
    this.#released = state?.released ?? false;
    this.#idleSince = state?.idleSince;
    this.#hear(state?.waiting ?? []);
    setHandler(tasksWait, (tasks) => this.#hear(tasks));
  }

  async run(): Promise<PodcastRequestOutcome> {
    upsertSearchAttributes([{ key: searchAttributes.request, value: this.#requestId }]);
    let pause = firstOwnPull;
    for (;;) {
      this.#news = false;
      if (workflowInfo().continueAsNewSuggested) {
        if (this.#open.size === 0) return this.#goOn();
      } else {
        this.#startChildren();
      }
      this.#tell();
      if (this.#waiting.size === 0 && this.#open.size === 0) return this.#conclude();
      setMemo('known', this.#known());

      if (!this.#waitsForFeed()) {
        this.#idleSince = undefined;
        pause = firstOwnPull;
        await this.#hearNews();
        continue;
      }
      this.#idleSince ??= Date.now();
      const deadline = this.#idleSince + this.#options.mainWaitMs;
      if (await this.#hearNews(pause)) continue;
      if (this.#open.size === 0 && Date.now() >= deadline) return this.#conclude();
      await this.#pull();
      pause = Math.min(pause * 2, longestOwnPull, Math.max(deadline - Date.now(), firstOwnPull));
    }
  }

  async childrenEnd(): Promise<void> {
    await condition(() => this.#open.size === 0);
  }

  /** Takes in what waits at the manager. A pull may be older than what is known here, so a sub-site never loses its feed. */
  #hear(tasks: WaitingPodcast[]): void {
    for (const task of tasks) {
      const begun = this.#open.has(task.id) || this.#ended[task.id] !== undefined;
      if (begun && !task.main && !task.hasFeed) continue;
      const known = this.#waiting.get(task.id);
      this.#waiting.set(task.id, {
        ...task,
        hasFeed: task.hasFeed || (known?.hasFeed ?? false),
        adopt: task.adopt ?? known?.adopt,
      });
      this.#news = true;
    }
  }

  /** Waits for a signal or the end of a child. @returns whether there was one, false after `timeoutMs` */
  async #hearNews(timeoutMs?: number): Promise<boolean> {
    const isNews = () => this.#news || this.#failure !== undefined;
    const heard =
      timeoutMs === undefined ? await condition(isNews).then(() => true) : await condition(isNews, timeoutMs);
    if (this.#failure !== undefined) throw this.#failure.error;
    return heard;
  }

  /** Sub-sites wait for a feed, and no main site is at work that could bring it. */
  #waitsForFeed(): boolean {
    const mainOpen = [...this.#open.values()].some(({ main }) => main);
    return !mainOpen && [...this.#waiting.values()].some(({ main, hasFeed }) => !main && !hasFeed);
  }

  #startChildren(): void {
    for (const task of [...this.#waiting.values()]) {
      if (this.#open.has(task.id) || !(task.main || task.hasFeed)) continue;
      if (!task.main && [...this.#open.values()].filter(({ main }) => !main).length >= this.#options.atOnce) continue;
      this.#waiting.delete(task.id);
      this.#open.set(task.id, task);
      void this.#work(task);
    }
  }

  async #work(task: WaitingPodcast): Promise<void> {
    try {
      const end = await runChild(this.#requestId, task);
      this.#note(task, end);
      if (task.main && end.outcome === 'completed') {
        this.#released = true;
        // Sub-sites that waited, or were withheld until now, have their feed now.
        await this.#pull();
      }
    } catch (error) {
      if (!isCancellation(error)) this.#failure = { error };
    } finally {
      this.#open.delete(task.id);
      this.#news = true;
    }
  }

  #note(task: WaitingPodcast, end: ChildEnd): void {
    const { id } = task;
    if (end.outcome !== 'left') this.#ended[id] = end.outcome;
    else if (end.reason === 'no feed') {
      // The manager showed a feed, and shows none any more.
      if (!this.#waiting.has(id)) this.#waiting.set(id, { ...task, hasFeed: false });
    } else this.#ended[id] ??= `left: ${end.reason}`;
  }

  /** Pulls for itself: reads what the manager has waiting of this request, and each sub-site again that waits here. */
  async #pull(): Promise<void> {
    const bare = [...this.#waiting.values()].filter(({ main, hasFeed }) => !main && !hasFeed).map(({ id }) => id);
    const { tasks, gone } = await pullRequest(this.#requestId, bare);
    for (const id of gone) {
      this.#waiting.delete(id);
      this.#ended[id] ??= 'left: gone';
    }
    this.#hear(tasks.filter(({ id }) => !this.#open.has(id)));
  }

  #goOn(): Promise<never> {
    const state: PodcastRequestState = {
      waiting: [...this.#waiting.values()],
      ended: this.#ended,
      released: this.#released,
      idleSince: this.#idleSince,
    };
    return continueAsNew<typeof podcastRequest>(this.#requestId, this.#options, state);
  }

  #known(): KnownPodcasts {
    return Object.fromEntries([...this.#waiting, ...this.#open].map(([id, { hasFeed }]) => [id, { hasFeed }]));
  }

  #tell(): void {
    const done = Object.values(this.#ended).filter((outcome) => outcome === 'completed').length;
    const parts = [`${done} completed`, `${this.#open.size} at work`, `${this.#waiting.size} waiting`];
    setCurrentDetails(parts.join(', ') + (this.#waitsForFeed() ? ' for the feed of a main site' : ''));
  }

  #conclude(): PodcastRequestOutcome {
    const tasks = { ...this.#ended };
    for (const id of this.#waiting.keys()) tasks[id] = 'waiting';
    const left = this.#waiting.size;
    const short = Object.values(tasks).filter((outcome) => outcome !== 'completed').length;
    const reason =
      left > 0
        ? `${left} sub-sites were left unstarted: ${this.#released ? 'the manager gave them no feed' : 'no main site brought a feed'} in ${this.#options.mainWaitMs / 3_600_000} hours`
        : short > 0
          ? `${short} of ${Object.keys(tasks).length} tasks did not complete`
          : undefined;
    const end: PodcastRequestOutcome = { outcome: reason === undefined ? 'completed' : 'incomplete', reason, tasks };
    setCurrentDetails(reason ? `${end.outcome}: ${reason}` : end.outcome);
    upsertSearchAttributes([{ key: searchAttributes.outcome, value: end.outcome }]);
    return end;
  }
}

/** How a child ended; `lost` when it was terminated or failed, and `cancelled` when it was before its task's start: neither reported anything. */
type ChildEnd = PodcastOutcome | LeftTask | { outcome: 'lost' | 'cancelled' };

/** Runs one task's workflow, or waits for the one that is open for it already. */
async function runChild(requestId: string, { id, domain, adopt }: WaitingPodcast): Promise<ChildEnd> {
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
    if (error instanceof WorkflowExecutionAlreadyStartedError) return (await awaitWorkflow(workflowId)) as ChildEnd;
    if (!(error instanceof ChildWorkflowFailure) || CancellationScope.current().consideredCancelled) throw error;
    return { outcome: isCancellation(error) ? 'cancelled' : 'lost' };
  }
}
