import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { isSecret, tidySecret } from './authenticator.ts';
import type { Behaviour } from './behaviour.ts';
import type { Site } from './pages.ts';

export const totpBody = z.strictObject({
  username: z.string().min(1),
  secret: z.string().transform(tidySecret).refine(isSecret, 'must be base32, 16 to 128 characters'),
});

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The HTTP control API, under `/_practice/`, for whoever sends the token in `X-Practice-Token`. */
export function controlRoutes<Wanted extends Behaviour>(
  app: FastifyInstance,
  site: Site<Wanted>,
  controlToken: string,
  kind: { behaviour: z.ZodType<Wanted>; readState(site: Site<Wanted>): unknown },
): void {
  const behaviourBody = z.strictObject({ behaviour: kind.behaviour, account: z.string().min(1).optional() });
  app.addHook('onRequest', async (request, reply) => {
    const given = request.headers['x-practice-token'];
    if (typeof given !== 'string' || !timingSafeEqual(digest(given), digest(controlToken))) {
      return reply.code(403).send({ error: 'wrong X-Practice-Token' });
    }
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) =>
    error instanceof z.ZodError
      ? reply.code(400).send({ error: z.prettifyError(error) })
      : reply.code(error.statusCode ?? 500).send({ error: error.message }),
  );

  app.get('/state', () => kind.readState(site));
  app.post('/behaviour', (request) => {
    const wanted = behaviourBody.parse(request.body);
    site.behaviours.set(wanted.behaviour, wanted.account);
    return site.behaviours.list();
  });
  app.post('/totp', (request, reply) => {
    const { username, secret } = totpBody.parse(request.body);
    site.accounts.setAuthenticator(username, secret);
    return reply.code(204).send();
  });
}
