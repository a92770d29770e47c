import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ManagerContext } from '../../context.ts';
import { RequestNotFound } from '../../domain/errors.ts';
import { listRequests, readRequest } from '../../domain/requests/read-requests.ts';
import { notFoundPage, pointerPage, requestPage, requestsPage } from '../pages/status.ts';
import { type ApiKeys, roleOf } from '../plugins/api-keys.ts';
import { isId } from '../plugins/possible-ids.ts';
import type { TypedApp } from './types.ts';

const pageSize = 50;
const schema = { hide: true };

/** What people see of the manager, with the admin key as the password of HTTP Basic authentication. It only shows. */
export function addPages(app: TypedApp, { db }: ManagerContext, keys: ApiKeys): void {
  app.addHook('onRequest', async (request, reply) => {
    const role = roleOf(keys, passwordOf(request));
    await app.countCall(request, role ?? `address ${request.ip}`);
    if (role !== 'admin')
      return send(
        reply.code(401).header('www-authenticate', 'Basic realm="enlist manager", charset="UTF-8"'),
        pointerPage(),
      );
  });

  app.get(
    '/',
    { schema: { ...schema, querystring: z.object({ cursor: z.string().optional() }) } },
    async ({ query }, reply) => {
      const { data, next_cursor } = await listRequests(db, pageSize, query.cursor);
      return send(reply, requestsPage(data, next_cursor));
    },
  );

  app.get(
    '/requests/:id',
    { schema: { ...schema, params: z.object({ id: z.string() }) } },
    async ({ params }, reply) => {
      const request = isId(params.id) ? await readRequest(db, params.id).catch(orUndefined) : undefined;
      return request ? send(reply, requestPage(request)) : send(reply.code(404), notFoundPage());
    },
  );
}

function orUndefined(error: unknown): undefined {
  if (!(error instanceof RequestNotFound)) throw error;
}

function send(reply: FastifyReply, page: string): FastifyReply {
  return reply
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
    .send(page);
}

function passwordOf(request: FastifyRequest): string {
  const [, encoded = ''] = /^Basic\s+(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  return pair.slice(pair.indexOf(':') + 1);
}
