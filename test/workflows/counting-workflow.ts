let runs = 0;

/** Counts the runs that share its module's state: each must be the first in its own. */
export async function countRuns(): Promise<number> {
  runs += 1;
  return Promise.resolve(runs);
}
