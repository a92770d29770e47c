import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
  sleep,
  TimeoutFailure,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { VisitResult } from '../../contracts/pace.ts';
import { permitGranted, releasePermit } from '../../contracts/workflows.ts';
import { siteGateId } from '../../temporal/workflow-ids.ts';
import { fail, readFailure } from '../failures.ts';
import { Handoff, type HandoffTask } from '../handoff.ts';
import { lease, longestNeverStartedPause, neverStartedPause, nonRetryable, pace, type SiteStep } from '../steps.ts';

/** Runs steps at one site, each with a permit of the site's gate. */
export class AtSite {
  readonly #domain: string;
  readonly #granted = new Set<string>();
  readonly handoff: Handoff;

  constructor(task: HandoffTask) {
    this.#domain = task.domain;
    this.handoff = new Handoff(task);
    setHandler(permitGranted, (permitId) => {
      this.#granted.add(permitId);
    });
  }

  /**
   * Runs one step, retried as its entry in `steps.ts` says; each try has its own permit. A step that was handed to a
   * person is tried again when they say that it is done, except one that makes an account: its caller looks first.
   *
   * @param prepare what comes before each try, and needs no permit
   * @throws the last try's failure
   */
  async run<Result>(step: SiteStep, act: () => Promise<Result>, prepare?: () => Promise<void>): Promise<Result> {
    let unheard = 0;
    for (let tried = 1; ;) {
      try {
        await prepare?.();
        return await this.#once(step, act);
      } catch (error) {
        if (isNeverStarted(error)) {
          unheard += 1;
          await sleep(Math.min(unheard * neverStartedPause, longestNeverStartedPause));
        } else if (isTransient(error) && tried < step.tries) {
          await sleep(nextPause(error, step, tried));
          tried += 1;
        } else {
          await this.#letPersonFinish(step, error);
          tried = 1;
        }
      }
    }
  }

  /** @throws the failure, when no person says that the step is done */
  async #letPersonFinish(step: SiteStep, error: unknown): Promise<void> {
    const failure = readFailure(error);
    if (step.creating || !this.handoff.isFor(failure)) throw error;
    const refusal = await this.handoff.wait(step, failure);
    if (refusal !== undefined) throw fail(failure.kind, `${failure.reason}; ${refusal}`);
  }

  async #once<Result>(step: SiteStep, act: () => Promise<Result>): Promise<Result> {
    const permitId = uuid4();
    let end: VisitResult = { site: 'unknown' };
    try {
      const { runId, workflowId } = workflowInfo();
      await pace.requestPermit(this.#domain, {
        permitId,
        workflowId,
        runId,
        creating: step.creating,
        leaseMs: lease(step),
      });
      await condition(() => this.#granted.has(permitId));
      const result = await act();
      end = { site: 'fine' };
      return result;
    } catch (error) {
      end = readEnd(error);
      throw error;
    } finally {
      // A closed gate holds no permits.
      const gate = getExternalWorkflowHandle(siteGateId(this.#domain));
      await CancellationScope.nonCancellable(() => gate.signal(releasePermit, permitId, end).catch(() => {}));
    }
  }
}

/** What a step's failure says of the site. */
function readEnd(error: unknown): VisitResult {
  const { kind, overloaded, retryAfterMs } = readFailure(error);
  if (kind === 'Challenge') return { site: 'human check' };
  return overloaded ? { site: 'overloaded', ...(retryAfterMs !== undefined && { retryAfterMs }) } : { site: 'unknown' };
}

/** No worker took the step in time, so nothing of it was done. */
export function isNeverStarted(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof TimeoutFailure &&
    error.cause.timeoutType === 'SCHEDULE_TO_START'
  );
}

function isTransient(error: unknown): boolean {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) return false;
  return (
    !(error.cause instanceof ApplicationFailure) ||
    !nonRetryable.some((kind) => kind === (error.cause as ApplicationFailure).type)
  );
}

function nextPause(error: unknown, step: SiteStep, tried: number): number {
  const { retryAfterMs = 0, submitted } = readFailure(error);
  const settling = step.settles && submitted ? step.time : 0;
  return Math.max(retryAfterMs, settling, Math.min(step.firstPause * 2 ** (tried - 1), step.longestPause));
}
