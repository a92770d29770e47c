import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { html } from '../site/html.ts';
import { csrfField, field, type FieldErrors, sendPage, type Site } from '../site/pages.ts';

/** ISO 639-1 codes, and what people call the languages. */
const languages: Record<string, string> = {
  en: 'English',
  vi: 'Vietnamese',
  zh: 'Chinese',
  nl: 'Dutch',
  fr: 'French',
  de: 'German',
  it: 'Italian',
  ja: 'Japanese',
  ko: 'Korean',
  pt: 'Portuguese',
  es: 'Spanish',
};

/** Apple's top categories. */
const categories = [
  'Arts',
  'Business',
  'Comedy',
  'Education',
  'Fiction',
  'Government',
  'Health & Fitness',
  'History',
  'Kids & Family',
  'Leisure',
  'Music',
  'News',
  'Religion & Spirituality',
  'Science',
  'Society & Culture',
  'Sports',
  'Technology',
  'True Crime',
  'TV & Film',
];

/** Browsers send line breaks as two characters (WHATWG HTML, multipart/form-data); they count as one. */
const text = (most: number, missing: string) =>
  z
    .string()
    .transform((typed) => typed.replaceAll('\r\n', '\n').trim())
    .pipe(z.string().min(1, missing).max(most, `Use at most ${most} characters.`));

export const showForm = z.object({
  title: text(150, 'Enter a title.').transform((title) => title.replace(/\s+/g, ' ')),
  description: text(4000, 'Describe the show.'),
  language: z.string().refine((code) => Object.hasOwn(languages, code), 'Choose a language.'),
  category: z.enum(categories, 'Choose a category.'),
  owner_email: z.email('Enter a valid email address.').max(254),
});

export function sendShowForm(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  typed: Record<string, string>,
  errors: FieldErrors = {},
): FastifyReply {
  const named = (name: string) => ({ name, value: typed[name] });
  return sendPage(site, request, reply, {
    title: 'Create a show',
    status: Object.keys(errors).length > 0 ? 422 : 200,
    wide: true,
    main: html`<h1>Create a show</h1>
<form method="post" action="/show/new" enctype="multipart/form-data" novalidate>${csrfField(site, request)}
${field({ label: 'Show title', ...named('title') }, errors)}
${field({ label: 'Description', type: 'textarea', hint: 'At most 4000 characters.', ...named('description') }, errors)}
${field({ label: 'Language', type: 'select', options: Object.entries(languages).map(([value, name]) => ({ value, text: name })), ...named('language') }, errors)}
${field({ label: 'Category', type: 'select', options: categories.map((name) => ({ value: name, text: name })), ...named('category') }, errors)}
${field({ label: 'Owner email', type: 'email', hint: 'It stands in the feed, where everyone can read it.', ...named('owner_email') }, errors)}
${field({ label: 'Cover art', name: 'cover', type: 'file', accept: 'image/png,image/jpeg', hint: 'Square, PNG or JPEG, 1400 to 3000 pixels, at most 5 MiB.' }, errors)}
<button>Create show</button></form>`,
  });
}
