import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { raceAbort } from '../../services/race-abort.ts';

const never = new Promise<never>(() => {});

test('gives what the work gives, or what it throws, and leaves no listener', async () => {
  const { signal } = new AbortController();
  expect(await raceAbort(Promise.resolve('done'), signal)).toBe('done');
  await expect(raceAbort(Promise.reject(new Error('failed')), signal)).rejects.toThrow('failed');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('leaves work that does not end when the signal is aborted, before or meanwhile', async () => {
  const stop = new AbortController();
  const waiting = raceAbort(never, stop.signal);
  stop.abort(new Error('stopped'));
  await expect(waiting).rejects.toThrow('stopped');
  await expect(raceAbort(never, stop.signal)).rejects.toThrow('stopped');
});

test('work that fails after it was left harms nobody', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  let fail: (error: Error) => void = () => {};
  const work = new Promise<never>((_, reject) => (fail = reject));
  await expect(raceAbort(work, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
  fail(new Error('late'));
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});
