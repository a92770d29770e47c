import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { pathToFileURL } from 'node:url';
import type { Payload } from '@temporalio/common';
import { EnvironmentError, readEnvironment } from '../../config/environment.ts';
import { loadKeyRing } from '../../config/key-ring.ts';
import { loadRunEnvironment } from '../../config/run-environment.ts';
import { EncryptionCodec } from '../../temporal/codec.ts';
import { maskPayload } from './mask-payload.ts';

const largestBody = 16 * 1024 * 1024;

interface WirePayload {
  metadata?: Record<string, string>;
  data?: string;
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

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > largestBody) throw new RangeError('the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * Shows encrypted payloads to the Web UI and the CLI of who holds the token, which is the first part of the path
 * (`http://HOST:PORT/TOKEN`), since neither can be told to send one otherwise without a sign-in. Secrets in them stay
 * masked.
 */
export function createCodecServer(codec: EncryptionCodec, token: string, origins: string[]) {
  return createServer((request, response) => {
    void answer(request, response, { codec, token, origins }).catch(() => response.writeHead(400).end());
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  setting: { codec: EncryptionCodec; token: string; origins: string[] },
): Promise<void> {
  const { origin } = request.headers;
  if (origin && setting.origins.includes(origin)) {
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-allow-headers', 'content-type, x-namespace, authorization');
    response.setHeader('access-control-allow-methods', 'POST');
    response.setHeader('vary', 'origin');
  }
  const [, token = '', action] = (request.url ?? '').replace(/[?].*$/s, '').split('/');
  if (!isSame(token, setting.token)) return void response.writeHead(403).end();
  if (request.method === 'OPTIONS') return void response.writeHead(204).end();
  if (request.method !== 'POST' || (action !== 'encode' && action !== 'decode'))
    return void response.writeHead(404).end();

  const { payloads = [] } = JSON.parse(await readBody(request)) as { payloads?: WirePayload[] };
  const given = payloads.map(fromWire);
  const result =
    action === 'encode' ? await setting.codec.encode(given) : (await setting.codec.decode(given)).map(maskPayload);
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ payloads: result.map(toWire) }));
}

async function main(): Promise<void> {
  loadRunEnvironment();
  const { HOST, CODEC_PORT, CODEC_TOKEN, CODEC_ORIGINS } = readEnvironment(
    'HOST',
    'CODEC_PORT',
    'CODEC_TOKEN',
    'CODEC_ORIGINS',
  );
  const server = createCodecServer(new EncryptionCodec(loadKeyRing()), CODEC_TOKEN, CODEC_ORIGINS);
  server.listen(CODEC_PORT, HOST, () =>
    process.stdout.write(`${JSON.stringify({ ready: `http://${HOST}:${CODEC_PORT}` })}\n`),
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      server.close();
      server.closeAllConnections();
    });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof EnvironmentError ? error.message : String(error)}\n`);
    process.exit(1);
  });
}
