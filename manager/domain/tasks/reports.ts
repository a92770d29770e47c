import { sql } from 'kysely';
import { findPlaceholder } from '../../../contracts/placeholders.ts';
import type { CompleteRegister, FailRegister } from '../../../contracts/social.ts';
import { ApiError } from '../../api-error.ts';
import { refuseOverlong } from '../../database/indexed-text.ts';
import type { Move } from './move.ts';

type Texts = { [Name: string]: string | null | undefined };

/** @throws ApiError 400 naming the field that still holds a sample value (docs/api-contract.md#placeholders) */
export function refusePlaceholders(body: Texts): void {
  const field = findPlaceholder(body);
  if (field) throw new ApiError(400, `placeholder rejected: ${field}`);
}

/** Columns that a report replaces: a blank value says nothing, so it replaces nothing. */
export function replacing(values: Texts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value?.trim() ? [[name, value.trim()]] : [])),
  );
}

/**
 * What a `complete` with credentials changes in its task; the account is from now on what was reported.
 *
 * @throws ApiError 400 for a link that is too long
 */
export function registerReport(
  body: Pick<CompleteRegister, 'email' | 'username' | 'password' | 'cookie' | 'note'> & Texts,
): Pick<Move, 'set' | 'reported' | 'note'> {
  const { password, cookie, note, ...columns } = body;
  refuseOverlong('link_profile', columns.link_profile);
  return { set: replacing(columns), reported: { password: password ?? '', cookie: cookie ?? '' }, note };
}

/**
 * A `fail` of a register phase; without a status it is `register_failed`.
 *
 * @throws ApiError 400 for a link that is too long
 */
export function registerFailure(body: FailRegister): Pick<Move, 'event' | 'set' | 'errorMessage' | 'note'> {
  refuseOverlong('link_profile', body.link_profile);
  return {
    event: body.status ?? 'register_failed',
    set: replacing({ link_profile: body.link_profile }),
    errorMessage: body.error_message,
    note: body.note,
  };
}

/**
 * When the retry manager queues a failing task again: after `delay` ms, doubled with each retry up to a day; null when
 * its request allows no further one.
 */
export function nextRetry(delay: number): Move['set'] {
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
