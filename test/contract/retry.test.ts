import { expect, test } from 'vitest';
import { onEachDatabase } from './harness.ts';
import type { Manager } from './harness.ts';

const flows = [
  { type: 'entity', links: '/api/v1/entity/links', waiting: 'connect', failed: 'connect_failed', spent: 'connect_failed' },
  { type: 'podcast', links: '/api/v1/podcast_account/links', waiting: 'pending', failed: 'failed', spent: 'final_failed' },
] as const;

onEachDatabase('retry manager', (bench) => {
  async function make(type: 'entity' | 'podcast', retries: number): Promise<string> {
    const { ids } = await bench.manager.make({
      type, max_retries: retries, accounts: [{ domain: 'a.test', email: 'me@brand.example', link_profile: 'https://a.test/u/me' }],
    });
    return ids[0]!;
  }
  async function fail(manager: Manager, links: string, id: string): Promise<void> {
    await manager.post(`${links}/${id}/start`);
    expect((await manager.post(`${links}/${id}/fail`, { error_message: 'down' })).status).toBe(200);
  }
  const until = (id: string, status: string) => expect.poll(() => bench.manager.status(id), { timeout: 10_000, interval: 20 }).toBe(status);

  test.each(flows)('queues a failed $type task again until its retries are spent', async ({ type, links, waiting, spent }) => {
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
    expect((await bench.manager.history(id)).filter((line) => line.includes(`→ ${waiting} by manager`))).toHaveLength(2);
  });

  test.each(flows)('waits before it does, longer with each try of a $type task', async ({ type, links, waiting, failed }) => {
    const hasty = await bench.another({ retryDelay: 20 });
    const id = await make(type, 5);
    const delay = async () => {
      const { body } = await bench.manager.admin('GET', `/tasks/${id}`);
      return Math.round((Date.parse(body.data.retry_at) - Date.parse(body.data.history.at(-1).at)) / 1000);
    };
    await fail(bench.manager, links, id);
    expect(await bench.manager.status(id)).toBe(failed);
    expect(await delay()).toBe(60);
    await bench.db.updateTable('tasks').set({ retry_at: new Date(0) }).where('id', '=', id).execute();
    await until(id, waiting);
    await fail(bench.manager, links, id);
    expect(await delay()).toBe(120);
    expect((await hasty.get('/healthz')).status).toBe(200);
  });

  test('of two managers over one database, one queues a task again', async () => {
    const { ids } = await bench.manager.make({ type: 'podcast', accounts: Array.from({ length: 10 }, (_, index) => ({ domain: `s${index}.test`, email: 'me@brand.example' })) });
    for (const id of ids) await fail(bench.manager, '/api/v1/podcast_account/links', id);
    await bench.db.updateTable('tasks').set({ retry_at: new Date(0) }).execute();
    await bench.slow('task_history', 'committed', 0.02, async () => {
      await Promise.all([bench.another({ retryDelay: 20 }), bench.another({ retryDelay: 20 })]);
      for (const id of ids) await until(id, 'pending');
    });
    for (const id of ids) {
      expect((await bench.manager.history(id)).filter((line) => line === 'failed → pending by manager')).toHaveLength(1);
    }
  });

  test('leaves a deleted task alone', async () => {
    const id = await make('podcast', 3);
    await fail(bench.manager, '/api/v1/podcast_account/links', id);
    await bench.manager.admin('DELETE', `/tasks/${id}`);
    const other = await bench.manager.make({ type: 'podcast', accounts: [{ domain: 'b.test', email: 'me@brand.example' }] });
    const hasty = await bench.another({ retryDelay: 20 });
    await fail(hasty, '/api/v1/podcast_account/links', other.ids[0]!);
    await until(other.ids[0]!, 'pending');
    const row = await bench.db.selectFrom('tasks').select('status').where('id', '=', id).executeTakeFirstOrThrow();
    expect(row.status).toBe('failed');
  });
});
