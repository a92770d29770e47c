import {
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { PodcastRequestOutcome } from '../../contracts/outcomes.ts';
import type { PodcastOptions, PodcastRequestState, WaitingPodcast } from '../../contracts/podcast.ts';
import { searchAttributes, tasksWait, type Workflows } from '../../contracts/workflows.ts';
import { autoUpgrade } from '../auto-upgrade.ts';
import { setMemo } from '../set-memo.ts';
import { firstOwnPull, longestOwnPull, pullRequest } from '../steps.ts';
import {
  addPulled,
  addWaiting,
  conclude,
  describeProgress,
  listKnown,
  listWithoutFeed,
  noteEnd,
  openStartable,
  readState,
  type RequestTasks,
  waitsForFeed,
} from './request-state.ts';
import { runChild } from './run-child.ts';

/**
 * Works off the podcast tasks of one request: its main sites' first, and a sub-site's only once the manager gives it a
 * feed (docs/api-contract.md#podcast-request). Tasks come by signal, and by pulls of its own while sub-sites wait for a
 * main site.
 */
export async function podcastRequest(
  requestId: string,
  options: PodcastOptions,
  state?: PodcastRequestState,
): Promise<PodcastRequestOutcome> {
  const run = new RequestRun(requestId, options, state);
  try {
    return await run.work();
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => run.childrenEnd());
    throw error;
  }
}

// It is open as long as a main site is waited for.
autoUpgrade(podcastRequest);

class RequestRun {
  readonly #requestId: string;
  readonly #options: PodcastOptions;
  readonly #tasks: RequestTasks;
  /** Since when sub-sites wait while no main site is at work, in ms since 1970. */
  #idleSince: number | undefined;
  /** Something has happened since the last look at what can be started. */
  #changed = false;
  #failure: { error: unknown } | undefined;

  constructor(requestId: string, options: PodcastOptions, state: PodcastRequestState | undefined) {
    this.#requestId = requestId;
    this.#options = options;
    this.#tasks = readState(state);
    this.#idleSince = state?.idleSince;
    setHandler(tasksWait, (waiting) => {
      if (addWaiting(this.#tasks, waiting)) this.#changed = true;
    });
  }

  async work(): Promise<PodcastRequestOutcome> {
    const { mainWaitMs, atOnce } = this.#options;
    const { waiting, open } = this.#tasks;
    upsertSearchAttributes([{ key: searchAttributes.request, value: this.#requestId }]);
    let pause = firstOwnPull;
    for (;;) {
      this.#changed = false;
      if (workflowInfo().continueAsNewSuggested) {
        if (open.size === 0) return this.#continueAsNew();
      } else {
        for (const task of openStartable(this.#tasks, atOnce)) void this.#runChild(task);
      }
      setCurrentDetails(describeProgress(this.#tasks));
      if (waiting.size === 0 && open.size === 0) return this.#conclude();
      setMemo('known', listKnown(this.#tasks));

      if (!waitsForFeed(this.#tasks)) {
        this.#idleSince = undefined;
        pause = firstOwnPull;
        await this.#waitForChange();
        continue;
      }
      this.#idleSince ??= Date.now();
      const deadline = this.#idleSince + mainWaitMs;
      if (await this.#waitForChange(pause)) continue;
      if (open.size === 0 && Date.now() >= deadline) return this.#conclude();
      await this.#pull();
      pause = Math.min(pause * 2, longestOwnPull, Math.max(deadline - Date.now(), firstOwnPull));
    }
  }

  async childrenEnd(): Promise<void> {
    await condition(() => this.#tasks.open.size === 0);
  }

  /** Waits for a signal or the end of a child. @returns whether there was one, false after `timeoutMs` */
  async #waitForChange(timeoutMs?: number): Promise<boolean> {
    const isChanged = () => this.#changed || this.#failure !== undefined;
    const changed =
      timeoutMs === undefined ? await condition(isChanged).then(() => true) : await condition(isChanged, timeoutMs);
    if (this.#failure) throw this.#failure.error;
    return changed;
  }

  async #runChild(task: WaitingPodcast): Promise<void> {
    try {
      const end = await runChild(this.#requestId, task);
      noteEnd(this.#tasks, task, end);
      // Sub-sites that waited, or were withheld until now, have their feed now.
      if (task.main && end.outcome === 'completed') await this.#pull();
    } catch (error) {
      if (!isCancellation(error)) this.#failure = { error };
    } finally {
      this.#tasks.open.delete(task.id);
      this.#changed = true;
    }
  }

  /** Reads what the manager has waiting of this request, and each sub-site again that waits here. */
  async #pull(): Promise<void> {
    const pulled = await pullRequest(this.#requestId, listWithoutFeed(this.#tasks));
    if (addPulled(this.#tasks, pulled)) this.#changed = true;
  }

  #continueAsNew(): Promise<never> {
    const { waiting, ended, released } = this.#tasks;
    const state: PodcastRequestState = {
      waiting: [...waiting.values()],
      ended,
      released,
      ...(this.#idleSince !== undefined && { idleSince: this.#idleSince }),
    };
    return continueAsNew<Workflows['podcastRequest']>(this.#requestId, this.#options, state);
  }

  #conclude(): PodcastRequestOutcome {
    const end = conclude(this.#tasks, this.#options.mainWaitMs);
    setCurrentDetails(end.reason ? `${end.outcome}: ${end.reason}` : end.outcome);
    upsertSearchAttributes([{ key: searchAttributes.outcome, value: end.outcome }]);
    return end;
  }
}
