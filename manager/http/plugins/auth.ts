import { createHash, timingSafeEqual } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../api-error.ts';

export type Role = 'worker' | 'admin';

export interface ApiKeys {
  apiKey: string;
  adminKey: string;
}

/** Whose key this is; compared in constant time. */
export function roleOf(keys: ApiKeys, key: unknown): Role | undefined {
  const given = digest(typeof key === 'string' ? key : '');
  const isAdmin = timingSafeEqual(given, digest(keys.adminKey));
  const isWorker = timingSafeEqual(given, digest(keys.apiKey));
  return isAdmin ? 'admin' : isWorker ? 'worker' : undefined;
}

// Digests, since timingSafeEqual wants the same length.
const digest = (text: string) => createHash('sha256').update(text).digest();

/** Counts a call against its caller and refuses it with 429 when there were too many within a minute. */
export type CountCall = (request: FastifyRequest, caller: string) => Promise<void>;

/**
 * A limit of calls a minute for each caller. Callers are told apart by the key that they proved to have, and only
 * without one by their address: so wrong keys never use up what a right one may do.
 */
export async function makeCallCounter(app: FastifyInstance, perMinute: number | 'off'): Promise<CountCall> {
  if (perMinute === 'off') return async () => {};
  await app.register(rateLimit, { global: false });
  app.decorateRequest('caller', '');
  const count = app.createRateLimit({ max: perMinute, timeWindow: 60_000, keyGenerator: (request) => request.caller });
  return async (request, caller) => {
    request.caller = caller;
    const result = await count(request);
    if (!result.isAllowed && result.isExceeded) {
      throw new ApiError(429, 'too many calls', {}, { 'retry-after': String(Math.max(1, result.ttlInSeconds)) });
    }
  };
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: string;
  }
}

/** Lets only holders of a key in, under `admin` only of the admin key. */
export function requireKey(app: FastifyInstance, keys: ApiKeys, countCall: CountCall, needed: Role): void {
  app.addHook('onRequest', async (request) => {
    const role = roleOf(keys, request.headers['x-api-key']);
    await countCall(request, role ?? `address ${request.ip}`);
    if (!role) throw new ApiError(401, 'invalid api key');
    if (needed === 'admin' && role !== 'admin') throw new ApiError(403, 'admin key required');
  });
}
