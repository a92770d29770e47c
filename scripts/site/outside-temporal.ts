import { asyncLocalStorage, Context, type Info } from '@temporalio/activity';
import { noopMetricMeter } from '@temporalio/common';

const longestStepMs = 5 * 60_000;

/** Runs a step as a worker would, with nobody to tell: heartbeats go nowhere, and Ctrl-C cancels. */
export async function runOutsideTemporal<Result>(run: () => Promise<Result>): Promise<Result> {
  const stopping = new AbortController();
  const stop = () => stopping.abort(new Error('interrupted'));
  process.once('SIGINT', stop);
  const info = { attempt: 1, startToCloseTimeoutMs: longestStepMs } as Info;
  const context = new Context(info, new Promise<never>(() => {}), stopping.signal, () => {}, undefined, undefined as never, noopMetricMeter, {});
  try {
    return await asyncLocalStorage.run(context, run);
  } finally {
    process.off('SIGINT', stop);
  }
}
