import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { accounts, type Json, onEachDatabase } from './harness.ts';

const links = '/api/v1/entity/links';
const report = { email: 'real@brand.example', username: 'real', password: 'Real-pass-1', cookie: 'sid=1' };

onEachDatabase('entity', (bench) => {
  const post = (id: string, call: string, body?: unknown) => bench.manager.post(`${links}/${id}/${call}`, body);
  const pull = async (query = '') => (await bench.manager.get(`${links}${query}`)).body.data as Json[];

  /** Tasks that start in `connect`: their accounts have a profile already. */
  async function connectTasks(count: number, more: object = {}): Promise<string[]> {
    const known = accounts(count).map((account, index) => ({
      ...account,
      link_profile: `https://site${index}.test/u/me`,
    }));
    return (await bench.manager.make({ type: 'entity', accounts: known, ...more })).ids;
  }

  async function register(id: string, body: object = report): Promise<void> {
    await post(id, 'start');
    expect((await post(id, 'complete', body)).status).toBe(200);
  }

  describe('register phase', () => {
    test('a pull of it answers the fields of a social task', async () => {
      const {
        ids: [id],
      } = await bench.manager.make({
        type: 'entity',
        accounts: accounts(1),
        profile: { first_name: 'Minh', avatar_url: 'https://x.test/a' },
      });
      expect(await pull()).toEqual([]);
      const [task] = await pull('?status=register');
      expect(task).toMatchObject({ id, first_name: 'Minh', images: [{ type: 'avatar', urls: ['https://x.test/a'] }] });
      expect(task).not.toHaveProperty('entity_connect');
      expect((await bench.manager.get(`${links}/${id}?status=register`)).body.data).toEqual(task);
    });

    test('a completed task waits as registered until every other one has left the phase', async () => {
      const { ids } = await bench.manager.make({ type: 'entity', accounts: accounts(3) });
      await register(ids[0]!, { ...report, link_profile: 'https://site0.test/u/real' });
      expect(await bench.manager.status(ids[0]!)).toBe('registered');
      await post(ids[1]!, 'start');
      await post(ids[1]!, 'fail', { status: 'register_failed', error_message: 'captcha' });
      expect(await bench.manager.status(ids[1]!)).toBe('final_failed');
      expect(await bench.manager.status(ids[0]!)).toBe('registered');
      await post(ids[2]!, 'start');
      await post(ids[2]!, 'fail', {
        status: 'profile_failed',
        error_message: 'avatar',
        link_profile: 'https://site2.test/u/real',
      });
      expect(await bench.manager.status(ids[0]!)).toBe('connect');
      expect(await bench.manager.status(ids[2]!)).toBe('connect');
      expect(await bench.manager.history(ids[2]!)).toEqual([
        'null → register by admin',
        'register → registering by worker',
        'registering → registered by worker',
        'registered → connect by manager',
      ]);
      const [first] = await pull();
      const { cookie, ...login } = report;
      expect(JSON.stringify(first)).not.toContain(cookie);
      expect(first).toMatchObject({
        ...login,
        entity_connect: ['https://site0.test/u/real', 'https://site2.test/u/real'],
      });
    });

    test('a deleted task does not delay the others', async () => {
      const { ids } = await bench.manager.make({ type: 'entity', accounts: accounts(2) });
      await register(ids[0]!);
      await bench.manager.admin('DELETE', `/tasks/${ids[1]}`);
      expect(await bench.manager.status(ids[0]!)).toBe('connect');
    });

    test('nobody waits longer than the waiting time, also who comes after it', async () => {
      const { ids } = await bench.manager.make({ type: 'entity', accounts: accounts(3) });
      await register(ids[0]!);
      const impatient = await bench.another({ registerWait: 100 });
      await expect.poll(() => bench.manager.status(ids[0]!), { timeout: 10_000 }).toBe('connect');
      await impatient.post(`${links}/${ids[1]}/start`);
      await impatient.post(`${links}/${ids[1]}/complete`, report);
      expect(await bench.manager.status(ids[1]!)).toBe('connect');
      expect(await bench.manager.status(ids[2]!)).toBe('register');
    });

    test('the waiting time is seven days from the request, when nothing else is set', async () => {
      const statusAfter = async (website: string, hours: number) => {
        const { requestId, ids } = await bench.manager.make({ type: 'entity', website, accounts: accounts(2) });
        const then = new Date(Date.now() - hours * 3_600_000);
        await bench.db.updateTable('requests').set({ created_at: then }).where('id', '=', requestId).execute();
        await bench.db.updateTable('tasks').set({ created_at: then }).where('request_id', '=', requestId).execute();
        await register(ids[0]!);
        return bench.manager.status(ids[0]!);
      };
      expect(await statusAfter('https://young.example', 7 * 24 - 1)).toBe('registered');
      expect(await statusAfter('https://old.example', 7 * 24 + 1)).toBe('connect');
    });

    test('without a connect phase a task ends as completed, whatever the others do', async () => {
      const { requestId, ids } = await bench.manager.make({
        type: 'entity',
        accounts: accounts(2),
        entity_connect: { mode: 'disable' },
      });
      await register(ids[0]!);
      expect(await bench.manager.status(ids[0]!)).toBe('completed');
      await post(ids[1]!, 'start');
      await post(ids[1]!, 'fail', { status: 'profile_failed', error_message: 'x' });
      expect(await bench.manager.status(ids[1]!)).toBe('completed');
      expect((await bench.manager.admin('GET', `/requests/${requestId}`)).body.data.status).toBe('completed');
      expect(await pull()).toEqual([]);
    });

    test('a failure without a status is one to register, and final', async () => {
      const {
        ids: [id],
      } = await bench.manager.make({ type: 'entity', accounts: accounts(1) });
      await post(id!, 'start');
      expect((await post(id!, 'fail', { error_message: 'captcha' })).status).toBe(200);
      expect((await bench.manager.admin('GET', `/tasks/${id}`)).body.data).toMatchObject({
        status: 'final_failed',
        retry_count: 0,
        retry_at: null,
      });
    });

    test('its reports are checked like those of a social task', async () => {
      const {
        ids: [id],
      } = await bench.manager.make({ type: 'entity', accounts: accounts(1) });
      await post(id!, 'start');
      expect((await post(id!, 'complete', { note: 'n' })).body.message).toMatch(/^email: at least one/);
      expect((await post(id!, 'complete', { email: '<EMAIL>' })).body.message).toBe('placeholder rejected: email');
      expect((await post(id!, 'fail', { error_message: 'x', status: 'connect_failed' })).body.message).toMatch(
        /^status: /,
      );
      expect((await post(id!, 'fail', {})).body.message).toMatch(/^error_message: /);
    });
  });

  describe('connect phase', () => {
    test('an account with a profile starts there, and its task has the fields of the contract', async () => {
      const [id] = await connectTasks(1);
      const [task] = await pull('?limit=5&status=connect');
      expect(Object.keys(task).sort()).toEqual([
        'app_password',
        'domain',
        'email',
        'entity_connect',
        'id',
        'link_profile',
        'pass_mail',
        'password',
        'request_id',
        'twofa',
        'username',
        'website',
      ]);
      expect(task).toMatchObject({
        id,
        link_profile: 'https://site0.test/u/me',
        entity_connect: ['https://site0.test/u/me'],
      });
      expect((await bench.manager.get(`${links}/${id}?status=connect`)).body.data).toEqual(task);
      await post(id!, 'start');
      expect((await bench.manager.get(`${links}/${id}?status=connecting`)).body.data).toEqual(task);
    });

    test.each([
      [{ mode: 'all' }, 3],
      [{ mode: 'limit', limit: 2 }, 2],
      [{ mode: 'limit', limit: 99 }, 3],
    ])('%j puts the links of the request there, the oldest first', async (entity_connect, count) => {
      await connectTasks(3, { entity_connect });
      const expected = [0, 1, 2].slice(0, count).map((index) => `https://site${index}.test/u/me`);
      for (const task of await pull()) expect(task.entity_connect).toEqual(expected);
    });

    test('custom links are put there as they are', async () => {
      const link = ['https://b.example/2', 'https://a.example/1'];
      await connectTasks(2, { entity_connect: { mode: 'custom', link } });
      for (const task of await pull()) expect(task.entity_connect).toEqual(link);
    });

    test('of a thousand tasks each gets the same 150 links, in the order of created_at', async () => {
      const ids = await connectTasks(1000);
      // Made by one request, all are of one moment: apart from each other, and not in the order of writing.
      const ranks = ids.map((_, index) => (index * 617) % 1000);
      await sql`
        update tasks set created_at = timestamptz '2026-01-01' + make_interval(mins => known.rank)
        from jsonb_to_recordset(${JSON.stringify(ids.map((id, index) => ({ id, rank: ranks[index] })))}::jsonb) as known(id uuid, rank int)
        where tasks.id = known.id`.execute(bench.db);
      const byAge = ids.map((_, index) => index).sort((one, other) => ranks[one]! - ranks[other]!);
      const expected = byAge.slice(0, 150).map((index) => `https://site${index}.test/u/me`);
      const tasks = await pull('?limit=1000');
      expect(tasks.map((task) => task.id)).toEqual(byAge.map((index) => ids[index]));
      for (const task of tasks) expect(task.entity_connect).toEqual(expected);
      expect((await bench.manager.get(`${links}/${ids[0]}?status=connect`)).body.data.entity_connect).toEqual(expected);
    });

    test('a limit may be more than all', async () => {
      const [id] = await connectTasks(200, { entity_connect: { mode: 'limit', limit: 180 } });
      const { data } = (await bench.manager.get(`${links}/${id}?status=connect`)).body;
      expect(data.entity_connect).toEqual(Array.from({ length: 180 }, (_, index) => `https://site${index}.test/u/me`));
    });

    test('links are computed when they are pulled: without the empty ones, and as they are by then', async () => {
      const [first, ...known] = accounts(3).map((account, index) => ({
        ...account,
        link_profile: `https://site${index}.test/u/me`,
      }));
      const { ids } = await bench.manager.make({
        type: 'entity',
        accounts: [{ ...first!, link_profile: '' }, ...known],
      });
      const linksOf = async () => (await pull()).map((task) => task.entity_connect);
      expect(await linksOf()).toEqual(Array(2).fill(['https://site1.test/u/me', 'https://site2.test/u/me']));
      await register(ids[0]!, { ...report, link_profile: 'https://site0.test/u/real' });
      await post(ids[1]!, 'start');
      await post(ids[1]!, 'complete', { link_post: 'https://site1.test/u/moved' });
      const now = ['https://site0.test/u/real', 'https://site1.test/u/moved', 'https://site2.test/u/me'];
      expect(await linksOf()).toEqual([now, now]);
    });

    test('without a connect phase an account with a profile has nothing to do', async () => {
      const [id] = await connectTasks(1, { entity_connect: { mode: 'disable' } });
      expect(await bench.manager.status(id!)).toBe('completed');
      expect([await pull(), await pull('?status=register')]).toEqual([[], []]);
    });

    test('the lists of the two phases share no task', async () => {
      const [second] = await connectTasks(1);
      const {
        ids: [first],
      } = await bench.manager.make({ type: 'entity', website: 'https://other.example', accounts: accounts(1) });
      const idsOf = async (query: string) => (await pull(query)).map((task) => task.id);
      expect([await idsOf(''), await idsOf('?status=connect'), await idsOf('?status=register')]).toEqual([
        [second],
        [second],
        [first],
      ]);
    });

    test('links of other requests and of deleted tasks are left out', async () => {
      const [, second] = await connectTasks(2);
      await connectTasks(1, {
        website: 'https://other.example',
        accounts: [{ domain: 'o.test', email: 'o@o.example', link_profile: 'https://o.test/u/o' }],
      });
      await bench.manager.admin('DELETE', `/tasks/${second}`);
      expect((await pull()).map((task) => task.entity_connect)).toEqual([
        ['https://site0.test/u/me'],
        ['https://o.test/u/o'],
      ]);
    });

    test.each([
      [{ link_post: 'https://site0.test/new' }, 'https://site0.test/new'],
      [{ link_profile: 'https://site0.test/new' }, 'https://site0.test/new'],
      [{ note: 'same link' }, 'https://site0.test/u/me'],
      [{}, 'https://site0.test/u/me'],
    ])('complete with %j leaves the link %s', async (body, link) => {
      const [id] = await connectTasks(1);
      await post(id!, 'start');
      expect(await post(id!, 'complete', body)).toMatchObject({ status: 200, body: { success: true } });
      expect((await bench.manager.admin('GET', `/tasks/${id}`)).body.data).toMatchObject({
        status: 'completed',
        link_profile: link,
      });
    });

    test('a sample value in a link is refused by name', async () => {
      const [id] = await connectTasks(1);
      await post(id!, 'start');
      expect((await post(id!, 'complete', { link_post: '<URL_POST>' })).body.message).toBe(
        'placeholder rejected: link_post',
      );
    });

    test('a failure needs its message, and waits as connect_failed', async () => {
      const [id] = await connectTasks(1);
      await post(id!, 'start');
      expect((await post(id!, 'fail', { note: 'n' })).body.message).toMatch(/^error_message: /);
      expect((await post(id!, 'fail', { error_message: 'locked' })).status).toBe(200);
      expect(await bench.manager.status(id!)).toBe('connect_failed');
    });
  });

  test('another status than the expected is answered with 404 and both statuses', async () => {
    const {
      ids: [id],
    } = await bench.manager.make({ type: 'entity', accounts: accounts(1) });
    expect(await bench.manager.get(`${links}/${id}?status=connect`)).toMatchObject({
      status: 404,
      body: { success: false, message: 'task not in expected status', current_status: 'register', expected: 'connect' },
    });
    expect((await bench.manager.get(`${links}/${id}`)).body.message).toMatch(/^status: /);
    expect((await bench.manager.get(`${links}/${id}?status=completed`)).status).toBe(400);
    expect((await bench.manager.get(`${links}?status=connecting`)).status).toBe(400);
  });

  test.each([
    { mode: 'some' },
    { mode: 'limit' },
    { mode: 'limit', limit: 0 },
    { mode: 'limit', limit: 1.5 },
    { mode: 'custom' },
    { mode: 'custom', link: 'x' },
    { mode: 'all', limit: 3 },
    'all',
    {},
  ])('the setting %j is refused when the request is made', async (entity_connect) => {
    const { status, body } = await bench.manager.admin('POST', '/requests', {
      type: 'entity',
      website: 'https://x.example',
      accounts: accounts(1),
      entity_connect,
    });
    expect(status).toBe(400);
    expect(body.message).toMatch(/^entity_connect/);
  });
});
