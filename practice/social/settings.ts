import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import sanitizeHtml from 'sanitize-html';
import { z } from 'zod';
import type { Account, Profile } from './accounts.ts';
import { acceptedStep, isSecret, tidySecret } from './authenticator.ts';
import { html } from './html.ts';
import { behaviourTowards, csrfField, field, sendMessage, sendPage } from './pages.ts';
import type { FieldErrors, Site } from './pages.ts';
import { largest, pictureProblem, removePicture, storePicture } from './uploads.ts';

const text = (most: number) => z.string().trim().max(most, `Use at most ${most} characters.`).default('');
const isWebAddress = (value: string) => z.url({ protocol: /^https?$/ }).safeParse(value).success;
const mostAbout = 2000;
const mostLinks = 200;

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
    .transform((value) => [...new Set(value.split('\n').map((line) => line.trim()).filter((line) => line !== ''))])
    .superRefine((links, context) => {
      const wrong = links.find((link) => !isWebAddress(link));
      if (wrong !== undefined) context.addIssue({ code: 'custom', message: `This is no web address: ${wrong}` });
      if (links.length > mostLinks) context.addIssue({ code: 'custom', message: `Use at most ${mostLinks} links.` });
    }),
});

/** The one form whose body, and so whose CSRF token, its route reads by itself. */
export const multipartRoute = '/settings/profile';

interface Upload {
  fields: Record<string, string>;
  files: { avatar?: Buffer; cover?: Buffer };
}

async function readUpload(request: FastifyRequest): Promise<Upload> {
  const upload: Upload = { fields: {}, files: {} };
  for await (const part of request.parts()) {
    if (part.type === 'field') upload.fields[part.fieldname] = String(part.value);
    else {
      const bytes = await part.toBuffer();
      if (bytes.length > 0 && (part.fieldname === 'avatar' || part.fieldname === 'cover')) upload.files[part.fieldname] = bytes;
    }
  }
  return upload;
}

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

export function settingsRoutes(app: FastifyInstance, site: Site): void {
  app.get('/settings/profile', (request, reply) => {
    const account = site.visits.account(request);
    return account ? sendProfileForm(site, request, reply, account) : reply.redirect('/signin', 303);
  });

  app.post(multipartRoute, async (request, reply) => {
    const account = site.visits.account(request);
    if (!account) return reply.redirect('/signin', 303);
    if (!request.isMultipart()) return sendMessage(site, request, reply, 415, 'Something went wrong', 'This form must be sent as multipart/form-data.');
    const { fields, files } = await readUpload(request);
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
    const profile: Profile = {
      firstName: parsed.data.first_name,
      lastName: parsed.data.last_name,
      location: parsed.data.location,
      website: parsed.data.website,
      about: parsed.data.about,
      links: parsed.data.links,
      avatar: await store('avatar'),
      cover: await store('cover'),
    };
    site.accounts.saveProfile(account.username, profile);
    site.counts.profileSaves += 1;
    for (const picture of ['avatar', 'cover'] as const) {
      const old = before[picture];
      if (old !== undefined && old !== profile[picture]) await removePicture(site.uploadsDir, old);
    }
    return sendProfileForm(site, request, reply, account, { saved: true });
  });

  const sendSecurity = (request: FastifyRequest, reply: FastifyReply, account: Account, errors: FieldErrors = {}, secret = '') =>
    sendPage(site, request, reply, {
      title: 'Security',
      status: Object.keys(errors).length > 0 ? 422 : 200,
      main: html`<h1>Two-step sign-in</h1>
${
  site.accounts.authenticator(account.username)
    ? html`<p class="notice" role="status">Two-step sign-in is on.</p>`
    : html`<p>Give us the secret that your authenticator uses, and a code that it shows.</p>`
}
<form method="post" action="/settings/security" novalidate>${csrfField(site, request)}
${field({ label: 'Authenticator secret', name: 'secret', value: secret, hint: 'Base32, at least 16 characters.', autocomplete: 'off' }, errors)}
${field({ label: 'Authentication code', name: 'code', autocomplete: 'one-time-code' }, errors)}
<button>Turn on</button></form>`,
    });

  app.get('/settings/security', (request, reply) => {
    const account = site.visits.account(request);
    return account ? sendSecurity(request, reply, account) : reply.redirect('/signin', 303);
  });

  app.post('/settings/security', (request, reply) => {
    const account = site.visits.account(request);
    if (!account) return reply.redirect('/signin', 303);
    const body = (request.body ?? {}) as { secret?: unknown; code?: unknown };
    const secret = tidySecret(String(body.secret ?? ''));
    if (!isSecret(secret)) return sendSecurity(request, reply, account, { secret: ['This is no base32 secret.'] }, secret);
    const step = acceptedStep(secret, String(body.code ?? ''), undefined);
    if (step === undefined) return sendSecurity(request, reply, account, { code: ['This code is wrong.'] }, secret);
    site.accounts.setAuthenticator(account.username, secret);
    site.accounts.useStep(account.username, step);
    return sendSecurity(request, reply, account);
  });
}

export function sendForbidden(site: Site, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return sendMessage(site, request, reply, 403, 'Forbidden', 'This form has expired. Go back, load the page again, and send it once more.');
}
