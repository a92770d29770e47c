import { describe, expect, test } from 'vitest';
import { accounts, onEachDatabase } from './harness.ts';
import { phases } from './phases.ts';

const notFound = { status: 404, body: { success: false, message: 'task not found' } };

onEachDatabase('a deleted task', (bench) => {
  describe.each(phases)('of $phase', ({ type, links, account, waiting, busy, report, failure }) => {
    test.each([waiting, busy, 'done'])('is found by no call, when it was %s', async (when) => {
      const {
        ids: [id],
      } = await bench.manager.make({ type, max_retries: 0, accounts: [{ ...accounts(1)[0]!, ...account }] });
      if (when !== waiting) await bench.manager.post(`${links}/${id}/start`);
      if (when === 'done') await bench.manager.post(`${links}/${id}/complete`, report);
      expect(await bench.manager.admin('DELETE', `/tasks/${id}`)).toMatchObject({
        status: 200,
        body: { success: true },
      });
      const call = (path: string, body?: object) => bench.manager.post(`${links}/${id}/${path}`, body);
      for (const answer of [
        await bench.manager.get(`${links}/${id}?status=${when === 'done' ? busy : when}`),
        await call('start'),
        await call('complete', report),
        await call('fail', failure),
        await bench.manager.admin('GET', `/tasks/${id}`),
        await bench.manager.admin('DELETE', `/tasks/${id}`),
      ])
        expect(answer).toMatchObject(notFound);
    });

    test('is in no list and no count', async () => {
      const { requestId, ids } = await bench.manager.make({
        type,
        accounts: accounts(2).map((one) => ({ ...one, ...account })),
      });
      await bench.manager.admin('DELETE', `/tasks/${ids[0]}`);
      const { body } = await bench.manager.get(`${links}?status=${waiting}`);
      expect(body.data.map((task: { id: string }) => task.id)).toEqual([ids[1]]);
      const { data: request } = (await bench.manager.admin('GET', `/requests/${requestId}`)).body;
      expect(request.counts).toEqual({ [waiting]: 1 });
      expect(request.tasks.map((task: { id: string }) => task.id)).toEqual([ids[1]]);
      expect((await bench.manager.admin('GET', '/requests')).body.data[0].counts).toEqual({ [waiting]: 1 });
    });
  });
});
