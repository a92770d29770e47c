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
  const rest = [
    pick(small),
    pick(digits),
    pick(special),
    ...Array.from({ length: 8 }, () => pick(capitals + small + digits)),
  ];
  for (let index = rest.length - 1; index > 0; index--) {
    const other = randomInt(index + 1);
    [rest[index], rest[other]] = [rest[other]!, rest[index]!];
  }
  return pick(capitals) + rest.join('');
}

function pick(characters: string): string {
  return characters[randomInt(characters.length)]!;
}
