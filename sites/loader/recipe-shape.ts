import { z } from 'zod';
import type { PictureLimits } from '../kit/picture.ts';
import type { Limits, Recipe } from '../kit/recipe.ts';

const amount = z.number().int().positive();

const pictureLimits = z.strictObject({
  types: z.array(z.enum(['image/png', 'image/jpeg', 'image/webp'])).min(1),
  maxBytes: amount,
  maxWidth: amount.optional(),
  maxHeight: amount.optional(),
  minWidth: amount.optional(),
  minHeight: amount.optional(),
  square: z.boolean().optional(),
} satisfies Record<keyof PictureLimits, z.ZodType>);

const limits = z.strictObject({
  avatar: pictureLimits.optional(),
  cover: pictureLimits.optional(),
  showCover: pictureLimits.optional(),
  about: z
    .strictObject({
      html: z.union([
        z.literal(false),
        z.strictObject({ tags: z.array(z.string()), attributes: z.record(z.string(), z.array(z.string())) }),
      ]),
      maxLength: amount,
    })
    .optional(),
  links: z.strictObject({ most: amount }).optional(),
} satisfies Record<keyof Limits, z.ZodType>);

const required = z.unknown().refine((value) => typeof value === 'function', {
  error: ({ input }) => (input === undefined ? 'is missing: a recipe must have this function' : 'must be a function'),
});
const optional = z
  .unknown()
  .refine((value) => value === undefined || typeof value === 'function', 'must be a function')
  .optional();

/** What is checked of a recipe that a person wrote, when it is loaded: its members, by name and kind. */
export const recipeShape = z.strictObject(
  {
    name: z.string({ error: 'must be a text: the name of the file, without its ending' }),
    limits,
    origins: z
      .array(z.url({ protocol: /^https?$/, error: 'must be an origin: a scheme, a host, and a port where it has one' }))
      .optional(),
    cookieBanner: optional,
    lookFor: required,
    signUp: required,
    isSignedIn: required,
    signIn: required,
    profileUrl: optional,
    confirm: optional,
    answerSignIn: optional,
    updateProfile: optional,
    addLinks: optional,
    readLinks: optional,
    readFeed: optional,
    makeShow: optional,
    importFeed: optional,
    confirmImport: optional,
  } satisfies Record<keyof Recipe, z.ZodType>,
  { error: ({ code }) => (code === 'invalid_type' ? 'must be what defineRecipe({ … }) gives' : undefined) },
);
