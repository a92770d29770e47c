import { InvalidArgumentError } from 'commander';
import { duration } from '../config/duration.ts';

/** A duration of a command line, in ms. @throws InvalidArgumentError when it is none, or shorter than a second */
export function readDuration(text: string): number {
  const parsed = duration.safeParse(text);
  if (!parsed.success || parsed.data < 1000)
    throw new InvalidArgumentError('It must be a duration of at least 1s, such as 10s or 1m.');
  return parsed.data;
}
