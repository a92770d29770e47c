import { findPlaceholder } from '../../contracts/placeholders.ts';
import { InvalidField, PlaceholderReported } from './errors.ts';

/** Bytes. PostgreSQL takes some 2,700 in a row of an index, and the other columns need theirs. */
const longest = 2000;

/** @throws InvalidField for a text that its index can't hold, which the database would answer with an error of its own */
export function refuseOverlong(field: string, text: string | null | undefined, most = longest): void {
  if (text && Buffer.byteLength(text) > most) throw new InvalidField(field, `must be at most ${most} bytes`);
}

/** @throws PlaceholderReported for the first field that still holds a sample value (docs/api-contract.md#placeholders) */
export function refusePlaceholders(body: { [Name: string]: string | null | undefined }): void {
  const field = findPlaceholder(body);
  if (field) throw new PlaceholderReported(field);
}
