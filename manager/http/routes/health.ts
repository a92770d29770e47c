import { sql } from 'kysely';
import { errorAnswer, okAnswer } from '../../../contracts/envelope.ts';
import type { ManagerContext } from '../../context.ts';
import { ApiError } from '../api-error.ts';
import type { TypedApp } from './types.ts';

const tags = ['health'];

export function addHealthRoutes(app: TypedApp, { db }: ManagerContext): void {
  app.get('/healthz', { schema: { tags, summary: 'The process is there', response: { 200: okAnswer } } }, () => ({
    success: true as const,
  }));

  app.get(
    '/readyz',
    { schema: { tags, summary: 'The database answers', response: { 200: okAnswer, 503: errorAnswer } } },
    async ({ log }) => {
      try {
        await sql`select 1`.execute(db);
      } catch (error) {
        log.warn({ err: error }, 'the database cannot be reached');
        throw new ApiError(503, 'the database cannot be reached');
      }
      return { success: true as const };
    },
  );
}
