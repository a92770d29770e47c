import { expect, test } from 'vitest';
import { accounts, type Json, onEachDatabase } from './harness.ts';

const links = '/api/v1/podcast_account/links';
const report = { email: 'real@brand.example', username: 'real', password: 'Real-pass-1', cookie: 'sid=1' };
const feed = 'https://anchor.example/s/1/podcast/rss';

onEachDatabase('podcast', (bench) => {
  const post = (id: string, call: string, body?: unknown) => bench.manager.post(`${links}/${id}/${call}`, body);
  const pull = async (query = '') => (await bench.manager.get(`${links}${query}`)).body.data as Json[];
  const show = (domains: string[], more: object = {}) =>
    bench.manager.make({
      type: 'podcast',
      accounts: domains.map((domain) => ({ domain, email: `me@${domain}` })),
      ...more,
    });

  async function completed(id: string, body: object = report): Promise<void> {
    await post(id, 'start');
    expect((await post(id, 'complete', body)).status).toBe(200);
  }

  test('a pull answers every field of the contract', async () => {
    const { requestId, ids } = await show(['anchor.fm', 'b.test', 'c.test'], {
      profile: { about: 'About', image_url: 'https://x.test/i' },
      group_id: 'group-1',
    });
    const [task] = await pull();
    expect(task).toEqual({
      id: ids[0],
      request_id: requestId,
      type_request: 'register',
      domain: 'anchor.fm',
      website: 'https://brand.example',
      email: 'me@anchor.fm',
      username: '',
      pass_mail: '',
      twofa: '',
      app_password: '',
      password: expect.stringMatching(/^[A-Z].{11}$/),
      about: 'About',
      image_url: 'https://x.test/i',
      link_rss: '',
      group_id: 'group-1',
      target: 3,
    });
    expect((await bench.manager.get(`${links}/${ids[0]}`)).body.data).toEqual(task);
  });

  test('main sites come first, whenever they were asked for, then the oldest', async () => {
    await show(['b.test', 'Creators.Spotify.com', 'c.test']);
    await show(['d.test', 'anchor.fm', 'creators.spotify.com'], { website: 'https://other.example' });
    const domains = async (limit: number) => (await pull(`?limit=${limit}`)).map((task) => task.domain);
    const order = ['creators.spotify.com', 'anchor.fm', 'creators.spotify.com', 'b.test', 'c.test', 'd.test'];
    for (const limit of [1, 2, 3, 4, 1000]) expect(await domains(limit)).toEqual(order.slice(0, limit));
  });

  test('the oldest is told by created_at, not by the order of writing', async () => {
    const { ids } = await show(['b.test', 'anchor.fm', 'c.test', 'creators.spotify.com']);
    for (const [index, id] of ids.entries()) {
      await bench.db
        .updateTable('tasks')
        .set({ created_at: new Date(Date.UTC(2026, 0, 10 - index)) })
        .where('id', '=', id)
        .execute();
    }
    expect((await pull()).map((task) => task.domain)).toEqual([
      'creators.spotify.com',
      'anchor.fm',
      'c.test',
      'b.test',
    ]);
  });

  test('pulled again and again, a list gives main sites, then the others with their feed, and then nothing', async () => {
    await show(['b.test', 'c.test', 'anchor.fm']);
    await show(['b.test', 'creators.spotify.com'], { website: 'https://other.example' });
    const worked: string[] = [];
    for (let tasks = await pull('?limit=3'); tasks.length > 0; tasks = await pull('?limit=3')) {
      const [task] = tasks;
      worked.push(`${task.website} ${task.domain} ${task.link_rss}`);
      const isMain = ['anchor.fm', 'creators.spotify.com'].includes(task.domain);
      await completed(task.id, { ...report, ...(isMain && { link_rss: `https://${task.domain}/rss` }) });
      expect(worked.length).toBeLessThan(9);
    }
    expect(worked).toEqual([
      'https://brand.example anchor.fm ',
      'https://other.example creators.spotify.com ',
      'https://brand.example b.test https://anchor.fm/rss',
      'https://brand.example c.test https://anchor.fm/rss',
      'https://other.example b.test https://creators.spotify.com/rss',
    ]);
  });

  test('a site that waits bare has the feed on the next pull after its main site was completed, one that runs when it is read', async () => {
    const {
      ids: [main, waiting, running],
    } = await show(['anchor.fm', 'b.test', 'c.test']);
    const feeds = async () => Object.fromEntries((await pull()).map((task) => [task.id, task.link_rss]));
    expect(await feeds()).toEqual({ [main!]: '', [waiting!]: '', [running!]: '' });
    await post(running!, 'start');
    await post(main!, 'start');
    expect(await feeds()).toEqual({ [waiting!]: '' });
    expect((await post(main!, 'complete', { ...report, link_rss: feed })).status).toBe(200);
    expect(await feeds()).toEqual({ [waiting!]: feed });
    expect((await bench.manager.get(`${links}/${running}`)).body.data.link_rss).toBe(feed);
  });

  test('a main site that failed gives no feed: the next one that is completed does', async () => {
    const {
      ids: [failed, next, sub],
    } = await show(['anchor.fm', 'creators.spotify.com', 'b.test'], { max_retries: 0 });
    await post(failed!, 'start');
    await post(failed!, 'fail', { error_message: 'captcha' });
    expect((await pull()).map((task) => [task.id, task.link_rss])).toEqual([
      [next, ''],
      [sub, ''],
    ]);
    await completed(next!, { ...report, link_rss: feed });
    expect((await pull()).map((task) => [task.id, task.link_rss])).toEqual([[sub, feed]]);
  });

  test('a main site is given no feed, also when another one of its request was completed', async () => {
    const {
      ids: [done, waiting, sub],
    } = await show(['anchor.fm', 'creators.spotify.com', 'b.test']);
    await completed(done!, { ...report, link_rss: feed });
    expect((await pull()).map((task) => [task.id, task.link_rss])).toEqual([
      [waiting, ''],
      [sub, feed],
    ]);
    expect((await bench.manager.get(`${links}/${waiting}`)).body.data.link_rss).toBe('');
  });

  test('a feed that another site than a main one reports reaches nobody', async () => {
    const { ids } = await show(['b.test', 'c.test', 'anchor.fm']);
    await completed(ids[0]!, { ...report, link_rss: 'https://b.test/rss' });
    expect((await pull()).map((task) => task.link_rss)).toEqual(['', '']);
    await completed(ids[2]!, { ...report, link_rss: feed });
    expect((await pull()).map((task) => task.link_rss)).toEqual([feed]);
  });

  test('group and target are one for a whole request: a group of its own, and as many as it has accounts', async () => {
    const first = await show(['a.test', 'b.test', 'c.test']);
    await show(['a.test', 'b.test'], { website: 'https://other.example' });
    await bench.manager.admin('DELETE', `/tasks/${first.ids[2]}`);
    const tasks = await pull();
    expect(tasks.map((task) => task.target)).toEqual([3, 3, 2, 2]);
    const [one, same, other, otherSame] = tasks.map((task) => task.group_id);
    expect([same, otherSame]).toEqual([one, other]);
    expect(one).toMatch(/^[0-9a-f-]{36}$/);
    expect(other).not.toBe(one);
  });

  test('a completed task is the account as it was reported', async () => {
    const {
      ids: [id],
    } = await show(['b.test']);
    await completed(id!);
    const { cookie, ...account } = report;
    const { data } = (await bench.manager.get(`${links}/${id}`)).body;
    expect(data).toMatchObject({ id, ...account });
    expect(JSON.stringify(data)).not.toContain(cookie);
  });

  test('which sites are main ones is a setting', async () => {
    const { ids } = await show(['anchor.fm', 'cast.test']);
    const other = await bench.another({ mainDomains: ['Cast.test'] });
    expect((await other.get(links)).body.data.map((task: Json) => task.domain)).toEqual(['cast.test', 'anchor.fm']);
    await completed(ids[1]!, { ...report, link_rss: feed });
    expect((await other.get(`${links}/${ids[0]}`)).body.data.link_rss).toBe(feed);
    const none = await bench.another({ mainDomains: [] });
    expect((await none.get(links)).body.data.map((task: Json) => task.domain)).toEqual(['anchor.fm']);
  });

  test('the feed of the main site that was first reaches the other sites of its request alone', async () => {
    const { ids } = await show(['anchor.fm', 'creators.spotify.com', 'b.test']);
    const other = await show(['b.test'], { website: 'https://other.example' });
    const rssOf = async (id: string) => (await bench.manager.get(`${links}/${id}`)).body.data.link_rss;
    expect(await rssOf(ids[2]!)).toBe('');
    await completed(ids[1]!, { ...report, link_rss: feed });
    await completed(ids[0]!, { ...report, link_rss: 'https://anchor.example/second' });
    // Rewritten, its row lies behind the other one: only the time of completion tells which was first.
    await bench.db
      .updateTable('tasks')
      .set({ link_profile: 'https://anchor.example/u' })
      .where('id', '=', ids[1]!)
      .execute();
    expect((await pull()).map((task) => [task.id, task.link_rss])).toEqual([
      [ids[2], feed],
      [other.ids[0], ''],
    ]);
    expect(await rssOf(ids[0]!)).toBe('');
    expect(await rssOf(ids[1]!)).toBe('');
  });

  test('start is idempotent while the task runs, and started_at stays', async () => {
    const {
      ids: [id],
    } = await show(['b.test']);
    const startedAt = async () => (await bench.manager.admin('GET', `/tasks/${id}`)).body.data.started_at;
    expect(await post(id!, 'start')).toMatchObject({ status: 200, body: { success: true } });
    expect(Date.now() - Date.parse(await startedAt())).toBeLessThan(60_000);
    // Long ago, so that a second start at the same millisecond would show.
    const longAgo = new Date(Date.UTC(2026, 0, 1));
    await bench.db.updateTable('tasks').set({ started_at: longAgo }).where('id', '=', id!).execute();
    for (let again = 0; again < 3; again++)
      expect(await post(id!, 'start')).toMatchObject({ status: 200, body: { success: true } });
    expect(await startedAt()).toBe(longAgo.toISOString());
    expect(await bench.manager.history(id!)).toHaveLength(2);
    await post(id!, 'complete', report);
    expect(await post(id!, 'start')).toMatchObject({
      status: 409,
      body: { current_status: 'completed', expected: 'pending' },
    });
  });

  test.each(['anchor.fm', 'creators.spotify.com', 'Anchor.FM'])(
    'the main site %s must report its feed',
    async (domain) => {
      const {
        ids: [id],
      } = await show([domain]);
      await post(id!, 'start');
      for (const link_rss of [undefined, null, '', ' ']) {
        expect(await post(id!, 'complete', { ...report, link_rss })).toMatchObject({
          status: 400,
          body: { success: false, message: expect.stringMatching(/^link_rss: /) },
        });
      }
      expect((await post(id!, 'complete', { ...report, link_rss: '<URL_RSS>' })).body.message).toBe(
        'placeholder rejected: link_rss',
      );
      expect((await post(id!, 'complete', { link_rss: feed })).body.message).toMatch(/^email: at least one/);
      expect(await bench.manager.status(id!)).toBe('running');
      expect((await post(id!, 'complete', { ...report, link_rss: feed })).status).toBe(200);
      expect(await bench.manager.status(id!)).toBe('completed');
    },
  );

  test('a failure waits for its retry, and is final when none is left', async () => {
    const { ids } = await show(['b.test', 'c.test']);
    await post(ids[0]!, 'start');
    expect((await post(ids[0]!, 'fail', {})).body.message).toMatch(/^error_message: /);
    expect((await post(ids[0]!, 'fail', { error_message: 'email already registered' })).status).toBe(200);
    expect(await bench.manager.status(ids[0]!)).toBe('failed');
    const {
      ids: [last],
    } = await show(['b.test'], { website: 'https://other.example', max_retries: 0 });
    await post(last!, 'start');
    await post(last!, 'fail', { error_message: 'x' });
    expect(await bench.manager.history(last!)).toEqual([
      'null → pending by admin',
      'pending → running by worker',
      'running → failed by worker',
      'failed → final_failed by manager',
    ]);
  });

  test('an unknown task is not found by any call', async () => {
    const notFound = { status: 404, body: { success: false, message: 'task not found' } };
    for (const id of ['nobody', '00000000-0000-4000-8000-000000000000']) {
      expect(await bench.manager.get(`${links}/${id}`)).toMatchObject(notFound);
      for (const [call, body] of [
        ['start', undefined],
        ['complete', report],
        ['fail', { error_message: 'x' }],
      ] as const) {
        expect(await post(id, call, body)).toMatchObject(notFound);
      }
    }
  });

  test('a list asks for no status and ignores one', async () => {
    await bench.manager.make({ type: 'podcast', accounts: accounts(6) });
    expect(await pull('?status=whatever')).toHaveLength(5);
    expect((await bench.manager.get(`${links}?limit=0`)).status).toBe(400);
  });
});
