import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { readBounded, TooLong } from '../../services/read-bounded.ts';

test('reads a body that is as long as allowed, and no byte more', async () => {
  const body = () => Readable.from([Buffer.from('four'), Buffer.from('more')]);
  expect((await readBounded(body(), 8)).toString()).toBe('fourmore');
  await expect(readBounded(body(), 7)).rejects.toThrow(TooLong);
  expect((await readBounded(null, 0)).length).toBe(0);
});

test('reads nothing more of a body that is too long', async () => {
  let given = 0;
  async function* endless() {
    for (;;) yield await Promise.resolve(Buffer.alloc((given += 1)));
  }
  await expect(readBounded(endless(), 10)).rejects.toThrow('longer than 10 bytes');
  expect(given).toBe(5);
});
