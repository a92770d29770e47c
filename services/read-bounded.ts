/** There is more to read than is allowed. */
export class TooLong extends Error {
  override name = 'TooLong';

  constructor(maxBytes: number) {
    super(`longer than ${maxBytes} bytes`);
  }
}

/**
 * Reads a body to its end.
 *
 * @throws TooLong as soon as it has had more than `maxBytes`; what the body itself throws
 */
export async function readBounded(body: AsyncIterable<Uint8Array> | null, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw new TooLong(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
