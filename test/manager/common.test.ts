import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { accounts, adminKey, type Json, onEachDatabase, workerKey } from './harness.ts';

const pulls = ['/api/v1/social_account/links', '/api/v1/entity/links', '/api/v1/podcast_account/links'];

onEachDatabase('every API', (bench) => {
  test.each(pulls)('%s lets in who has a key', async (path) => {
    for (const key of [null, '', 'wrong', workerKey.slice(0, -1), `${workerKey}x`]) {
      const { status, body } = await bench.manager.get(path, { key });
      expect([status, body]).toEqual([401, { success: false, message: 'invalid api key' }]);
    }
    for (const key of [workerKey, adminKey]) expect((await bench.manager.get(path, { key })).status).toBe(200);
  });

  test('every call of a task needs the key, before anything else is looked at', async () => {
    for (const base of pulls) {
      expect((await bench.manager.get(`${base}/x`, { key: null })).status).toBe(401);
      for (const call of ['start', 'complete', 'fail']) {
        expect((await bench.manager.post(`${base}/x/${call}`, '{', { key: null })).status).toBe(401);
      }
    }
  });

  test('an unknown path is answered in the error form', async () => {
    for (const [method, path] of [
      ['GET', '/nowhere'],
      ['PUT', pulls[0]!],
      ['GET', '/%zz'],
      ['POST', '/healthz'],
    ] as const) {
      const { status, body } = await bench.manager.call(method, path);
      expect([400, 404]).toContain(status);
      expect(body).toEqual({ success: false, message: expect.any(String) });
    }
  });

  describe.each(pulls)('%s', (base) => {
    test.each(['{', 'no JSON', '{"email":}', '<xml/>'])(
      'the body %s is no JSON, and the answer says so',
      async (body) => {
        const answer = await bench.manager.post(`${base}/00000000-0000-4000-8000-000000000000/fail`, body);
        expect([answer.status, answer.body]).toEqual([400, { success: false, message: 'body is not valid JSON' }]);
      },
    );

    test('a missing body is named', async () => {
      const answer = await bench.manager.post(`${base}/00000000-0000-4000-8000-000000000000/complete`);
      expect(answer.status).toBe(400);
      expect(answer.body.message).toMatch(/^body: /);
    });

    test('a body over 1 MB is refused', async () => {
      const answer = await bench.manager.post(`${base}/x/complete`, { note: 'x'.repeat(1024 * 1024) });
      expect([answer.status, answer.body]).toEqual([413, { success: false, message: 'body is larger than 1 MB' }]);
    });

    test('start needs no body, whatever the content type says', async () => {
      const answer = await bench.manager.call('POST', `${base}/00000000-0000-4000-8000-000000000000/start`, {
        headers: { 'Content-Type': 'application/json' },
      });
      expect([answer.status, answer.body.message]).toEqual([404, 'task not found']);
    });
  });

  test.each([
    ['/api/v1/admin/requests', { 'X-API-Key': adminKey }],
    ...pulls.map((path) => [`${path}/00000000-0000-4000-8000-000000000000/fail`, { 'X-API-Key': workerKey }] as const),
  ] as const)(
    '%s reads a body of 1 MB, and not a byte more, whether its length is said or not',
    async (path, headers) => {
      const send = (bytes: number, inPieces: boolean) => {
        const text = `{"error_message":"${'x'.repeat(bytes - 20)}"}`;
        const pieces = Array.from({ length: Math.ceil(bytes / 65_536) }, (_, index) =>
          new TextEncoder().encode(text.slice(index * 65_536, (index + 1) * 65_536)),
        );
        const body = inPieces ? { body: ReadableStream.from(pieces), duplex: 'half' } : { body: text };
        return fetch(bench.manager.url + path, {
          method: 'POST',
          headers: { ...headers, 'Content-Type': 'application/json' },
          ...body,
        } as RequestInit);
      };
      const most = 1024 * 1024;
      for (const inPieces of [false, true]) {
        const fits = await send(most, inPieces);
        expect(fits.status).toBe(400);
        expect(await fits.text()).not.toContain('larger');
        const over = await send(most + 1, inPieces);
        expect([over.status, await over.json()]).toEqual([
          413,
          { success: false, message: 'body is larger than 1 MB' },
        ]);
      }
    },
  );

  test('a body counts as JSON without its content type', async () => {
    const {
      ids: [id],
    } = await bench.manager.make({ type: 'social', accounts: accounts(1) });
    await bench.manager.post(`${pulls[0]}/${id}/start`);
    const answer = await bench.manager.post(
      `${pulls[0]}/${id}/fail`,
      { error_message: 'x' },
      { headers: { 'Content-Type': 'text/plain' } },
    );
    expect(answer.status).toBe(200);
  });

  test('an internal error is not shown to the caller', async () => {
    await sql`alter table task_history rename to task_history_gone`.execute(bench.db);
    try {
      const { status, body } = await bench.manager.admin('POST', '/requests', {
        type: 'social',
        website: 'https://x.example',
        accounts: accounts(1),
      });
      expect([status, body]).toEqual([500, { success: false, message: 'internal error' }]);
    } finally {
      await sql`alter table task_history_gone rename to task_history`.execute(bench.db);
    }
    expect((await bench.manager.admin('GET', '/requests')).body.data).toEqual([]);
  });

  test('calls over the limit are refused with the time to wait, and wrong keys use up nothing of a right one', async () => {
    const limited = await bench.another({ rateLimit: 5 });
    const statuses = async (key: string, count: number) => {
      const all = [];
      for (let call = 0; call < count; call++) all.push(await limited.get(pulls[0]!, { key }));
      return all;
    };
    expect((await statuses('wrong', 7)).map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429, 429]);
    const right = await statuses(workerKey, 6);
    expect(right.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429]);
    expect(right.at(-1)!.body).toEqual({ success: false, message: 'too many calls' });
    expect(Number(right.at(-1)!.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(right.at(-1)!.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect((await statuses(adminKey, 1))[0]!.status).toBe(200);
    expect((await limited.get('/healthz', { key: null })).status).toBe(200);
  });

  test('probes need no key', async () => {
    expect(await bench.manager.get('/healthz', { key: null })).toMatchObject({ status: 200, body: { success: true } });
    expect(await bench.manager.get('/readyz', { key: null })).toMatchObject({ status: 200, body: { success: true } });
  });

  test('the description names every call, its answers and its fields', async () => {
    const { status, body } = await bench.manager.get('/openapi.json', { key: null });
    expect(status).toBe(200);
    expect(body.openapi).toBe('3.1.0');
    const calls = Object.entries<Json>(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    const flows = ['/api/v1/social_account', '/api/v1/entity', '/api/v1/podcast_account'].flatMap((base) => [
      `get ${base}/links`,
      `get ${base}/links/{id}`,
      `post ${base}/links/{id}/start`,
      `post ${base}/links/{id}/complete`,
      `post ${base}/links/{id}/fail`,
    ]);
    expect(calls.sort()).toEqual(
      [
        ...flows,
        'get /healthz',
        'get /readyz',
        'post /mini-app/v1/register',
        'post /api/v1/admin/requests',
        'get /api/v1/admin/requests',
        'get /api/v1/admin/requests/{id}',
        'get /api/v1/admin/tasks/{id}',
        'delete /api/v1/admin/tasks/{id}',
      ].sort(),
    );
    const complete = body.paths['/api/v1/social_account/links/{id}/complete'].post;
    expect(Object.keys(complete.responses)).toEqual(['200', '400', '401', '404', '409', '413', '429', '500']);
    expect(Object.keys(complete.requestBody.content['application/json'].schema.properties)).toEqual([
      'email',
      'username',
      'password',
      'cookie',
      'link_profile',
      'note',
    ]);
  });
});
