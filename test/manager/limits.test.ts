import { describe, expect, test } from 'vitest';
import { accounts, adminKey, onEachDatabase } from './harness.ts';
import { phases } from './phases.ts';

const refused = ['0', '1001', '-1', '1.5', 'five', '', '1e2', '0x5', '%205', '99999999999999999999', '5&limit=5'];

onEachDatabase('the limit of a list', (bench) => {
  describe.each(phases)('of $phase tasks', ({ type, links, account, waiting }) => {
    const idsOf = async (query: string) =>
      (await bench.manager.get(`${links}?status=${waiting}${query}`)).body.data.map((task: { id: string }) => task.id);

    test('is five when nothing is said, and at most a thousand', async () => {
      const { ids } = await bench.manager.make({
        type,
        accounts: accounts(1001).map((one) => ({ ...one, ...account })),
      });
      expect(await idsOf('')).toEqual(ids.slice(0, 5));
      expect(await idsOf('&limit=1')).toEqual(ids.slice(0, 1));
      expect(await idsOf('&limit=1000')).toEqual(ids.slice(0, 1000));
    });

    test.each(refused)('is not %j', async (limit) => {
      const { status, body } = await bench.manager.get(`${links}?status=${waiting}&limit=${limit}`);
      expect([status, body]).toEqual([400, { success: false, message: expect.stringMatching(/^limit: /) }]);
    });

    test('changes nothing of what the next pull gives', async () => {
      await bench.manager.make({ type, accounts: accounts(3).map((one) => ({ ...one, ...account })) });
      const pull = async () => (await bench.manager.get(`${links}?status=${waiting}`)).body.data;
      const rows = () => bench.db.selectFrom('tasks').selectAll().orderBy('seq').execute();
      const before = await rows();
      const first = await pull();
      expect(first).toHaveLength(3);
      for (const { id } of first) await bench.manager.get(`${links}/${id}?status=${waiting}`);
      expect(await pull()).toEqual(first);
      expect(await rows()).toEqual(before);
    });
  });

  test('of requests follows the same rule', async () => {
    for (let index = 0; index < 6; index++)
      await bench.manager.make({ type: 'social', website: `https://brand${index}.example`, accounts: accounts(1) });
    const list = (query: string) => bench.manager.get(`/api/v1/admin/requests${query}`, { key: adminKey });
    expect((await list('')).body.data).toHaveLength(5);
    expect((await list('?limit=1000')).body.data).toHaveLength(6);
    for (const limit of refused) {
      expect(await list(`?limit=${limit}`)).toMatchObject({
        status: 400,
        body: { success: false, message: expect.stringMatching(/^limit: /) },
      });
    }
  });
});
