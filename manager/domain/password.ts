import { randomInt } from 'node:crypto';

const capitals = 'ABCDEFGHJKLMNPQRSTUVWXYZ';
const small = 'abcdefghijkmnopqrstuvwxyz';
const digits = '23456789';
const special = '!@#$%*-_=+?';

/**
 * A password of 12 characters: a capital first, then at least one of lower case, digits and special characters, never
 * `<` or `>` (docs/api-contract.md#passwords).
 */
export function makePassword(): string {
  const rest: string[] = [];
  for (const characters of [small, digits, special, ...Array<string>(8).fill(capitals + small + digits)]) {
    rest.splice(randomInt(rest.length + 1), 0, pick(characters));
  }
  return pick(capitals) + rest.join('');
}

function pick(characters: string): string {
  return characters.charAt(randomInt(characters.length));
}
