import { timingSafeEqual } from 'node:crypto';
import cors from '@fastify/cors';
import type { Payload } from '@temporalio/common';
import Fastify, { type FastifyInstance } from 'fastify';
import type { EncryptionCodec } from '../../temporal/codec.ts';
import { maskPayload } from './mask-payload.ts';

const largestBody = 16 * 1024 * 1024;

interface WirePayload {
  metadata?: Record<string, string>;
  data?: string;
}

interface WirePayloads {
  payloads?: WirePayload[];
}

function fromWire({ metadata = {}, data = '' }: WirePayload): Payload {
  return {
    metadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, Buffer.from(value, 'base64')])),
    data: Buffer.from(data, 'base64'),
  };
}

function toWire({ metadata, data }: Payload): WirePayload {
  return {
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    ),
    data: Buffer.from(data ?? []).toString('base64'),
  };
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * Shows encrypted payloads to the Web UI and the CLI of who holds the token, which is the first part of the path
 * (`http://HOST:PORT/TOKEN`), since neither can be told to send one otherwise without a sign-in. Secrets in them stay
 * masked. It logs nothing: each of its addresses holds the token.
 *
 * @param origins of the pages that may ask, such as the Web UI's
 */
export async function buildCodecServer(
  codec: EncryptionCodec,
  token: string,
  origins: string[],
): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: largestBody,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 1000 },
  });
  await app.register(cors, {
    origin: origins,
    methods: 'POST',
    allowedHeaders: 'content-type, x-namespace, authorization',
    // A preflight needs the token as well: it is answered below.
    preflightContinue: true,
    strictPreflight: false,
  });
  app.addHook('onRequest', async ({ method, url }, reply) => {
    const [, given = ''] = url.split(/[/?]/);
    if (!isSame(given, token)) return reply.code(403).send();
    if (method === 'OPTIONS') return reply.code(204).send();
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send());
  app.setErrorHandler((_error, _request, reply) => reply.code(400).send());
  // Whatever its content type says: clients forget the header.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'string' },
    async (_request: unknown, body: string | Buffer) => JSON.parse(String(body)) as unknown,
  );

  app.post<{ Body: WirePayloads }>('/:token/encode', async ({ body: { payloads = [] } }) => ({
    payloads: (await codec.encode(payloads.map(fromWire))).map(toWire),
  }));
  app.post<{ Body: WirePayloads }>('/:token/decode', async ({ body: { payloads = [] } }) => ({
    payloads: (await codec.decode(payloads.map(fromWire))).map(maskPayload).map(toWire),
  }));
  return app;
}
