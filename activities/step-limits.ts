import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';

/** How much earlier than the server a step gives up, so that its browser is gone before another attempt begins. */
const marginMs = 10_000;
const heartbeatEveryMs = 2_000;

export interface StepLimits {
  /** Aborts on cancellation, on the worker's shutdown and at the local deadline. */
  signal: AbortSignal;
  /** The local deadline on the clock of `performance.now()`, in ms. */
  deadline: number;
  /** Whether it was the deadline that aborted. */
  isOverdue(): boolean;
}

/**
 * Runs an activity's body under heartbeats, from its very first line to its end, and a local deadline a little before
 * the server's time-out: a time-out on the server alone would not stop what runs here.
 */
export async function withinLimits<Result>(run: (limits: StepLimits) => Promise<Result>): Promise<Result> {
  const begun = performance.now();
  heartbeat();
  const beating = setInterval(() => heartbeat(), heartbeatEveryMs);
  const overdue = new AbortController();
  const { startToCloseTimeoutMs } = activityInfo();
  const deadline = begun + startToCloseTimeoutMs - Math.min(marginMs, startToCloseTimeoutMs / 4);
  const timer = setTimeout(() => overdue.abort(new Error("the step's time is over")), deadline - begun);
  const signal = AbortSignal.any([cancellationSignal(), overdue.signal]);
  try {
    return await run({ signal, deadline, isOverdue: () => overdue.signal.aborted && !cancellationSignal().aborted });
  } finally {
    clearTimeout(timer);
    clearInterval(beating);
  }
}
