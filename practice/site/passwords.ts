import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

// A practice account is worth little, and a test makes many: 4 MiB and some ten milliseconds each.
const cost = 4096;
const derive = (password: string, salt: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(password, salt, 32, { N: cost }, (error, key) => (error ? reject(error) : resolve(key)));
  });

/** Salt and scrypt hash (RFC 7914), base64url, with a dot between. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  return `${salt.toString('base64url')}.${(await derive(password, salt)).toString('base64url')}`;
}

export async function isPassword(password: string, hash: string): Promise<boolean> {
  const [salt = '', key = ''] = hash.split('.');
  return timingSafeEqual(await derive(password, Buffer.from(salt, 'base64url')), Buffer.from(key, 'base64url'));
}
