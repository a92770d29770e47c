/** What bounds one run of a step, whoever runs it: a worker, or a command. */
export interface StepLimits {
  /** Aborts on cancellation, and at the deadline. */
  signal: AbortSignal;
  /** On the clock of `performance.now()`, in ms. */
  deadline: number;
  /** Whether it was the deadline that aborted. */
  isOverdue: () => boolean;
  /** Whether the step was cancelled. */
  isCancelled: () => boolean;
  /** Which try of the step this is, from 1. */
  attempt: number;
}

/** Runs with a local deadline: a server's time-out alone would not stop what runs here. */
export async function limitTime<Result>(
  { timeMs, cancelled, attempt }: { timeMs: number; cancelled: AbortSignal; attempt: number },
  run: (limits: StepLimits) => Promise<Result>,
): Promise<Result> {
  const begun = performance.now();
  const overdue = new AbortController();
  const timer = setTimeout(() => overdue.abort(new Error("the step's time is over")), timeMs);
  const isCancelled = () => cancelled.aborted;
  try {
    return await run({
      signal: AbortSignal.any([cancelled, overdue.signal]),
      deadline: begun + timeMs,
      isOverdue: () => overdue.signal.aborted && !isCancelled(),
      isCancelled,
      attempt,
    });
  } finally {
    clearTimeout(timer);
  }
}
