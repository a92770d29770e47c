import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { RequestNotFound, TaskNotFound } from '../../domain/errors.ts';

/** An id that is no UUID names nothing, like one that nobody has; the database would refuse it with an error of its own. */
export const possibleIds = fp(
  async (app) => {
    app.addHook('preValidation', async (request: FastifyRequest<{ Params: { id?: string } }>) => {
      const { id } = request.params;
      if (id === undefined || isId(id)) return;
      throw request.url.includes('/requests/') ? new RequestNotFound() : new TaskNotFound();
    });
  },
  { name: 'possible-ids' },
);

export function isId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
