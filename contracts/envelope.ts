import { z } from 'zod';

/** Every error answer of the manager: `{"success":false,"message":…}` and, for a wrong status, both statuses. */
export const errorAnswer = z.looseObject({
  success: z.literal(false),
  message: z.string(),
  current_status: z.string().optional(),
  expected: z.string().optional(),
});

export const okAnswer = z.object({ success: z.literal(true) });

/** `limit` of a pull: 1…1000, default 5 (docs/api-contract.md#limit). */
export const pullLimit = z
  .string()
  .regex(/^\d{1,4}$/, 'must be an integer from 1 to 1000')
  .transform(Number)
  .pipe(z.number().int().min(1).max(1000))
  .default(5);

const maxErrorMessage = 1000;

/** `error_message`: at most 1000 Unicode code points. */
export const errorMessage = z
  .string()
  .min(1)
  .refine((text) => [...text].length <= maxErrorMessage, `must be at most ${maxErrorMessage} characters`);

/** Cuts a text to what `error_message` may hold, at a character's border. */
export function cutErrorMessage(text: string): string {
  const characters = [...text];
  return characters.length <= maxErrorMessage ? text : `${characters.slice(0, maxErrorMessage - 1).join('')}…`;
}
