import { randomBytes } from 'node:crypto';
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
    // Enlist traces name files, which nobody outside needs to know either.
    expect(bytes.toString('latin1')).not.toContain('codec.test.ts');
    expect(bytes.toString('latin1')).toContain('Encoded failure');
  });
});
