import { expect, test } from 'vitest';
import { accounts, onEachDatabase } from './harness.ts';
import type { Json } from './harness.ts';

const links = '/api/v1/podcast_account/links';
const report = { email: 'real@brand.example', username: 'real', password: 'Real-pass-1', cookie: 'sid=1' };
const feed = 'https://anchor.example/s/1/podcast/rss';

onEachDatabase('podcast', (bench) => {
  const post = (id: string, call: string, body?: unknown) => bench.manager.post(`${links}/${id}/${call}`, body);
  const pull = async (query = '') => (await bench.manager.get(`${links}${query}`)).body.data as Json[];
  const show = (domains: string[], more: object = {}) =>
    bench.manager.make({ type: 'podcast', accounts: domains.map((domain) => ({ domain, email: `me@${domain}` })), ...more });

  async function completed(id: string, body: object = report): Promise<void> {
    await post(id, 'start');
    expect((await post(id, 'complete', body)).status).toBe(200);
  }

  test('a pull answers every field of the contract', async () => {
    const { requestId, ids } = await show(['anchor.fm', 'b.test', 'c.test'], { profile: { about: 'About', image_url: 'https://x.test/i' }, group_id: 'group-1' });
    const [task] = await pull();
    expect(task).toEqual({
      id: ids[0], request_id: requestId, type_request: 'register', domain: 'anchor.fm', website: 'https://brand.example', email: 'me@anchor.fm', username: '',
      pass_mail: '', twofa: '', app_password: '', password: expect.stringMatching(/^[A-Z].{11}$/), about: 'About', image_url: 'https://x.test/i',
      link_rss: '', group_id: 'group-1', target: 3,
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
    await bench.db.updateTable('tasks').set({ link_profile: 'https://anchor.example/u' }).where('id', '=', ids[1]!).execute();
    expect((await pull()).map((task) => [task.id, task.link_rss])).toEqual([[ids[2], feed], [other.ids[0], '']]);
    expect(await rssOf(ids[0]!)).toBe('');
    expect(await rssOf(ids[1]!)).toBe('');
  });

  test('start is idempotent while the task runs, and started_at stays', async () => {
    const { ids: [id] } = await show(['b.test']);
    const startedAt = async () => (await bench.manager.admin('GET', `/tasks/${id}`)).body.data.started_at;
    expect(await post(id!, 'start')).toMatchObject({ status: 200, body: { success: true } });
    const first = await startedAt();
    expect(first).not.toBeNull();
    expect(await post(id!, 'start')).toMatchObject({ status: 200, body: { success: true } });
    expect(await startedAt()).toBe(first);
    expect(await bench.manager.history(id!)).toHaveLength(2);
    await post(id!, 'complete', report);
    expect(await post(id!, 'start')).toMatchObject({ status: 409, body: { current_status: 'completed', expected: 'pending' } });
  });

  test('a main site must report its feed', async () => {
    const { ids: [id] } = await show(['anchor.fm']);
    await post(id!, 'start');
    for (const link_rss of [undefined, null, '', ' ']) {
      expect(await post(id!, 'complete', { ...report, link_rss })).toMatchObject({ status: 400, body: { success: false, message: expect.stringMatching(/^link_rss: /) } });
    }
    expect((await post(id!, 'complete', { ...report, link_rss: '<URL_RSS>' })).body.message).toBe('placeholder rejected: link_rss');
    expect((await post(id!, 'complete', { link_rss: feed })).body.message).toMatch(/^email: at least one/);
    expect((await post(id!, 'complete', { ...report, link_rss: feed })).status).toBe(200);
    expect(await bench.manager.status(id!)).toBe('completed');
  });

  test('a failure waits for its retry, and is final when none is left', async () => {
    const { ids } = await show(['b.test', 'c.test']);
    await post(ids[0]!, 'start');
    expect((await post(ids[0]!, 'fail', {})).body.message).toMatch(/^error_message: /);
    expect((await post(ids[0]!, 'fail', { error_message: 'email already registered' })).status).toBe(200);
    expect(await bench.manager.status(ids[0]!)).toBe('failed');
    const { ids: [last] } = await show(['b.test'], { website: 'https://other.example', max_retries: 0 });
    await post(last!, 'start');
    await post(last!, 'fail', { error_message: 'x' });
    expect(await bench.manager.history(last!)).toEqual([
      'null → pending by admin', 'pending → running by worker', 'running → failed by worker', 'failed → final_failed by manager',
    ]);
  });

  test('calls from the wrong status, and for unknown or deleted tasks, are refused', async () => {
    const { ids: [id] } = await show(['b.test']);
    expect(await post(id!, 'complete', report)).toMatchObject({
      status: 409, body: { success: false, message: 'task not in expected status', current_status: 'pending', expected: 'running' },
    });
    expect((await post(id!, 'fail', { error_message: 'x' })).status).toBe(409);
    await bench.manager.admin('DELETE', `/tasks/${id}`);
    const notFound = { status: 404, body: { success: false, message: 'task not found' } };
    expect(await bench.manager.get(`${links}/${id}`)).toMatchObject(notFound);
    expect(await post(id!, 'start')).toMatchObject(notFound);
    expect(await post(id!, 'complete', report)).toMatchObject(notFound);
    expect(await bench.manager.get(`${links}/nobody`)).toMatchObject(notFound);
    expect(await pull()).toEqual([]);
  });

  test('a list asks for no status and ignores one', async () => {
    await bench.manager.make({ type: 'podcast', accounts: accounts(6) });
    expect(await pull('?status=whatever')).toHaveLength(5);
    expect((await bench.manager.get(`${links}?limit=0`)).status).toBe(400);
  });
});
