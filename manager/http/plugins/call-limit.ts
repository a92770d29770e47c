import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { ApiError } from '../api-error.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Counts a call against its caller and refuses it with 429 when there were too many within a minute. */
    countCall: (request: FastifyRequest, caller: string) => Promise<void>;
  }
  interface FastifyRequest {
    caller: string;
  }
}

/**
 * A limit of calls a minute for each caller. Callers are told apart by the key that they proved to have, and only
 * without one by their address: so wrong keys never use up what a right one may do.
 */
export const callLimit = fp<{ perMinute: number | 'off' }>(
  async (app, { perMinute }) => {
    if (perMinute === 'off') {
      app.decorate('countCall', async () => {});
      return;
    }
    await app.register(rateLimit, { global: false });
    app.decorateRequest('caller', '');
    const count = app.createRateLimit({ max: perMinute, timeWindow: 60_000, keyGenerator: ({ caller }) => caller });
    app.decorate('countCall', async (request: FastifyRequest, caller: string) => {
      request.caller = caller;
      const result = await count(request);
      if (!result.isAllowed && result.isExceeded) {
        throw new ApiError(429, 'too many calls', {}, { 'retry-after': String(Math.max(1, result.ttlInSeconds)) });
      }
    });
  },
  { name: 'call-limit' },
);
