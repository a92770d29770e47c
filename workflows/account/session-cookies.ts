import type { Session } from '../../contracts/step-results.ts';

/** The session's cookies as a `Cookie` header writes them. */
export function writeCookies(session: Session | undefined): string {
  if (session === undefined) return '';
  const { cookies } = JSON.parse(session) as { cookies: { name: string; value: string }[] };
  return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}
