import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { accounts, adminKey, type Json, onEachDatabase, workerKey } from './harness.ts';
import { phases } from './phases.ts';

/** Random, since the database packs what repeats itself. */
const long = randomBytes(1500).toString('hex');

onEachDatabase('admin', (bench) => {
  const ask = (body: object) =>
    bench.manager.admin('POST', '/requests', {
      type: 'social',
      website: 'https://brand.example',
      accounts: accounts(1),
      ...body,
    });

  test('a request makes one task per account, in the order given', async () => {
    const answer = await ask({
      accounts: [
        { domain: 'z.test', email: 'z@brand.example' },
        { domain: 'a.test', email: 'a@brand.example' },
      ],
    });
    expect(answer).toMatchObject({ status: 201, body: { success: true, data: { request_id: expect.any(String) } } });
    const { request_id, task_ids } = answer.body.data;
    const { body } = await bench.manager.admin('GET', `/requests/${request_id}`);
    expect(body.data).toMatchObject({
      id: request_id,
      type: 'social',
      status: 'open',
      counts: { register: 2 },
      target: 2,
    });
    expect(body.data.tasks.map((task: Json) => [task.id, task.domain])).toEqual([
      [task_ids[0], 'z.test'],
      [task_ids[1], 'a.test'],
    ]);
  });

  test('ten thousand accounts are one request', async () => {
    const { status, body } = await ask({ accounts: accounts(10_000) });
    expect(status).toBe(201);
    expect(body.data.task_ids).toHaveLength(10_000);
    expect((await bench.manager.admin('GET', `/requests/${body.data.request_id}`)).body.data.counts).toEqual({
      register: 10_000,
    });
  }, 60_000);

  test('what is absent is made: password and group; user name stays empty', async () => {
    await ask({
      type: 'podcast',
      accounts: [...accounts(1), { domain: 'x.test', email: 'x@brand.example', password: 'Given', username: null }],
    });
    const { body } = await bench.manager.get('/api/v1/podcast_account/links');
    const [made, given] = body.data;
    expect(made.password).toMatch(/^[A-Z](?=.*[a-z])(?=.*\d)(?=.*[^A-Za-z0-9])[^<>]{11}$/);
    expect(made).toMatchObject({ username: '', email: 'me0@brand.example' });
    expect(given).toMatchObject({ password: 'Given', username: '' });
    expect(made.group_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(given.group_id).toBe(made.group_id);
  });

  test.each(phases)(
    'the passwords made for $phase are each another, by the rule',
    async ({ type, links, account, waiting }) => {
      await ask({
        type,
        accounts: accounts(50).map((one, index) => ({
          ...one,
          ...account,
          password: [undefined, null, ''][index % 3],
        })),
      });
      const { body } = await bench.manager.get(`${links}?status=${waiting}&limit=50`);
      const made: string[] = body.data.map((task: Json) => task.password);
      expect(new Set(made).size).toBe(50);
      for (const password of made) expect(password).toMatch(/^[A-Z](?=.*[a-z])(?=.*\d)(?=.*[^A-Za-z0-9])[^<>\s]{11}$/);
    },
  );

  test('a request counts its tasks by status, and says its settings', async () => {
    const {
      body: { data },
    } = await ask({
      type: 'entity',
      accounts: accounts(3),
      entity_connect: { mode: 'limit', limit: 7 },
      max_retries: 5,
      group_id: 'group-1',
    });
    await bench.manager.post(`/api/v1/entity/links/${data.task_ids[1]}/start`);
    const { body } = await bench.manager.admin('GET', `/requests/${data.request_id}`);
    expect(body.data).toMatchObject({
      counts: { register: 2, registering: 1 },
      entity_connect: { mode: 'limit', limit: 7 },
      max_retries: 5,
      group_id: 'group-1',
      target: 3,
    });
    expect(body.data.tasks.map((task: Json) => task.status)).toEqual(['register', 'registering', 'register']);
    const other = await ask({ type: 'entity', website: 'https://other.example' });
    const unsaid = (await bench.manager.admin('GET', `/requests/${other.body.data.request_id}`)).body.data;
    expect(unsaid).toMatchObject({ entity_connect: { mode: 'all' }, max_retries: 3 });
  });

  test.each(phases)('an admin key works off $phase too', async ({ type, links, account, waiting, report }) => {
    const {
      ids: [id],
    } = await bench.manager.make({ type, accounts: [{ ...accounts(1)[0]!, ...account }] });
    const call = (method: string, path: string, body?: object) =>
      bench.manager.call(method, `${links}/${id}${path}`, { key: adminKey, body });
    expect((await call('GET', `?status=${waiting}`)).status).toBe(200);
    expect((await call('POST', '/start')).status).toBe(200);
    expect((await call('POST', '/complete', report)).status).toBe(200);
  });

  test('spin syntax is resolved once for each task, and never again', async () => {
    await ask({ profile: { about: '<p>{Hello|Hi|Hey} {a|b|c|d} {kept}</p>' }, accounts: accounts(40) });
    const pull = async () =>
      (await bench.manager.get('/api/v1/social_account/links?limit=40')).body.data.map((task: Json) => task.about);
    const first: string[] = await pull();
    for (const about of first) expect(about).toMatch(/^<p>(Hello|Hi|Hey) [abcd] \{kept\}<\/p>$/);
    expect(new Set(first).size).toBeGreaterThan(1);
    expect(await pull()).toEqual(first);
  });

  test.each([
    [{ type: 'other' }, 'type'],
    [{ website: '' }, 'website'],
    [{ accounts: [] }, 'accounts'],
    [{ accounts: [{ domain: 'a.test' }] }, 'accounts.0.email'],
    [{ accounts: [{ domain: ' ', email: 'a' }] }, 'accounts.0.domain'],
    [{ accounts: [{ domain: 'a.test', email: 5 }] }, 'accounts.0.email'],
    [{ profile: { about: 5 } }, 'profile.about'],
    [{ max_retries: -1 }, 'max_retries'],
    [{ max_retries: 'many' }, 'max_retries'],
    [{ profile: { social_connect: 'x' } }, 'profile.social_connect'],
    [{ profile: { about: 'a\u0000b' } }, 'profile.about'],
    [{ profile: { social_connect: ['\ud800'] } }, 'profile.social_connect.0'],
  ])('%j is refused by name and makes nothing', async (more, field) => {
    const { status, body } = await ask(more);
    expect(status).toBe(400);
    expect(body).toEqual({ success: false, message: expect.stringContaining(`${field}: `) });
    expect((await bench.manager.admin('GET', '/requests')).body.data).toEqual([]);
  });

  test.each([
    ['website', { website: `https://brand.example/${long}` }, 2000],
    ['website', { website: `https://brand.example/${'ễ'.repeat(400)}` }, 2000],
    ['accounts.0.domain', { accounts: [{ domain: `${long}.test`, email: 'a' }] }, 253],
    [
      'accounts.1.link_profile',
      { accounts: [...accounts(1), { domain: 'b.test', email: 'a', link_profile: long }] },
      2000,
    ],
  ] as const)(
    'a longer %s than the database can hold is refused by name and makes nothing',
    async (field, more, most) => {
      const { status, body } = await ask(more);
      expect([status, body]).toEqual([400, { success: false, message: `${field}: must be at most ${most} bytes` }]);
      expect((await bench.manager.admin('GET', '/requests')).body.data).toEqual([]);
    },
  );

  test('the longest that is allowed fits together', async () => {
    const exactly = (text: string, bytes: number) => text.slice(0, bytes);
    const website = exactly(`brand.example/${long}`, 2000);
    const { status } = await ask({
      type: 'entity',
      website,
      accounts: [{ domain: exactly(long, 253), email: 'a', link_profile: exactly(long, 2000) }],
    });
    expect(status).toBe(201);
  });

  test.each([
    [{ max_retrys: 5 }, 'max_retrys'],
    [{ profile: { abuot: '' } }, 'abuot'],
    [{ accounts: [{ domain: 'a.test', email: 'a', pasword: '' }] }, 'pasword'],
  ])('a misspelt name is refused: %j', async (more, name) => {
    const { status, body } = await ask(more);
    expect(status).toBe(400);
    expect(body.message).toContain(name);
  });

  test('one account per brand and site: a second is refused by name, and nothing of its request is made', async () => {
    await ask({ accounts: [{ domain: 'wiki.test', email: 'a@brand.example' }] });
    for (const website of [
      'https://brand.example',
      'https://brand.example/',
      'http://Brand.Example',
      'brand.example:443',
    ]) {
      const { status, body } = await ask({
        website,
        accounts: [
          { domain: 'free.test', email: 'a@brand.example' },
          { domain: 'Wiki.test', email: 'b@brand.example' },
        ],
      });
      expect(status).toBe(409);
      expect(body).toMatchObject({ success: false, message: expect.stringContaining('wiki.test') });
      expect(body.message).toContain(website);
    }
    expect((await bench.manager.admin('GET', '/requests')).body.data).toHaveLength(1);
    expect((await bench.manager.get('/api/v1/social_account/links')).body.data).toHaveLength(1);
  });

  test('the same site twice in one request is refused', async () => {
    expect((await ask({ accounts: [...accounts(1), ...accounts(1)] })).status).toBe(409);
    expect((await bench.manager.admin('GET', '/requests')).body.data).toEqual([]);
  });

  test('another brand, another path, another type, or after deletion or final failure: the site is free', async () => {
    const { body } = await ask({});
    expect((await ask({ website: 'https://other.example' })).status).toBe(201);
    expect((await ask({ website: 'https://brand.example/shop' })).status).toBe(201);
    expect((await ask({ type: 'podcast' })).status).toBe(201);
    await bench.manager.admin('DELETE', `/tasks/${body.data.task_ids[0]}`);
    const again = await ask({});
    expect(again.status).toBe(201);
    const id = again.body.data.task_ids[0];
    await bench.manager.post(`/api/v1/social_account/links/${id}/start`);
    expect((await ask({})).status).toBe(409);
    await bench.manager.post(`/api/v1/social_account/links/${id}/fail`, {
      error_message: 'captcha',
      status: 'register_failed',
    });
    expect((await ask({})).status).toBe(201);
  });

  test.each(phases)(
    'an account whose $phase ended keeps its site, and so does one that waits for nothing any more',
    async ({ type, links, account, report, failure }) => {
      const own = accounts(2).map((one) => ({ ...one, ...account }));
      const { ids } = await bench.manager.make({ type, max_retries: 0, accounts: own });
      for (const id of ids) await bench.manager.post(`${links}/${id}/start`);
      await bench.manager.post(`${links}/${ids[0]}/complete`, report);
      await bench.manager.post(`${links}/${ids[1]}/fail`, { ...failure, status: 'profile_failed' });
      const live = await Promise.all(ids.map((id) => bench.manager.status(id)));
      for (const [index, status] of live.entries()) {
        expect((await ask({ type, accounts: [own[index]!] })).status).toBe(status === 'final_failed' ? 201 : 409);
      }
      // Of a podcast, a failure without a retry is final.
      expect(live.includes('final_failed')).toBe(type === 'podcast');
    },
  );

  test('requests are listed a page at a time, newest first, each once', async () => {
    const made: string[] = [];
    for (let index = 0; index < 7; index++)
      made.unshift((await ask({ website: `https://brand${index}.example` })).body.data.request_id);
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let page = 0; cursor !== null; page++) {
      const answer: Json = (await bench.manager.admin('GET', `/requests?limit=3${cursor && `&cursor=${cursor}`}`)).body;
      if (page === 0) made.unshift((await ask({ website: 'https://late.example' })).body.data.request_id);
      seen.push(...answer.data.map((request: Json) => request.id));
      cursor = answer.next_cursor;
    }
    expect(seen).toEqual(made.slice(1));
    const { body } = await bench.manager.admin('GET', '/requests?limit=1');
    expect(body.data[0]).toMatchObject({ website: 'https://late.example', counts: { register: 1 }, status: 'open' });
  });

  test.each(['nonsense', '%00', 'OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ'])('the cursor %s is refused', async (cursor) => {
    const { status, body } = await bench.manager.admin('GET', `/requests?cursor=${cursor}`);
    expect(status).toBe(400);
    expect(body.message).toMatch(/^cursor: /);
  });

  test('a request is completed when nothing of it is left to happen', async () => {
    const { body } = await ask({ type: 'podcast', accounts: accounts(2), max_retries: 0 });
    const { request_id, task_ids } = body.data;
    const status = async () => (await bench.manager.admin('GET', `/requests/${request_id}`)).body.data.status;
    const links = '/api/v1/podcast_account/links';
    for (const id of task_ids) await bench.manager.post(`${links}/${id}/start`);
    await bench.manager.post(`${links}/${task_ids[0]}/complete`, { email: 'a@brand.example' });
    expect(await status()).toBe('open');
    await bench.manager.post(`${links}/${task_ids[1]}/fail`, { error_message: 'x' });
    expect(await status()).toBe('completed');
  });

  test('unknown requests and tasks are not found', async () => {
    for (const id of ['00000000-0000-4000-8000-000000000000', 'x']) {
      expect(await bench.manager.admin('GET', `/requests/${id}`)).toMatchObject({
        status: 404,
        body: { success: false, message: 'request not found' },
      });
      expect(await bench.manager.admin('GET', `/tasks/${id}`)).toMatchObject({
        status: 404,
        body: { success: false, message: 'task not found' },
      });
      expect(await bench.manager.admin('DELETE', `/tasks/${id}`)).toMatchObject({ status: 404 });
    }
  });

  test('a worker key gets nowhere here, an admin key everywhere', async () => {
    for (const [method, path] of [
      ['POST', '/requests'],
      ['GET', '/requests'],
      ['GET', '/requests/x'],
      ['GET', '/tasks/x'],
      ['DELETE', '/tasks/x'],
    ] as const) {
      expect(await bench.manager.call(method, `/api/v1/admin${path}`, { key: workerKey })).toMatchObject({
        status: 403,
        body: { success: false },
      });
      expect((await bench.manager.call(method, `/api/v1/admin${path}`, { key: 'wrong' })).status).toBe(401);
    }
    expect((await bench.manager.get('/api/v1/social_account/links', { key: adminKey })).status).toBe(200);
  });

  test('no secret of a task is answered here, or lies readable in the database', async () => {
    const planted = {
      password: 'Planted-password',
      pass_mail: 'Planted-mail',
      twofa: 'PLANTEDTOTP',
      app_password: 'plan ted1 app0 pass',
    };
    const { body } = await ask({ accounts: [{ domain: 'a.test', email: 'a@brand.example', ...planted }] });
    const {
      request_id,
      task_ids: [id],
    } = body.data;
    const links = `/api/v1/social_account/links/${id}`;
    await bench.manager.post(`${links}/start`);
    await bench.manager.post(`${links}/complete`, { password: 'Planted-new', cookie: 'planted=cookie' });
    const task = (await bench.manager.admin('GET', `/tasks/${id}`)).body;
    expect(task.data).toMatchObject({
      password: '********',
      pass_mail: '********',
      twofa: '********',
      app_password: '********',
      cookie: '********',
    });
    const answers = [
      task,
      (await bench.manager.admin('GET', '/requests')).body,
      (await bench.manager.admin('GET', `/requests/${request_id}`)).body,
    ];
    const { rows } = await sql<{ row: string }>`
      select row_to_json(tasks)::text || encode(secrets, 'escape') || encode(reported, 'escape') as row from tasks
      union all select row_to_json(requests)::text from requests
      union all select row_to_json(task_history)::text from task_history`.execute(bench.db);
    const everything = JSON.stringify([answers, rows]);
    for (const secret of [...Object.values(planted), 'Planted-new', 'planted=cookie'])
      expect(everything).not.toContain(secret);
  });
});
