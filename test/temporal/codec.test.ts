import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ApplicationFailure, defaultPayloadConverter, type Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KeyRing } from '../../config/key-ring.ts';
import { findTools } from '../../scripts/dev/setup/tools.mjs';
import { EncryptionCodec } from '../../temporal/codec.ts';
import { makeDataConverter } from '../../temporal/data-converter.ts';
import { createCodecServer } from '../../workers/codec-server/main.ts';
import { writeForms } from '../support/browser-and-sites.ts';

const makeKey = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const [oldKey, newKey] = [makeKey('old'), makeKey('new')];
const codecOf = (...keys: string[]) => new EncryptionCodec(new KeyRing(keys.join(',')));
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const valueOf = (payload: Payload): unknown => defaultPayloadConverter.fromPayload(payload);
const bytesOf = (payload: Payload) =>
  Buffer.from(proto.temporal.api.common.v1.Payload.encode(payload).finish()).toString('latin1');

describe('the codec', () => {
  test('brings every kind of value back as it was', async () => {
    const codec = codecOf(newKey);
    const values = [{ a: ['ế', 1, null] }, '', 'text', 0, null, Buffer.from([0, 1, 255])];
    const decoded = await codec.decode(await codec.encode(values.map(payloadOf)));
    expect(decoded.map(valueOf).map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value))).toEqual(
      values,
    );
  });

  test('lets nothing be read, not even that two values are the same', async () => {
    const [first, second] = await codecOf(newKey).encode([
      payloadOf('planted-password'),
      payloadOf('planted-password'),
    ]);
    for (const form of writeForms('planted-password')) expect(bytesOf(first!)).not.toContain(form);
    expect(bytesOf(first!)).not.toContain('json/plain');
    expect(bytesOf(first!)).not.toBe(bytesOf(second!));
  });

  test('decodes with the key of the time, encodes with the first', async () => {
    const then = await codecOf(oldKey).encode([payloadOf('then')]);
    const rotated = codecOf(newKey, oldKey);
    expect((await rotated.decode(then)).map(valueOf)).toEqual(['then']);
    const now = await rotated.encode([payloadOf('now')]);
    expect((await codecOf(newKey).decode(now)).map(valueOf)).toEqual(['now']);
  });

  test('says which key it lacks', async () => {
    const then = await codecOf(oldKey).encode([payloadOf('then')]);
    await expect(codecOf(newKey).decode(then)).rejects.toThrow(
      'no key "old" in ENLIST_KEYS: add the key that this was encrypted with',
    );
    await expect(codecOf(makeKey('old')).decode(then)).rejects.toThrow();
  });

  test('leaves alone what it did not encode', async () => {
    expect((await codecOf(newKey).decode([payloadOf('plain')])).map(valueOf)).toEqual(['plain']);
  });
});

describe('the codec server', () => {
  const token = 'planted-codec-token';
  const origin = 'http://127.0.0.1:8233';
  let server: Server;
  let url: string;

  beforeAll(async () => {
    server = createCodecServer(codecOf(newKey, oldKey), token, [origin]);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });

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
      metadata: Object.fromEntries(
        Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')]),
      ),
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
});

describe('on a server', () => {
  const secret = `planted"secret/ế+1`;
  let temporal: TestWorkflowEnvironment;
  const dataConverter = makeDataConverter(new KeyRing(newKey));

  beforeAll(async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    temporal = await TestWorkflowEnvironment.createLocal({
      server: {
        executable: { type: 'existing-path', path: findTools().temporal! },
        extraArgs: ['--log-level', 'error'],
      },
      client: { dataConverter },
    });
  });
  afterAll(() => temporal.teardown());

  test('nothing of a failure can be read: not its message, stack, details, causes, nor what was given', async () => {
    const worker = await Worker.create({
      connection: temporal.nativeConnection,
      dataConverter,
      taskQueue: 'codec',
      workflowsPath: fileURLToPath(new URL('../support/small-workflows.ts', import.meta.url)),
      activities: {
        failWithSecrets(given: string) {
          const innermost = new Error(`innermost ${given}`);
          const cause = new Error(`cause ${given}`, { cause: innermost });
          throw ApplicationFailure.create({
            type: 'Unexpected',
            message: `outer ${given}`,
            details: [{ given }],
            cause,
          });
        },
      },
    });
    const error: unknown = await worker.runUntil(
      temporal.client.workflow
        .execute('failOnce', { taskQueue: 'codec', workflowId: 'codec', args: [secret] })
        .catch((failure: unknown) => failure),
    );
    const causes: string[] = [];
    for (let at = error as Error | undefined; at; at = at.cause as Error | undefined) causes.push(at.message);
    expect(causes).toEqual(expect.arrayContaining([`outer ${secret}`, `cause ${secret}`, `innermost ${secret}`]));

    const history = await temporal.client.workflow.getHandle('codec').fetchHistory();
    expect(history.events!.length).toBeGreaterThan(5);
    const bytes = Buffer.from(proto.temporal.api.history.v1.History.encode(history).finish());
    expect(bytes.toString('latin1')).toContain('failWithSecrets');
    for (const form of writeForms(secret)) expect(bytes.includes(Buffer.from(form))).toBe(false);
    // Stack traces name files, which nobody outside needs to know either.
    expect(bytes.toString('latin1')).not.toContain('codec.test.ts');
    expect(bytes.toString('latin1')).toContain('Encoded failure');
  });
});
