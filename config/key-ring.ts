import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { EnvironmentError, readEnvironment } from './environment.ts';

const nonceBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM keys by id: the first encrypts, any decrypts, so that a key can be replaced while what it encrypted stays
 * readable.
 */
export class KeyRing {
  readonly #keys = new Map<string, Buffer>();
  readonly currentId: string;
  readonly #current: Buffer;

  /**
   * @param text `id:base64,…`, 32 bytes each (docs/api-contract.md#keys, `ENLIST_KEYS`)
   * @throws EnvironmentError when it is not of that form; the message never holds a key
   */
  constructor(text: string) {
    const entries = text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
    for (const [index, entry] of entries.entries()) {
      const colon = entry.indexOf(':');
      const id = entry.slice(0, colon);
      const key = Buffer.from(entry.slice(colon + 1), 'base64');
      if (colon < 1 || key.length !== 32) {
        throw new EnvironmentError(
          `ENLIST_KEYS: entry ${index + 1} must be id:base64 of 32 bytes (make one with: openssl rand -base64 32)`,
        );
      }
      if (this.#keys.has(id)) throw new EnvironmentError(`ENLIST_KEYS: the key id ${id} is there twice`);
      this.#keys.set(id, key);
    }
    const [first] = this.#keys;
    if (first === undefined) throw new EnvironmentError('ENLIST_KEYS holds no key');
    [this.currentId, this.#current] = first;
  }

  /** Encrypts with the current key: nonce, cipher text, tag. */
  seal(plain: Uint8Array): Buffer {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#current, nonce);
    return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws Error when the key is not in the ring, or the data was not sealed with it */
  open(keyId: string, sealed: Uint8Array): Buffer {
    const key = this.#keys.get(keyId);
    if (!key) throw new Error(`no key "${keyId}" in ENLIST_KEYS: add the key that this was encrypted with`);
    const end = sealed.length - tagBytes;
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes });
    decipher.setAuthTag(sealed.subarray(end));
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, end)), decipher.final()]);
  }
}

/** The key ring of `ENLIST_KEYS`; without it, one made once in `DATA_DIR/keys` (mode 0600), except in production. */
export function loadKeyRing(): KeyRing {
  const { ENLIST_KEYS, NODE_ENV, DATA_DIR } = readEnvironment('ENLIST_KEYS', 'NODE_ENV', 'DATA_DIR');
  if (ENLIST_KEYS) return new KeyRing(ENLIST_KEYS);
  if (NODE_ENV === 'production') {
    throw new EnvironmentError(
      'ENLIST_KEYS is not set: in production, give id:base64 of 32 bytes (make one with: openssl rand -base64 32)',
    );
  }
  const file = path.join(DATA_DIR, 'keys');
  mkdirSync(DATA_DIR, { recursive: true });
  if (!existsSync(file)) makeKeyFile(file);
  return new KeyRing(readFileSync(file, 'utf8'));
}

/**
 * Of processes that start together only one makes the file: it appears whole, by a hard link that only the first can
 * create.
 */
function makeKeyFile(file: string): void {
  const whole = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(whole, `local:${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(whole, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(whole);
  }
}
