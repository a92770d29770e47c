import type { Payload } from '@temporalio/common';

/** The names of secret fields in payloads. */
const secretNames = new Set(['password', 'pass_mail', 'app_password', 'twofa', 'cookie', 'session', 'token', 'value']);

function mask(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mask);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      secretNames.has(name) && inner !== '' && inner !== null ? '[secret]' : mask(inner),
    ]),
  );
}

/** A browser session is a string of JSON, alone or among other fields. */
function isSession(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('{"cookies":');
}

/** The payload as people may see it: the values of secret fields are replaced. */
export function maskPayload(payload: Payload): Payload {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload.data ?? []).toString('utf8'));
    const shown = isSession(value) ? '[secret]' : mask(value);
    return { ...payload, data: Buffer.from(JSON.stringify(shown)) };
  } catch {
    return payload;
  }
}
