import type { KeyRing } from '../../../config/key-ring.ts';
import { makeRedactor } from '../../../services/redact.ts';

/** What a task was given to sign in and to read mail with. */
export interface Credentials {
  password: string;
  pass_mail: string;
  twofa: string;
  app_password: string;
}

/** What a worker reported of the account it made. */
export interface Reported {
  password: string;
  cookie: string;
}

export interface SealedRow {
  secrets: Uint8Array;
  secrets_key: string;
  reported: Uint8Array | null;
  reported_key: string | null;
}

export function sealJson(keys: KeyRing, value: object): { sealed: Buffer; keyId: string } {
  return { sealed: keys.seal(Buffer.from(JSON.stringify(value))), keyId: keys.currentId };
}

function openJson(keys: KeyRing, keyId: string, sealed: Uint8Array): unknown {
  return JSON.parse(keys.open(keyId, sealed).toString('utf8'));
}

/**
 * The credentials as they are now: what was reported over what was given.
 *
 * @throws Error when the key that sealed them isn't in the ring
 */
export function openSecrets(keys: KeyRing, row: SealedRow): Credentials & { cookie: string } {
  const { given, reported } = openBoth(keys, row);
  return { ...given, password: reported.password || given.password, cookie: reported.cookie };
}

function openBoth(keys: KeyRing, row: SealedRow): { given: Credentials; reported: Reported } {
  return {
    given: openJson(keys, row.secrets_key, row.secrets) as Credentials,
    reported:
      row.reported && row.reported_key
        ? (openJson(keys, row.reported_key, row.reported) as Reported)
        : { password: '', cookie: '' },
  };
}

const mask = '********';

/** Says that there is a secret, and nothing of it. */
export function maskSecrets<Secrets extends { [Name in keyof Secrets]: string }>(secrets: Secrets): Secrets {
  return Object.fromEntries(Object.entries<string>(secrets).map(([name, value]) => [name, value && mask])) as Secrets;
}

/**
 * Masks a task's secrets, the replaced ones too, in what a worker wrote about it.
 *
 * @throws Error when the key that sealed them isn't in the ring
 */
export function redact(keys: KeyRing, row: SealedRow, text: string): string {
  const { given, reported } = openBoth(keys, row);
  const secrets = [...Object.values({ ...given }), ...Object.values({ ...reported })];
  return makeRedactor(secrets, mask)(text);
}
