import { createHash, timingSafeEqual } from 'node:crypto';
import fp from 'fastify-plugin';
import { ApiError } from '../api-error.ts';

export type Role = 'worker' | 'admin';

export interface ApiKeys {
  apiKey: string;
  adminKey: string;
}

/** Lets only holders of a key in, under `admin` only of the admin key. */
export const requireKey = fp<{ keys: ApiKeys; needed: Role }>(
  async (app, { keys, needed }) => {
    app.addHook('onRequest', async (request) => {
      const role = roleOf(keys, request.headers['x-api-key']);
      await app.countCall(request, role ?? `address ${request.ip}`);
      if (!role) throw new ApiError(401, 'invalid api key');
      if (needed === 'admin' && role !== 'admin') throw new ApiError(403, 'admin key required');
    });
  },
  { name: 'require-key', dependencies: ['call-limit'] },
);

/** Whose key this is; compared in constant time. */
export function roleOf(keys: ApiKeys, key: unknown): Role | undefined {
  const given = digest(typeof key === 'string' ? key : '');
  const isAdmin = timingSafeEqual(given, digest(keys.adminKey));
  const isWorker = timingSafeEqual(given, digest(keys.apiKey));
  return isAdmin ? 'admin' : isWorker ? 'worker' : undefined;
}

// Digests, since timingSafeEqual wants the same length.
const digest = (text: string) => createHash('sha256').update(text).digest();
