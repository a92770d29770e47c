import { expect, test } from 'vitest';
import { accounts, type Manager, onEachDatabase } from './harness.ts';
import { phases } from './phases.ts';

const report = { email: 'real@brand.example', password: 'Real-pass-1' };
const times = 20;

onEachDatabase('simultaneous calls', (bench) => {
  /** Sends calls in turns to two managers over the same database, all at once. */
  async function storm(call: (manager: Manager, index: number) => Promise<{ status: number }>): Promise<number[]> {
    const managers = [bench.manager, await bench.another()];
    const answers = await Promise.all(Array.from({ length: times }, (_, index) => call(managers[index % 2]!, index)));
    return answers.map(({ status }) => status).sort();
  }
  const oneWins = [200, ...Array<number>(times - 1).fill(409)];

  test.each(phases.filter(({ type }) => type !== 'podcast'))(
    'of twenty starts of a task of $phase one wins',
    async ({ type, links, account }) => {
      const {
        ids: [id],
      } = await bench.manager.make({ type, accounts: [{ ...accounts(1)[0]!, ...account }] });
      expect(await storm((manager) => manager.post(`${links}/${id}/start`))).toEqual(oneWins);
      expect(await bench.manager.history(id!)).toHaveLength(2);
    },
  );

  test('twenty starts of a podcast task all succeed, and start it once', async () => {
    const {
      ids: [id],
    } = await bench.manager.make({ type: 'podcast', accounts: accounts(1) });
    expect(await storm((manager) => manager.post(`/api/v1/podcast_account/links/${id}/start`))).toEqual(
      Array(times).fill(200),
    );
    expect(await bench.manager.history(id!)).toHaveLength(2);
  });

  test.each(phases)(
    'of twenty reports on a task of $phase, complete and fail mixed, one wins',
    async ({ type, links, account }) => {
      const {
        ids: [id],
      } = await bench.manager.make({ type, accounts: [{ ...accounts(1)[0]!, ...account }] });
      const path = `${links}/${id}`;
      await bench.manager.post(`${path}/start`);
      // An entity's only task goes on to its next phase at once, where the losers' reports come from the wrong status too.
      const statuses = await storm((manager, index) =>
        index % 4 < 2
          ? manager.post(`${path}/complete`, report)
          : manager.post(`${path}/fail`, { error_message: 'x', status: 'register_failed' }),
      );
      expect(statuses).toEqual(oneWins);
      expect((await bench.manager.history(id!)).filter((line) => line.endsWith('by worker'))).toHaveLength(2);
    },
  );

  test('of two last completes at once, one sees that nobody is at work any more', async () => {
    const { ids } = await bench.manager.make({ type: 'entity', accounts: accounts(2) });
    for (const id of ids) await bench.manager.post(`/api/v1/entity/links/${id}/start`);
    await bench.slow('task_history', 'committed', 0.1, async () => {
      await Promise.all(ids.map((id) => bench.manager.post(`/api/v1/entity/links/${id}/complete`, report)));
    });
    for (const id of ids) expect(await bench.manager.status(id)).toBe('connect');
  });

  test('deletions and completes at once leave no task waiting', async () => {
    const { ids } = await bench.manager.make({ type: 'entity', accounts: accounts(times) });
    for (const id of ids) await bench.manager.post(`/api/v1/entity/links/${id}/start`);
    await storm((manager, index) =>
      index % 4 < 2
        ? manager.post(`/api/v1/entity/links/${ids[index]}/complete`, report)
        : manager.admin('DELETE', `/tasks/${ids[index]}`),
    );
    for (const [index, id] of ids.entries()) if (index % 4 < 2) expect(await bench.manager.status(id)).toBe('connect');
  });

  test('of twenty requests for the same accounts, in whatever order, one is made', async () => {
    const same = accounts(5);
    await bench.slow('tasks', 'written', 0.005, async () => {
      const statuses = await storm((manager, index) =>
        manager.admin('POST', '/requests', {
          type: 'social',
          website: 'https://brand.example',
          accounts: index % 2 ? same : [...same].reverse(),
        }),
      );
      expect(statuses).toEqual([201, ...Array<number>(times - 1).fill(409)]);
    });
    expect((await bench.manager.get('/api/v1/social_account/links?limit=1000')).body.data).toHaveLength(5);
  });
});
