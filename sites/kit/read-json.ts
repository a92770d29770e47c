import type { Response } from 'playwright';
import type { z } from 'zod';
import { FormChanged } from './errors.ts';

/** The JSON of a site's answer. @param what is told when it has another shape. @throws FormChanged */
export async function readJson<Shape extends z.ZodType>(
  response: Response,
  what: string,
  shape: Shape,
): Promise<z.infer<Shape>> {
  const parsed = shape.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success)
    throw new FormChanged(`${what} answers something else than the recipe knows (HTTP ${response.status()})`);
  return parsed.data;
}
