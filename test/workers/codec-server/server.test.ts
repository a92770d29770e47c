import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KeyRing } from '../../../config/key-ring.ts';
import { EncryptionCodec } from '../../../temporal/codec.ts';
import { buildCodecServer } from '../../../workers/codec-server/server.ts';

const makeKey = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const [oldKey, newKey] = [makeKey('old'), makeKey('new')];
const codecOf = (...keys: string[]) => new EncryptionCodec(new KeyRing(keys.join(',')));
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const valueOf = (payload: Payload): unknown => defaultPayloadConverter.fromPayload(payload);
const token = 'planted-codec-token';
const origin = 'http://127.0.0.1:8233';
let server: FastifyInstance;
let url: string;

beforeAll(async () => {
  server = await buildCodecServer(codecOf(newKey, oldKey), token, [origin]);
  url = await server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => server.close());

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url + path, { method: 'POST', body, headers });
const toWire = ({ metadata, data }: Payload) => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  ),
  data: Buffer.from(data ?? []).toString('base64'),
});
async function decode(...values: unknown[]): Promise<unknown[]> {
  const payloads = (await codecOf(oldKey).encode(values.map(payloadOf))).map(toWire);
  const response = await post(`/${token}/decode`, JSON.stringify({ payloads }));
  expect(response.status).toBe(200);
  const shown = (await response.json()) as { payloads: { data: string }[] };
  return shown.payloads.map(({ data }) => JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as unknown);
}

test('shows what payloads hold, whatever key of the ring they were encrypted with', async () => {
  expect(await decode({ domain: 'site.test', links: ['a'] }, 'text', 7)).toEqual([
    { domain: 'site.test', links: ['a'] },
    'text',
    7,
  ]);
});

test('keeps secrets hidden', async () => {
  const session = JSON.stringify({ cookies: [{ name: 'n', value: 'planted' }], origins: [] });
  const task = {
    id: 'a',
    email: 'a@b.test',
    password: 'planted',
    pass_mail: 'planted',
    app_password: 'planted',
    twofa: 'planted',
    cookie: 'planted',
  };
  const shown = await decode(
    task,
    session,
    { session, profileUrl: 'https://site.test/u/a' },
    { kind: 'code', value: 'planted' },
    [{ task }],
    { password: '' },
  );
  expect(JSON.stringify(shown)).not.toContain('planted');
  expect(shown[0]).toMatchObject({ id: 'a', email: 'a@b.test', password: '[secret]' });
  expect(shown[2]).toEqual({ session: '[secret]', profileUrl: 'https://site.test/u/a' });
  expect(shown[5]).toEqual({ password: '' });
});

test('encodes for who wants to start or signal a workflow by hand', async () => {
  const response = await post(`/${token}/encode`, JSON.stringify({ payloads: [toWire(payloadOf('by hand'))] }));
  const { payloads } = (await response.json()) as { payloads: { metadata: Record<string, string>; data: string }[] };
  const [payload] = payloads.map(({ metadata, data }) => ({
    metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')])),
    data: Buffer.from(data, 'base64'),
  }));
  expect((await codecOf(newKey).decode([payload!])).map(valueOf)).toEqual(['by hand']);
});

test.each(['/decode', '/wrong-token/decode', '//decode', '/planted-codec-toke/decode', '/'])(
  'answers nobody without the token: %s',
  async (path) => {
    expect((await post(path, '{"payloads":[]}')).status).toBe(403);
  },
);

test('tells a browser that only the Web UI may ask', async () => {
  const preflight = await fetch(`${url}/${token}/decode`, { method: 'OPTIONS', headers: { origin } });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
  expect(preflight.headers.get('access-control-allow-headers')).toContain('content-type');
  const stranger = await fetch(`${url}/${token}/decode`, {
    method: 'OPTIONS',
    headers: { origin: 'https://elsewhere.example' },
  });
  expect(stranger.headers.get('access-control-allow-origin')).toBeNull();
});

test.each([
  '',
  'no json',
  'null',
  '{"payloads":7}',
  '{"payloads":[null]}',
  '{"payloads":[{"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA=="},"data":"AA=="}]}',
])('answers 400 to the body %j, and goes on', async (body) => {
  expect((await post(`/${token}/decode`, body)).status).toBe(400);
  expect(await decode('still here')).toEqual(['still here']);
});

test('knows no other path or method', async () => {
  expect((await post(`/${token}/keys`, '{}')).status).toBe(404);
  expect((await fetch(`${url}/${token}/decode`)).status).toBe(404);
});

test('gives a browser no preflight without the token, and tells its page so', async () => {
  const refused = await fetch(`${url}/wrong-token/decode`, { method: 'OPTIONS', headers: { origin } });
  expect(refused.status).toBe(403);
  expect(refused.headers.get('access-control-allow-origin')).toBe(origin);
});

test('takes bodies of up to 16 MiB', async () => {
  const empty = '{"payloads":[]}';
  const largest = empty.padEnd(16 * 1024 * 1024, ' ');
  expect((await post(`/${token}/decode`, largest)).status).toBe(200);
  expect((await post(`/${token}/decode`, `${largest} `)).status).toBe(400);
});

test('takes a long token', async () => {
  const long = 'x'.repeat(500);
  const other = await buildCodecServer(codecOf(newKey), long, []);
  expect((await other.inject({ method: 'POST', url: `/${long}/decode`, payload: '{"payloads":[]}' })).statusCode).toBe(
    200,
  );
  await other.close();
});
