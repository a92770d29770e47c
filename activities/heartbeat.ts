import { activityInfo, heartbeat } from '@temporalio/activity';

const beatEveryMs = 2_000;

/**
 * Sends a heartbeat at once and then regularly while `run` runs, so that a dead worker is noticed in seconds. Each
 * repeats the details of the last attempt's, unless `run` sends new ones by `heartbeat` as its last act.
 */
export async function beatWhile<Result>(run: () => Promise<Result>): Promise<Result> {
  const { heartbeatDetails } = activityInfo() as { heartbeatDetails?: unknown };
  const beat = () => heartbeat(heartbeatDetails);
  beat();
  const beating = setInterval(beat, beatEveryMs);
  try {
    return await run();
  } finally {
    clearInterval(beating);
  }
}
