import type { CompleteRegister, FailRegister } from '../../../contracts/social.ts';
import { refuseOverlong } from '../refuse-text.ts';
import type { Move } from './move.ts';

type Texts = { [Name: string]: string | null | undefined };

/** Columns that a report replaces: a blank value says nothing, so it replaces nothing. */
export function replacing(values: Texts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value?.trim() ? [[name, value.trim()]] : [])),
  );
}

/**
 * What a `complete` with credentials changes in its task; the account is from now on what was reported.
 *
 * @throws InvalidField for a link that is too long
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
 * @throws InvalidField for a link that is too long
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
