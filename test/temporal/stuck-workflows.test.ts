import { type Client, ServiceError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { listStuck } from '../../temporal/stuck-workflows.ts';

/** A client whose lists end with the answer of this gRPC code. */
function refusedWith(code: number): Client {
  const cause = Object.assign(new Error('no'), {
    code,
    details: 'invalid query: TemporalReportedProblems is no search attribute',
    metadata: {},
  });
  const list = () => ({
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.reject(new ServiceError('Failed to list workflows', { cause })),
    }),
  });
  return { workflow: { list } } as unknown as Client;
}

test('a server too old to list stuck workflows is reported as such, not as one without any', async () => {
  expect(await listStuck(refusedWith(3))).toBeUndefined();
});

test('a server that does not answer is no old one', async () => {
  await expect(listStuck(refusedWith(14))).rejects.toThrow('Failed to list workflows');
});
