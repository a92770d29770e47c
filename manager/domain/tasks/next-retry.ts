import { sql } from 'kysely';
import type { Move } from './move.ts';

/**
 * When the retry manager queues a failing task again: after `delay` ms, doubled with each retry up to a day; null when
 * its request allows no further one.
 */
export function nextRetry(delay: number): NonNullable<Move['set']> {
  const seconds = delay / 1000;
  const most = Math.max(seconds, 86_400);
  return {
    retry_at: sql<Date | null>`(
      select case when tasks.retry_count < requests.max_retries then
        now() + make_interval(secs => least(${seconds}::float8 * power(2, least(tasks.retry_count, 30)), ${most}::float8))
      end
      from requests where requests.id = tasks.request_id)`,
  };
}
