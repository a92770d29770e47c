import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, assert, beforeEach, describe, expect, test } from 'vitest';
import { createMiniAppActivities, type MiniAppActivities } from '../../activities/mini-app.ts';
import {
  existsMessage,
  incompleteMessage,
  type MiniAppRegistered,
  type MiniAppUser,
  registeredMessage,
} from '../../contracts/mini-app.ts';
import type { MiniAppOutcome } from '../../contracts/outcomes.ts';
import type { MiniAppOptions } from '../../services/manager-client/mini-app-client.ts';
import { type Answering, AnsweringServer, breakOff, hang, json, refuse, text } from '../support/answering-server.ts';

const tokenSeller = 'planted-seller-token';
const userToken = 'planted-user-token';
const user: MiniAppUser = {
  zalo_user_id: '987',
  name: 'Nguyễn Thị Mẫu',
  avatar: 'https://brand.test/a.jpg',
  gender: 'female',
  email: 'a@brand.test',
  mobile: '0123456789',
};
const made: MiniAppRegistered = {
  success: true,
  message: registeredMessage,
  token: userToken,
  data: {
    ...user,
    user_id: 5,
    username: 'zalo_987',
    user_money: 0,
    user_money2: 0,
    doitac: 'zalo',
    seller_id: 3,
    shop_id: 7,
  },
};
const there = refuse(409, existsMessage, { need_login: true, zalo_user_id: '987' });

let server: AnsweringServer;
let folder: string;
let options: MiniAppOptions;
let activities: MiniAppActivities;

beforeEach(async () => {
  server = await AnsweringServer.start();
  folder = mkdtempSync(path.join(os.tmpdir(), 'enlist-mini-app-'));
  options = { url: server.url, tokenSeller, shopId: 7, tokenFolder: path.join(folder, 'data', 'tokens') };
  activities = createMiniAppActivities(options);
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await server.close();
});

const quiet = () => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });

/** One attempt of the activity, as Temporal makes it. */
function register(given = user, from = activities): Promise<MiniAppOutcome> {
  return quiet().run(() => from.registerMiniAppUser(given));
}

async function failureOf(attempt: Promise<unknown>): Promise<Error> {
  const failure: unknown = await attempt.then(
    (end) => `no failure but ${JSON.stringify(end)}`,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(Error);
  return failure as Error;
}

/** The failure that Temporal makes another attempt after. */
async function retriedFailureOf(attempt: Promise<unknown>): Promise<ApplicationFailure> {
  const failure = await failureOf(attempt);
  assert(failure instanceof ApplicationFailure);
  expect(failure).toMatchObject({ type: 'MiniAppUnavailable', nonRetryable: false });
  expect(
    `${failure.message} ${failure.stack} ${JSON.stringify(failure.details ?? null)} ${String(failure.cause)}`,
  ).not.toContain('planted');
  return failure;
}

const keptTokens = () => readdirSync(options.tokenFolder);
const modeOf = (file: string) => statSync(file).mode & 0o777;

describe('a user who is new to the shop', () => {
  test('is registered as the seller and for the shop of the setting', async () => {
    let headers: IncomingHttpHeaders = {};
    server.answer = (response, request, taken) => {
      headers = request.headers;
      json(201, made)(response, request, taken);
    };
    await register();
    expect(server.taken.map(({ method, path: at }) => `${method} ${at}`)).toEqual(['POST /mini-app/v1/register']);
    expect(headers).toMatchObject({ 'token-seller': tokenSeller, 'shop-id': '7' });
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(JSON.parse(server.taken[0]!.body)).toEqual(user);
  });

  test('has the token kept in a file that the operator alone may read, and in no result', async () => {
    server.answer = json(201, made);
    expect(await register()).toEqual({ outcome: 'registered', userId: 5, username: 'zalo_987' });
    expect(keptTokens()).toEqual(['7-987']);
    const file = path.join(options.tokenFolder, '7-987');
    expect(readFileSync(file, 'utf8')).toBe(`${userToken}\n`);
    expect(modeOf(file)).toBe(0o600);
    expect(modeOf(options.tokenFolder)).toBe(0o700);
  });

  test('has the token kept beside those of other users and shops', async () => {
    server.answer = json(201, made);
    await register();
    await register({ ...user, zalo_user_id: '988' });
    await register(user, createMiniAppActivities({ ...options, shopId: 8 }));
    expect(keptTokens().sort()).toEqual(['7-987', '7-988', '8-987']);
  });

  test('whose id looks like a path has the token kept in the folder nevertheless', async () => {
    server.answer = json(201, made);
    await register({ ...user, zalo_user_id: '/../../../x' });
    expect(readdirSync(folder)).toEqual(['data']);
    expect(keptTokens().map((name) => decodeURIComponent(name))).toEqual(['7-/../../../x']);
  });
});

describe('a user whom the shop has already', () => {
  test('is an outcome, no failure, and leaves no token', async () => {
    server.answer = there;
    expect(await register()).toEqual({ outcome: 'exists' });
    expect(readdirSync(options.tokenFolder)).toEqual([]);
  });

  test('since the answer of an earlier attempt was lost is an outcome as well', async () => {
    server.answerInTurn((response) => {
      response.writeHead(201, { 'content-type': 'application/json', 'content-length': '500' });
      response.write(JSON.stringify(made).slice(0, 40), () => response.socket?.destroy());
    }, there);
    await retriedFailureOf(register());
    expect(await register()).toEqual({ outcome: 'exists' });
    expect(server.taken).toHaveLength(2);
  });
});

describe('an answer that another attempt would not change', () => {
  test.each<[number, string]>([
    [400, incompleteMessage],
    [401, 'invalid seller token'],
    [413, 'too large'],
  ])('%i ends at once with the server’s words', async (status, message) => {
    server.answer = refuse(status, message);
    expect(await register()).toEqual({ outcome: 'failed', reason: `${status} ${message}` });
    expect(server.taken).toHaveLength(1);
  });

  test.each<[string, Answering, string]>([
    ['without words', json(400, { success: false }), '400'],
    ['with a page', text(403, '<h1>Forbidden</h1>'), '403'],
    ['409 that is no JSON', text(409, 'conflict'), '409'],
    ['409 for another reason', refuse(409, 'the shop is closed'), '409 the shop is closed'],
  ])('%s ends at once with its status', async (_what, answering, reason) => {
    server.answer = answering;
    expect(await register()).toEqual({ outcome: 'failed', reason });
  });
});

describe('no usable answer', () => {
  test.each<[string, Answering, RegExp, number | undefined]>([
    ['500', refuse(500, 'oops'), /^the server answers 500$/, undefined],
    ['502 of a proxy', text(502, '<h1>Bad gateway</h1>'), /^the server answers 502$/, undefined],
    [
      '429 that names its wait',
      json(429, { success: false, message: 'later' }, { 'retry-after': '7' }),
      /^the server answers 429$/,
      7_000,
    ],
    [
      '503 that names its wait',
      json(503, { success: false, message: 'later' }, { 'retry-after': '7' }),
      /^the server answers 503$/,
      7_000,
    ],
    [
      '201 in a form that nobody knows',
      json(201, { success: true, token: userToken }),
      /^201 in an unknown form$/,
      undefined,
    ],
    ['200 with a page', text(200, '<html>Welcome</html>'), /^200 in an unknown form$/, undefined],
    ['200 with half an answer', text(200, '{"success":true,"data":{"id":'), /^200 in an unknown form$/, undefined],
    ['201 that is no JSON', text(201, `${userToken} and more`), /^201 in an unknown form$/, undefined],
    ['a connection that breaks off', breakOff, /^no answer: (UND_ERR_SOCKET|ECONNRESET)$/, undefined],
  ])('(%s) is waited out', async (_what, answering, message, delay) => {
    server.answer = answering;
    const failure = await retriedFailureOf(register());
    expect(failure.message).toMatch(message);
    expect(failure.nextRetryDelay).toBe(delay);
    expect(server.taken).toHaveLength(1);
    expect(readdirSync(options.tokenFolder)).toEqual([]);
  });

  test('can be a place for the token that is none: then nothing is sent', async () => {
    writeFileSync(path.join(folder, 'data'), 'a file where the folder should be');
    await expect(register()).rejects.toThrow(/ENOTDIR|EEXIST/);
    expect(server.taken).toEqual([]);
  });

  test('(a server that is not there) is waited out', async () => {
    await server.close();
    expect((await retriedFailureOf(register())).message).toBe('no answer: ECONNREFUSED');
    server = await AnsweringServer.start();
  });

  test('is not waited for once the workflow is cancelled', async () => {
    server.answer = hang;
    const environment = quiet();
    const attempt = environment.run(() => activities.registerMiniAppUser(user));
    await expect.poll(() => server.taken.length).toBe(1);
    environment.cancel();
    expect((await failureOf(attempt)).name).toBe('CancelledFailure');
  });
});

describe('Vietnamese letters', () => {
  test.each([
    ['with all their marks', 'Đặng Thị Hỷ ươ ễ ộ ữ Ằ Ẵ ỹ'],
    ['written as letter and mark', 'Đặng Thị Hỷ ễ ộ'.normalize('NFD')],
    ['beside others', 'Ngọc "Ánh" \\ 😀 — 李'],
  ])('%s arrive unharmed', async (_how, name) => {
    server.answer = json(201, made);
    await register({ ...user, name });
    const { body } = server.taken[0]!;
    expect(Buffer.from(body)).toEqual(Buffer.from(JSON.stringify({ ...user, name })));
    expect(Buffer.from((JSON.parse(body) as MiniAppUser).name)).toEqual(Buffer.from(name));
  });

  test('in the server’s words are read unharmed though each byte comes by itself', async () => {
    server.answer = async (response) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.socket?.setNoDelay(true);
      for (const byte of Buffer.from(JSON.stringify({ success: false, message: incompleteMessage }))) {
        await new Promise((resolve) => response.write(Buffer.of(byte), resolve));
      }
      response.end();
    };
    expect(await register()).toEqual({ outcome: 'failed', reason: `400 ${incompleteMessage}` });
  });
});

test('a worker without the seller’s settings says which ones it lacks, and calls nobody', async () => {
  expect(await register(user, createMiniAppActivities(undefined))).toEqual({
    outcome: 'failed',
    reason: 'this worker has no MINIAPP_TOKEN_SELLER and MINIAPP_SHOP_ID',
  });
  expect(server.taken).toEqual([]);
});

describe('what the server sends', () => {
  test('elsewhere is not followed: the seller’s token is for this server alone', async () => {
    const other = await AnsweringServer.start();
    try {
      server.answer = (response) =>
        void response.writeHead(307, { location: `${other.url}/mini-app/v1/register` }).end();
      expect(await register()).toEqual({
        outcome: 'failed',
        reason: expect.stringMatching(/^307: the server leads elsewhere/) as string,
      });
      expect(other.taken).toEqual([]);
    } finally {
      await other.close();
    }
  });

  test('beside the token may be null or new', async () => {
    server.answer = json(201, {
      ...made,
      data: { user_id: 5, username: 'zalo_987', avatar: null, email: null, level: 3 },
    });
    expect(await register()).toEqual({ outcome: 'registered', userId: 5, username: 'zalo_987' });
    expect(readdirSync(options.tokenFolder)).toEqual(['7-987']);
  });

  test('as a reason is cut to what a report may hold', async () => {
    server.answer = refuse(400, 'x'.repeat(100_000));
    const { reason } = (await register()) as { reason: string };
    expect(reason.length).toBeLessThanOrEqual(1_010);
  });

  test('for an id too long for a file’s name is kept under a short one', async () => {
    server.answer = json(201, made);
    expect(await register({ ...user, zalo_user_id: 'ẩ'.repeat(80) })).toMatchObject({ outcome: 'registered' });
    expect(readdirSync(options.tokenFolder)).toEqual([expect.stringMatching(/^7-[0-9a-f]{64}$/)]);
  });
});
