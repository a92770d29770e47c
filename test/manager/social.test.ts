import { expect, test } from 'vitest';
import { accounts, type Json, onEachDatabase } from './harness.ts';

const links = '/api/v1/social_account/links';
const report = {
  email: 'real@brand.example',
  username: 'real',
  password: 'Real-pass-1',
  cookie: 'sid=abc123',
  link_profile: 'https://site0.test/u/real',
  note: 'made',
};

onEachDatabase('social', (bench) => {
  async function running(): Promise<string> {
    const { ids } = await bench.manager.make({ type: 'social', accounts: accounts(1) });
    await bench.manager.post(`${links}/${ids[0]}/start`);
    return ids[0]!;
  }

  test('a pull answers every field of the contract', async () => {
    const { requestId, ids } = await bench.manager.make({
      type: 'social',
      profile: {
        first_name: 'Minh',
        last_name: 'Ngọc',
        phone: '0987654321',
        address: '123 ABC',
        location: 'HCM',
        about: '<p>Xin chào</p>',
        avatar_url: 'https://pictures.example/a.jpg',
        cover_url: 'https://pictures.example/c.jpg',
        social_connect: ['https://links.example/me'],
      },
      accounts: [
        {
          domain: 'Wiki.Test',
          email: 'me@brand.example',
          username: 'me',
          password: 'Given-1',
          pass_mail: 'pm',
          twofa: 'JBSWY3DPEHPK3PXP',
          app_password: 'aaaa bbbb cccc dddd',
        },
      ],
    });
    const { status, body } = await bench.manager.get(`${links}?limit=5&status=register`);
    expect(status).toBe(200);
    expect(body).toEqual({
      success: true,
      data: [
        {
          id: ids[0],
          request_id: requestId,
          domain: 'wiki.test',
          website: 'https://brand.example',
          email: 'me@brand.example',
          username: 'me',
          pass_mail: 'pm',
          twofa: 'JBSWY3DPEHPK3PXP',
          app_password: 'aaaa bbbb cccc dddd',
          password: 'Given-1',
          first_name: 'Minh',
          last_name: 'Ngọc',
          phone: '0987654321',
          address: '123 ABC',
          location: 'HCM',
          about: '<p>Xin chào</p>',
          avatar_url: 'https://pictures.example/a.jpg',
          cover_url: 'https://pictures.example/c.jpg',
          social_connect: ['https://links.example/me'],
          images: [
            { type: 'avatar', urls: ['https://pictures.example/a.jpg'] },
            { type: 'cover', urls: ['https://pictures.example/c.jpg'] },
          ],
        },
      ],
    });
  });

  test('a pull gives five tasks unless asked for more, the oldest first, and changes nothing', async () => {
    const first = await bench.manager.make({ type: 'social', accounts: accounts(4) });
    const second = await bench.manager.make({ type: 'social', accounts: accounts(4, 'other') });
    const idsOf = async (query: string) =>
      (await bench.manager.get(links + query)).body.data.map((task: Json) => task.id);
    const all = [...first.ids, ...second.ids];
    expect(await idsOf('')).toEqual(all.slice(0, 5));
    expect(await idsOf('?limit=1000&status=register')).toEqual(all);
    expect(await idsOf('?limit=1000')).toEqual(all);
  });

  test('one task without a status, or with another word, is refused', async () => {
    const { ids } = await bench.manager.make({ type: 'social', accounts: accounts(1) });
    for (const query of ['', '?status=completed', '?status=register&status=registering']) {
      const { status, body } = await bench.manager.get(`${links}/${ids[0]}${query}`);
      expect(status).toBe(400);
      expect(body.message).toMatch(/^status: /);
    }
  });

  test('a list is of waiting tasks only, another word is refused', async () => {
    await running();
    expect((await bench.manager.get(`${links}?status=register`)).body.data).toEqual([]);
    for (const word of ['registering', 'completed', '']) {
      expect(await bench.manager.get(`${links}?status=${word}`)).toMatchObject({
        status: 400,
        body: { success: false, message: expect.stringMatching(/^status: /) },
      });
    }
  });

  test('a task moves register → registering → completed, and is what was reported', async () => {
    const {
      ids: [id],
    } = await bench.manager.make({ type: 'social', accounts: accounts(1) });
    expect(await bench.manager.post(`${links}/${id}/start`)).toMatchObject({ status: 200, body: { success: true } });
    expect((await bench.manager.get(links)).body.data).toEqual([]);
    expect(await bench.manager.post(`${links}/${id}/complete`, report)).toMatchObject({
      status: 200,
      body: { success: true },
    });
    const { body } = await bench.manager.admin('GET', `/tasks/${id}`);
    expect(body.data).toMatchObject({
      status: 'completed',
      email: report.email,
      username: 'real',
      link_profile: report.link_profile,
      password: '********',
      cookie: '********',
    });
    expect(body.data.started_at).not.toBeNull();
    expect(await bench.manager.history(id!)).toEqual([
      'null → register by admin',
      'register → registering by worker',
      'registering → completed by worker',
    ]);
  });

  test.each([
    [{ status: 'register_failed' }, 'final_failed'],
    [{ status: 'profile_failed', link_profile: 'https://site0.test/u/me' }, 'active'],
    [{}, 'final_failed'],
    [{ status: null }, 'final_failed'],
  ])('fail with %j leads to %s', async (more, expected) => {
    const id = await running();
    expect((await bench.manager.post(`${links}/${id}/fail`, { error_message: 'captcha', ...more })).status).toBe(200);
    const { body } = await bench.manager.admin('GET', `/tasks/${id}`);
    expect(body.data.status).toBe(expected);
    expect(body.data.link_profile).toBe((more as Json).link_profile ?? '');
    expect(body.data.history.at(-1)).toMatchObject({
      from: 'registering',
      to: expected,
      by: 'worker',
      error_message: 'captcha',
    });
  });

  test.each(['00000000-0000-4000-8000-000000000000', 'nobody', '%00', '..%2Flinks', 'a'.repeat(300)])(
    'the unknown id %s is not found',
    async (id) => {
      const notFound = { status: 404, body: { success: false, message: 'task not found' } };
      expect(await bench.manager.get(`${links}/${id}?status=register`)).toMatchObject(notFound);
      expect(await bench.manager.post(`${links}/${id}/start`)).toMatchObject(notFound);
      expect(await bench.manager.post(`${links}/${id}/complete`, report)).toMatchObject(notFound);
      expect(await bench.manager.post(`${links}/${id}/fail`, { error_message: 'x' })).toMatchObject(notFound);
    },
  );

  test('a task of another flow is not found', async () => {
    const {
      ids: [id],
    } = await bench.manager.make({ type: 'podcast', accounts: accounts(1) });
    expect((await bench.manager.post(`${links}/${id}/start`)).status).toBe(404);
  });

  test.each([
    ['complete', { email: 5 }, 'email'],
    ['complete', { ...report, note: [] }, 'note'],
    ['complete', [], 'body'],
    ['fail', {}, 'error_message'],
    ['fail', { error_message: '' }, 'error_message'],
    ['fail', { error_message: 7 }, 'error_message'],
    ['fail', { error_message: 'x', status: 'failed' }, 'status'],
    ['fail', { error_message: 'x\u0000y' }, 'error_message'],
  ])('%s with %j names the field', async (call, body, field) => {
    const id = await running();
    const answer = await bench.manager.post(`${links}/${id}/${call}`, body);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ success: false, message: expect.stringMatching(new RegExp(`^${field}: `)) });
    expect(await bench.manager.status(id)).toBe('registering');
  });

  test('fields that nobody asked for are dropped', async () => {
    const id = await running();
    expect(
      (await bench.manager.post(`${links}/${id}/complete`, { ...report, status: 'x', id: 5, __proto__x: {} })).status,
    ).toBe(200);
  });

  test('a report names no secret in the history', async () => {
    const {
      ids: [id],
    } = await bench.manager.make({
      type: 'social',
      accounts: [{ domain: 'a.test', email: 'a@brand.example', password: 'Planted-pw', pass_mail: 'Planted-mail' }],
    });
    await bench.manager.post(`${links}/${id}/start`);
    await bench.manager.post(`${links}/${id}/complete`, {
      ...report,
      note: 'tried Planted-pw, Planted-mail, Real-pass-1 and sid=abc123',
    });
    const { body } = await bench.manager.admin('GET', `/tasks/${id}`);
    expect(body.data.history.at(-1).note).toBe('tried ********, ********, ******** and ********');
  });

  test('a report names no secret in the history, in whatever form it writes it', async () => {
    const password = 'Planted&pw ö';
    const {
      ids: [id],
    } = await bench.manager.make({ type: 'social', accounts: [{ ...accounts(1)[0]!, password }] });
    await bench.manager.post(`${links}/${id}/start`);
    await bench.manager.post(`${links}/${id}/fail`, {
      error_message: `no page at ?p=${encodeURIComponent(password)}, which shows Planted&amp;pw ö`,
    });
    const { body } = await bench.manager.admin('GET', `/tasks/${id}`);
    expect(body.data.history.at(-1).error_message).toBe('no page at ?p=********, which shows ********');
  });
});
