import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import sanitizeHtml from 'sanitize-html';
import { z } from 'zod';
import type { Account, Profile } from '../site/accounts.ts';
import { html } from '../site/html.ts';
import {
  behaviourTowards,
  csrfField,
  field,
  type FieldErrors,
  sendForbidden,
  sendMessage,
  sendPage,
  type Site,
} from '../site/pages.ts';
import { pictureKind, readUpload, removePicture, storePicture } from '../site/uploads.ts';
import type { Behaviour } from './behaviour.ts';

const text = (most: number) => z.string().trim().max(most, `Use at most ${most} characters.`).default('');
const isWebAddress = (value: string) => z.url({ protocol: /^https?$/ }).safeParse(value).success;
const mostAbout = 2000;
const mostLinks = 200;

const mebibyte = 1024 * 1024;
/** The largest picture of each kind, in bytes. */
export const largest = { avatar: mebibyte, cover: 2 * mebibyte };

/** Why the picture can't be taken, or undefined when it can. */
function pictureProblem(bytes: Buffer, most: number): string | undefined {
  if (bytes.length > most) return `it is larger than ${most / mebibyte} MiB.`;
  return pictureKind(bytes) === undefined ? 'it is no PNG, JPEG or WebP picture.' : undefined;
}

const profileForm = z.object({
  first_name: text(60).pipe(z.string().min(1, 'Enter your first name.')),
  last_name: text(60).pipe(z.string().min(1, 'Enter your last name.')),
  location: text(100),
  website: text(300).refine((value) => value === '' || isWebAddress(value), 'Enter a web address, or nothing.'),
  about: z
    .string()
    .default('')
    .transform((value) =>
      sanitizeHtml(value.replaceAll('\r\n', '\n'), {
        allowedTags: ['p', 'br', 'b', 'i', 'em', 'strong', 'a', 'ul', 'ol', 'li'],
        allowedAttributes: { a: ['href'] },
        allowedSchemes: ['http', 'https'],
      }),
    )
    .refine((value) => [...value].length <= mostAbout, `Use at most ${mostAbout} characters.`),
  links: z
    .string()
    .default('')
    .transform((value) => [
      ...new Set(
        value
          .split('\n')
          .map((line) => line.trim())
          .filter((line) => line !== ''),
      ),
    ])
    .superRefine((links, context) => {
      const wrong = links.find((link) => !isWebAddress(link));
      if (wrong !== undefined) context.addIssue({ code: 'custom', message: `This is no web address: ${wrong}` });
      if (links.length > mostLinks) context.addIssue({ code: 'custom', message: `Use at most ${mostLinks} links.` });
    }),
});

/** The form that carries files. */
export const uploadRoute = '/settings/profile';

function sendProfileForm(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  account: Account,
  shown: { typed?: Record<string, string>; errors?: FieldErrors; saved?: boolean } = {},
): FastifyReply {
  const { profile } = account;
  const { errors = {} } = shown;
  const typed: Record<string, string> = shown.typed ?? {
    first_name: profile.firstName,
    last_name: profile.lastName,
    location: profile.location,
    website: profile.website,
    about: profile.about,
    links: profile.links.join('\n'),
  };
  const pictures = 'image/png,image/jpeg,image/webp';
  return sendPage(site, request, reply, {
    title: 'Your profile',
    status: Object.keys(errors).length > 0 ? 422 : 200,
    wide: true,
    main: html`<h1>Your profile</h1>
${shown.saved && html`<p class="notice" role="status">Profile saved.</p>`}
<form method="post" action="/settings/profile" enctype="multipart/form-data" novalidate>${csrfField(site, request)}
${profile.avatar !== undefined && html`<img class="thumb" src="/media/${profile.avatar}" alt="Your avatar">`}
${field({ label: 'Avatar', name: 'avatar', type: 'file', accept: pictures, hint: 'PNG, JPEG or WebP, at most 1 MiB.' }, errors)}
${profile.cover !== undefined && html`<img class="thumb" src="/media/${profile.cover}" alt="Your cover">`}
${field({ label: 'Cover', name: 'cover', type: 'file', accept: pictures, hint: 'PNG, JPEG or WebP, at most 2 MiB.' }, errors)}
${field({ label: 'First name', name: 'first_name', value: typed.first_name, autocomplete: 'given-name' }, errors)}
${field({ label: 'Last name', name: 'last_name', value: typed.last_name, autocomplete: 'family-name' }, errors)}
${field({ label: 'Location', name: 'location', value: typed.location }, errors)}
${field({ label: 'Website', name: 'website', type: 'url', value: typed.website, autocomplete: 'url' }, errors)}
${field({ label: 'About', name: 'about', type: 'textarea', value: typed.about, hint: 'Simple HTML, at most 2000 characters.' }, errors)}
${field({ label: 'Links', name: 'links', type: 'textarea', value: typed.links, hint: 'One web address a line, at most 200.' }, errors)}
<button>Save profile</button></form>
<p class="hint"><a href="/settings/security">Security</a></p>`,
  });
}

export function settingsRoutes(app: FastifyInstance, site: Site<Behaviour>): void {
  app.get('/settings/profile', (request, reply) => {
    const account = site.visits.account(request);
    return account ? sendProfileForm(site, request, reply, account) : reply.redirect('/signin', 303);
  });

  app.post(uploadRoute, async (request, reply) => {
    const account = site.visits.account(request);
    if (!account) return reply.redirect('/signin', 303);
    if (!request.isMultipart())
      return sendMessage(
        site,
        request,
        reply,
        415,
        'Something went wrong',
        'This form must be sent as multipart/form-data.',
      );
    const { fields, files } = await readUpload(request, ['avatar', 'cover']);
    if (!site.visits.isCsrfToken(request, fields._csrf)) return sendForbidden(site, request, reply);

    const parsed = profileForm.safeParse(fields);
    const errors: FieldErrors = parsed.success ? {} : z.flattenError(parsed.error).fieldErrors;
    const avatarProblem = behaviourTowards(site, request).avatarRefused
      ? 'it breaks our rules.'
      : files.avatar && pictureProblem(files.avatar, largest.avatar);
    if (files.avatar && avatarProblem) errors.avatar = [`Avatar refused: ${avatarProblem}`];
    const coverProblem = files.cover && pictureProblem(files.cover, largest.cover);
    if (coverProblem) errors.cover = [`Cover refused: ${coverProblem}`];
    if (!parsed.success || Object.keys(errors).length > 0) {
      return sendProfileForm(site, request, reply, account, { typed: fields, errors });
    }

    const before = account.profile;
    const store = async (picture: 'avatar' | 'cover') =>
      files[picture] ? await storePicture(site.uploadsDir, files[picture]) : before[picture];
    const avatar = await store('avatar');
    const cover = await store('cover');
    const profile: Profile = {
      firstName: parsed.data.first_name,
      lastName: parsed.data.last_name,
      location: parsed.data.location,
      website: parsed.data.website,
      about: parsed.data.about,
      links: parsed.data.links,
      ...(avatar !== undefined && { avatar }),
      ...(cover !== undefined && { cover }),
    };
    site.accounts.saveProfile(account.username, profile);
    site.counts.profileSaves += 1;
    for (const picture of ['avatar', 'cover'] as const) {
      const old = before[picture];
      if (old !== undefined && old !== profile[picture]) await removePicture(site.uploadsDir, old);
    }
    return sendProfileForm(site, request, reply, account, { saved: true });
  });
}
