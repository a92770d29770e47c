import { z } from 'zod';
import { errorAnswer, pullLimit } from '../../../contracts/envelope.ts';

const refused = (description: string) => errorAnswer.describe(description);

/** The refusals that every call with a key can meet. */
export const commonRefusals = {
  400: refused('a field or the body is wrong; the message names it'),
  401: refused('invalid api key'),
  429: refused('too many calls; Retry-After says how many seconds to wait'),
  500: refused('internal error'),
};

export const taskRefusals = {
  ...commonRefusals,
  404: refused('task not found'),
};

export const moveRefusals = {
  ...taskRefusals,
  409: refused('task not in expected status'),
};

export const reportRefusals = {
  ...moveRefusals,
  413: refused('the body is larger than 1 MB'),
};

export const adminRefusals = {
  ...commonRefusals,
  403: refused('admin key required'),
};

export const dataAnswer = <Data extends z.ZodType>(data: Data) => z.object({ success: z.literal(true), data });

export const limitParameter = pullLimit.describe('how many at most: an integer from 1 to 1000, 5 when absent');

export const idParameter = z.object({ id: z.string() });
