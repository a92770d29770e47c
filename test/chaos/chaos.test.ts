import { expect, test } from 'vitest';
import { missingPostgres } from '../support/postgres.ts';
import { faultKinds } from './faults.ts';
import { runChaos } from './run-chaos.ts';

const missing = missingPostgres();
const seed = Number(process.env.CHAOS_SEED ?? 1);

test.skipIf(missing)(
  `whatever dies: one report a task, one account at most, and no report that says what isn't so (seed ${seed}${missing ? `; left out: ${missing}` : ''})`,
  async () => {
    const said: string[] = [];
    const options = { tasks: 60, faults: 25, minutes: 2, hurry: 4, patience: 5, seed };
    const { wrong, tasks, faults, ends, folder } = await runChaos({ ...options, say: (line) => said.push(line) });
    const found = Object.entries(wrong).flatMap(([kind, list]) => list.map((one) => `${kind}: ${one}`));
    const what = [...said, ...found, folder ? `the logs are in ${folder}` : ''].join('\n');
    expect(found, what).toEqual([]);
    // A run in which nothing struck, or nothing was done, proves nothing.
    expect(tasks).toBeGreaterThanOrEqual(60);
    expect(
      Object.values(faults).reduce((sum, times) => sum + times, 0),
      what,
    ).toBeGreaterThanOrEqual(25);
    expect(Object.keys(faults).length).toBeGreaterThanOrEqual(faultKinds.length - 2);
    expect(
      ['social', 'entity', 'podcast'].filter((flow) => !ends[`${flow} completed`]),
      JSON.stringify(ends),
    ).toEqual([]);
  },
  10 * 60_000,
);
