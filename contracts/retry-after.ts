/**
 * The wait that a `Retry-After` header asks for, in ms: seconds or a date (RFC 9110, section 10.2.3). Undefined for
 * none.
 */
export function readRetryAfter(value: string | null | undefined): number | undefined {
  if (!value) return undefined;
  const seconds = Number(value);
  const waitMs = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(waitMs) && waitMs > 0 ? waitMs : undefined;
}
