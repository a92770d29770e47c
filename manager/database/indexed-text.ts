import { ApiError } from '../api-error.ts';

/** Bytes. PostgreSQL takes some 2,700 in a row of an index, and the other columns need theirs. */
const longest = 2000;

/** @throws ApiError 400 naming a text that its index can't hold, which the database would answer with an error of its own */
export function refuseOverlong(field: string, text: string | null | undefined, most = longest): void {
  if (text && Buffer.byteLength(text) > most) throw new ApiError(400, `${field}: must be at most ${most} bytes`);
}
