import { activityInfo, heartbeat } from '@temporalio/activity';

const beatEveryMs = 2_000;

/**
 * Beats at once and then all the time that it runs, so that a worker that died is noticed in seconds. Each beat repeats
 * what the last attempt's said, unless `run` says something new by `heartbeat` as its last act.
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
