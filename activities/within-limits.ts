import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { limitTime, type StepLimits } from '../services/limit-time.ts';
import { beatWhile } from './heartbeat.ts';

/** How much earlier than the server a step gives up, so that its browser is gone before another attempt begins. */
const marginMs = 10_000;

/**
 * Runs an activity's body with heartbeats from its first line to its end, and a local deadline a little before the
 * server's time-out, which alone would not stop what runs here.
 */
export function withinLimits<Result>(run: (limits: StepLimits) => Promise<Result>): Promise<Result> {
  const { startToCloseTimeoutMs, attempt } = activityInfo();
  const timeMs = startToCloseTimeoutMs - Math.min(marginMs, startToCloseTimeoutMs / 4);
  return beatWhile(() => limitTime({ timeMs, cancelled: cancellationSignal(), attempt }, run));
}
