import { expect, test } from 'vitest';
import { accounts, type Manager, onEachDatabase } from './harness.ts';

const flows = [
  {
    type: 'entity',
    links: '/api/v1/entity/links',
    waiting: 'connect',
    busy: 'connecting',
    failed: 'connect_failed',
    spent: 'connect_failed',
  },
  {
    type: 'podcast',
    links: '/api/v1/podcast_account/links',
    waiting: 'pending',
    busy: 'running',
    failed: 'failed',
    spent: 'final_failed',
  },
] as const;

onEachDatabase('retry manager', (bench) => {
  async function make(type: 'entity' | 'podcast', retries: number): Promise<string> {
    const { ids } = await bench.manager.make({
      type,
      max_retries: retries,
      accounts: [{ domain: 'a.test', email: 'me@brand.example', link_profile: 'https://a.test/u/me' }],
    });
    return ids[0]!;
  }
  async function fail(manager: Manager, links: string, id: string): Promise<void> {
    expect((await manager.post(`${links}/${id}/start`)).status).toBe(200);
    expect((await manager.post(`${links}/${id}/fail`, { error_message: 'down' })).status).toBe(200);
  }
  const until = (id: string, status: string) =>
    expect.poll(() => bench.manager.status(id), { timeout: 10_000, interval: 20 }).toBe(status);

  test.each(flows)(
    'queues a failed $type task again until its retries are spent',
    async ({ type, links, waiting, spent }) => {
      const hasty = await bench.another({ retryDelay: 20 });
      const id = await make(type, 2);
      for (let attempt = 0; attempt < 2; attempt++) {
        await fail(hasty, links, id);
        await until(id, waiting);
      }
      await fail(hasty, links, id);
      expect(await bench.manager.status(id)).toBe(spent);
      const { body } = await bench.manager.admin('GET', `/tasks/${id}`);
      expect(body.data).toMatchObject({ retry_count: 2, retry_at: null });
      expect((await bench.manager.history(id)).filter((line) => line.includes(`→ ${waiting} by manager`))).toHaveLength(
        2,
      );
    },
  );

  test.each(flows)(
    'waits before it does, longer with each try of a $type task',
    async ({ type, links, waiting, failed }) => {
      const hasty = await bench.another({ retryDelay: 20 });
      const id = await make(type, 5);
      const delay = async () => {
        const { body } = await bench.manager.admin('GET', `/tasks/${id}`);
        return Math.round((Date.parse(body.data.retry_at) - Date.parse(body.data.history.at(-1).at)) / 1000);
      };
      await fail(bench.manager, links, id);
      expect(await bench.manager.status(id)).toBe(failed);
      expect(await delay()).toBe(60);
      await bench.db
        .updateTable('tasks')
        .set({ retry_at: new Date(0) })
        .where('id', '=', id)
        .execute();
      await until(id, waiting);
      await fail(bench.manager, links, id);
      expect(await delay()).toBe(120);
      expect((await hasty.get('/healthz')).status).toBe(200);
    },
  );

  test('of two managers over one database, one queues a task again', async () => {
    const { ids } = await bench.manager.make({
      type: 'podcast',
      accounts: Array.from({ length: 10 }, (_, index) => ({ domain: `s${index}.test`, email: 'me@brand.example' })),
    });
    for (const id of ids) await fail(bench.manager, '/api/v1/podcast_account/links', id);
    await bench.db
      .updateTable('tasks')
      .set({ retry_at: new Date(0) })
      .execute();
    await bench.slow('task_history', 'committed', 0.02, async () => {
      await Promise.all([bench.another({ retryDelay: 20 }), bench.another({ retryDelay: 20 })]);
      for (const id of ids) await until(id, 'pending');
    });
    for (const id of ids) {
      expect((await bench.manager.history(id)).filter((line) => line === 'failed → pending by manager')).toHaveLength(
        1,
      );
    }
  });

  test.each(flows)(
    'of two managers over one database and 200 $type tasks that always fail, queues each again exactly as often as it may',
    async (flow) => {
      const { type, links, waiting, busy, failed, spent } = flow;
      const managers = [await bench.another({ retryDelay: 1 }), await bench.another({ retryDelay: 1 })];
      const { requestId, ids } = await bench.manager.make({
        type,
        max_retries: 3,
        accounts: accounts(200).map((account, index) => ({
          ...account,
          link_profile: `https://site${index}.test/u/me`,
        })),
      });
      const isOver = async () =>
        (await bench.manager.admin('GET', `/requests/${requestId}`)).body.data.status === 'completed';
      const pull = async (manager: Manager) => (await manager.get(`${links}?limit=1000`)).body.data as { id: string }[];
      for (let round = 0; !(await isOver()); round++) {
        const tasks = await pull(managers[round % 2]!);
        for (let first = 0; first < tasks.length; first += 20) {
          await Promise.all(
            tasks.slice(first, first + 20).map(({ id }, index) => fail(managers[index % 2]!, links, id)),
          );
        }
      }

      const attempt = [`${waiting} → ${busy} by worker`, `${busy} → ${failed} by worker`];
      const again = `${failed} → ${waiting} by manager`;
      const end = spent === failed ? [] : [`${failed} → ${spent} by manager`];
      const expected = [
        `null → ${waiting} by admin`,
        ...attempt,
        again,
        ...attempt,
        again,
        ...attempt,
        again,
        ...attempt,
        ...end,
      ];
      for (const id of ids) {
        expect(await bench.manager.history(id)).toEqual(expected);
        expect((await bench.manager.admin('GET', `/tasks/${id}`)).body.data).toMatchObject({
          status: spent,
          retry_count: 3,
          retry_at: null,
        });
      }
      expect(await pull(bench.manager)).toEqual([]);
    },
    60_000,
  );

  test.each(flows)(
    'queues a $type task again three times when its request says nothing else',
    async ({ type, links, failed }) => {
      const {
        requestId,
        ids: [id],
      } = await bench.manager.make({ type, accounts: [{ ...accounts(1)[0]!, link_profile: 'https://a.test/u/me' }] });
      expect((await bench.manager.admin('GET', `/requests/${requestId}`)).body.data.max_retries).toBe(3);
      await bench.db.updateTable('tasks').set({ retry_count: 2 }).execute();
      await fail(bench.manager, links, id!);
      expect((await bench.manager.admin('GET', `/tasks/${id}`)).body.data).toMatchObject({
        status: failed,
        retry_at: expect.any(String),
      });
    },
  );

  test.each(['social', 'entity'] as const)('never queues the failed registration of a %s task again', async (type) => {
    const hasty = await bench.another({ retryDelay: 1 });
    const base = type === 'social' ? '/api/v1/social_account/links' : '/api/v1/entity/links';
    const {
      ids: [id],
    } = await bench.manager.make({ type, accounts: accounts(1) });
    await fail(hasty, base, id!);
    expect((await bench.manager.admin('GET', `/tasks/${id}`)).body.data).toMatchObject({
      status: 'final_failed',
      retry_at: null,
    });
    const later = await make('podcast', 1);
    await fail(hasty, '/api/v1/podcast_account/links', later);
    await until(later, 'pending');
    expect((await bench.manager.admin('GET', `/tasks/${id}`)).body.data).toMatchObject({
      status: 'final_failed',
      retry_count: 0,
    });
  });

  test('leaves a deleted task alone', async () => {
    const id = await make('podcast', 3);
    await fail(bench.manager, '/api/v1/podcast_account/links', id);
    await bench.manager.admin('DELETE', `/tasks/${id}`);
    const other = await bench.manager.make({
      type: 'podcast',
      accounts: [{ domain: 'b.test', email: 'me@brand.example' }],
    });
    const hasty = await bench.another({ retryDelay: 20 });
    await fail(hasty, '/api/v1/podcast_account/links', other.ids[0]!);
    await until(other.ids[0]!, 'pending');
    const row = await bench.db.selectFrom('tasks').select('status').where('id', '=', id).executeTakeFirstOrThrow();
    expect(row.status).toBe('failed');
  });
});
