import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NoAnswer, TaskClient } from '../../../services/manager-client/task-client.ts';
import {
  type Answering,
  AnsweringServer,
  breakOff,
  hang,
  json,
  ok,
  refuse,
  text,
} from '../../support/answering-server.ts';

const key = 'planted-worker-key';
let server: AnsweringServer;
let client: TaskClient;

beforeEach(async () => {
  server = await AnsweringServer.start();
  client = new TaskClient(server.url, key, 300);
});
afterEach(() => server.close());

const mismatch = { message: 'task not in expected status', current_status: 'connect', expected: 'register' };

async function noAnswerOf(call: Promise<unknown>): Promise<NoAnswer> {
  const error: unknown = await call.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  expect(error).toBeInstanceOf(NoAnswer);
  expect(`${(error as Error).message} ${(error as Error).stack} ${String((error as Error).cause)}`).not.toContain(key);
  return error as NoAnswer;
}

describe('the calls', () => {
  test.each([
    ['social', '/api/v1/social_account'],
    ['entity', '/api/v1/entity'],
    ['podcast', '/api/v1/podcast_account'],
  ] as const)('of %s go below %s, with the key', async (flow, base) => {
    server.answer = ok({});
    await client.list(flow, { limit: '7', status: 'register' });
    await client.read(flow, 'a/b c', 'register');
    await client.read(flow, 'a', undefined);
    await client.post(flow, 'a/b c', 'start', undefined);
    await client.post(flow, 'a', 'fail', { error_message: 'é' });
    expect(server.taken.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `GET ${base}/links?limit=7&status=register`,
      `GET ${base}/links/a%2Fb%20c?status=register`,
      `GET ${base}/links/a`,
      `POST ${base}/links/a%2Fb%20c/start`,
      `POST ${base}/links/a/fail`,
    ]);
    expect(server.taken.every((taken) => taken.key === key)).toBe(true);
    expect(server.taken.map(({ body }) => body)).toEqual(['', '', '', '', '{"error_message":"é"}']);
  });

  test('are made once each, whatever comes of them', async () => {
    server.answer = breakOff;
    await noAnswerOf(client.post('social', 'a', 'complete', { email: 'e' }));
    expect(server.taken).toHaveLength(1);
  });

  test('end at once, with their reason, when the activity is cancelled', async () => {
    server.answer = hang;
    const stop = new AbortController();
    const call = client.post('social', 'a', 'start', undefined, stop.signal);
    await expect.poll(() => server.taken.length).toBe(1);
    stop.abort(new Error('cancelled by the test'));
    await expect(call).rejects.toThrow('cancelled by the test');
  });
});

describe('a definite answer', () => {
  test.each<[string, Answering, object]>([
    ['200 with data', ok({ id: 'a' }), { kind: 'ok', data: { id: 'a' } }],
    ['200 without data', ok(), { kind: 'ok', data: undefined }],
    ['200 with fields nobody knows', json(200, { success: true, data: null, extra: 1 }), { kind: 'ok', data: null }],
    ["409, social's wrong status", refuse(409, 'status mismatch'), { kind: 'mismatch', currentStatus: undefined }],
    [
      "404, entity's wrong status",
      refuse(404, mismatch.message, mismatch),
      { kind: 'mismatch', currentStatus: 'connect' },
    ],
    ['404 for a task that is gone', refuse(404, 'task not found'), { kind: 'gone' }],
    ['400', refuse(400, 'placeholder rejected'), { kind: 'invalid', message: '400 placeholder rejected' }],
    ['413', refuse(413, 'too large'), { kind: 'invalid', message: '413 too large' }],
  ])('%s', async (_name, answering, expected) => {
    server.answer = answering;
    expect(await client.post('entity', 'a', 'start', undefined)).toEqual(expected);
    expect(await client.read('entity', 'a', 'register')).toEqual(expected);
  });
});

describe('no usable answer', () => {
  test.each<[string, Answering, RegExp]>([
    ['500', refuse(500, 'oops'), /500/],
    ['502 of a proxy', text(502, '<h1>Bad gateway</h1>'), /502/],
    ['a connection that breaks off', breakOff, /UND_ERR_SOCKET|ECONNRESET/],
    ['silence', hang, /no answer in 0\.3 s/],
    ['half an answer', (response) => void response.writeHead(200).write('{"success":'), /no answer in 0\.3 s/],
    [
      'an answer that ends too early',
      (response) =>
        void response.writeHead(200, { 'content-length': '50' }).write('{', () => response.socket?.destroy()),
      /UND_ERR_SOCKET|terminated/,
    ],
    ['an HTML page with 200', text(200, '<html>Sign in to the hotel'), /200 with a body that is no JSON/],
    ['malformed JSON', text(200, '{"success":true', { 'content-type': 'application/json' }), /no JSON/],
    ['200 without success', json(200, { data: {} }), /without "success": true/],
    ['200 that says it failed', json(200, { success: false, message: 'no' }), /without "success": true/],
    ['JSON null', json(200, null), /without "success": true/],
    ['a redirect', text(302, '', { location: 'https://elsewhere.test/' }), /302/],
    ['a 404 of another program', json(404, { statusCode: 404, error: 'Not Found' }), /404 in an unknown form/],
    ['a 404 page', text(404, '<h1>Not found</h1>'), /404 with a body that is no JSON/],
  ])('%s may hide that the manager acted', async (_name, answering, message) => {
    server.answer = answering;
    const wrote = await noAnswerOf(client.post('social', 'a', 'start', undefined));
    expect(wrote).toMatchObject({ mayBeApplied: true, alarm: false, message: expect.stringMatching(message) });
    expect(await noAnswerOf(client.read('social', 'a', 'register'))).toMatchObject({ mayBeApplied: false });
  });

  test('a redirect is not followed, so that the key goes nowhere else', async () => {
    server.answer = (response, _request, taken) =>
      void response.writeHead(taken.path === '/elsewhere' ? 200 : 307, { location: '/elsewhere' }).end();
    await noAnswerOf(client.post('social', 'a', 'start', undefined));
    expect(server.taken.map(({ path }) => path)).toEqual(['/api/v1/social_account/links/a/start']);
  });

  test.each([401, 403])('%i is waited out like a manager that is down, and alarms', async (status) => {
    server.answer = refuse(status, 'invalid api key');
    expect(await noAnswerOf(client.post('social', 'a', 'start', undefined))).toMatchObject({
      mayBeApplied: false,
      alarm: true,
    });
  });

  test('a connection that is refused was never sent', async () => {
    const { url } = server;
    await server.close();
    const refused = await noAnswerOf(new TaskClient(url, key).post('social', 'a', 'start', undefined));
    expect(refused).toMatchObject({ mayBeApplied: false, message: expect.stringContaining('ECONNREFUSED') });
    server = await AnsweringServer.start();
  });
});

describe('Retry-After', () => {
  test.each([
    [429, '7', 7_000],
    [503, '2', 2_000],
    [429, '0', undefined],
    [429, '-3', undefined],
    [429, 'soon', undefined],
    [429, 'Thu, 01 Jan 1970 00:00:00 GMT', undefined],
  ])('of %i with "%s" is %s ms', async (status, value, expected) => {
    server.answer = refuse(status, 'later');
    const { answer } = server;
    server.answer = (response, request, taken) => {
      response.setHeader('retry-after', value);
      answer(response, request, taken);
    };
    expect((await noAnswerOf(client.post('social', 'a', 'start', undefined))).retryAfterMs).toBe(expected);
  });

  test('as a date is the time until then', async () => {
    server.answer = json(
      429,
      { success: false, message: 'later' },
      { 'retry-after': new Date(Date.now() + 90_000).toUTCString() },
    );
    const { retryAfterMs, mayBeApplied } = await noAnswerOf(client.list('social', {}));
    expect(mayBeApplied).toBe(false);
    expect(retryAfterMs).toBeGreaterThan(80_000);
    expect(retryAfterMs).toBeLessThanOrEqual(90_000);
  });

  test('429 was not acted on', async () => {
    server.answer = refuse(429, 'later');
    expect(await noAnswerOf(client.post('social', 'a', 'start', undefined))).toMatchObject({ mayBeApplied: false });
  });
});
