import fp from 'fastify-plugin';
import { ApiError } from '../api-error.ts';

/**
 * Reads every body as JSON, whatever its content type says: the API knows nothing else, and clients forget the header.
 * An empty one is none at all, since clients send the header with `start` too.
 */
export const jsonBodies = fp(
  async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
      const text = String(body);
      if (text.trim() === '') {
        done(null, undefined);
        return;
      }
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        done(new ApiError(400, 'body is not valid JSON'));
        return;
      }
      // Only an escape can write what the database can't hold.
      const field = text.includes('\\u') ? findUnstorable(value) : undefined;
      if (field === undefined) done(null, value);
      else
        done(new ApiError(400, `${field || 'body'}: holds a character that is no text (NUL or half a surrogate pair)`));
    });
  },
  { name: 'json-bodies' },
);

/** The path of the first text with NUL or a lone surrogate, which PostgreSQL refuses; without recursion, since a body may be nested deeper than the stack. */
function findUnstorable(body: unknown): string | undefined {
  const open: { path: string; value: unknown }[] = [{ path: '', value: body }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { path, value } = next;
    if (typeof value === 'string' && /[\0\p{Cs}]/u.test(value)) return path;
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, item] of Object.entries(value).reverse())
      open.push({ path: path === '' ? name : `${path}.${name}`, value: item });
  }
  return undefined;
}
