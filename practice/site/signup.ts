import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Account, hashToken } from './accounts.ts';
import { codeToken } from './confirm.ts';
import type { SignUpSubmit } from './counts.ts';
import { html } from './html.ts';
import { needsHumanCheck, sendHumanCheck } from './human-check.ts';
import { behaviourTowards, csrfField, field, type FieldErrors, sendMessage, sendPage, type Site } from './pages.ts';
import { hashPassword } from './passwords.ts';

const text = (most: number) => z.string().trim().max(most, `Use at most ${most} characters.`).default('');
const firstPage = z.object({
  email: z
    .email('Enter a valid email address.')
    .max(254)
    .transform((email) => email.toLowerCase()),
  username: z.string().regex(/^[a-z0-9_.-]{3,30}$/, 'Use 3 to 30 of the characters a-z, 0-9, _, . and -.'),
  password: z.string().min(8, 'Use at least 8 characters.').max(200).regex(/\d/, 'Use at least one digit.'),
});
const secondPage = z.object({
  first_name: text(60).pipe(z.string().min(1, 'Enter your first name.')),
  last_name: text(60).pipe(z.string().min(1, 'Enter your last name.')),
  phone: text(40),
  terms: z.literal('yes', 'Please accept the terms.'),
});

const emailTaken = 'This email is already registered.';
const nameTaken = 'This username is taken.';

/** What was typed, to show it again beside its message. */
type Typed = Record<string, string | undefined>;

function sendFirstPage(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  typed: Typed = {},
  errors: FieldErrors = {},
): FastifyReply {
  return sendPage(site, request, reply, {
    title: 'Sign up',
    status: Object.keys(errors).length > 0 ? 422 : 200,
    main: html`<h1>Make your account</h1>
<form method="post" action="/signup" novalidate>${csrfField(site, request)}
${field({ label: 'Email', name: 'email', type: 'email', value: typed.email, autocomplete: 'email' }, errors)}
${field({ label: 'Username', name: 'username', value: typed.username, autocomplete: 'username' }, errors)}
${field({ label: 'Password', name: 'password', type: 'password', autocomplete: 'new-password', hint: 'At least 8 characters with a digit.' }, errors)}
${field({ label: 'Repeat password', name: 'repeat', type: 'password', autocomplete: 'new-password' }, errors)}
<button>Continue</button></form>
<p class="hint">Do you have an account? <a href="/signin">Sign in</a></p>`,
  });
}

function sendSecondPage(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  typed: Typed = {},
  errors: FieldErrors = {},
): FastifyReply {
  const taken = [...(errors.email ?? []), ...(errors.username ?? [])];
  return sendPage(site, request, reply, {
    title: 'Your details',
    status: Object.keys(errors).length > 0 ? 422 : 200,
    main: html`<h1>Tell us about you</h1>
${taken.map((message) => html`<p class="notice" role="alert">${message} <a href="/signup">Change it</a></p>`)}
<form method="post" action="/signup/details" novalidate>${csrfField(site, request)}
${field({ label: 'First name', name: 'first_name', value: typed.first_name, autocomplete: 'given-name' }, errors)}
${field({ label: 'Last name', name: 'last_name', value: typed.last_name, autocomplete: 'family-name' }, errors)}
${field({ label: 'Phone', name: 'phone', type: 'tel', value: typed.phone, autocomplete: 'tel', hint: 'Optional.' }, errors)}
${field({ label: 'I accept the terms', name: 'terms', type: 'checkbox' }, errors)}
<button>Create account</button></form>`,
  });
}

/** The messages for values that someone else has. */
function takenErrors(site: Site, request: FastifyRequest, email: string, username: string): FieldErrors {
  const wanted = behaviourTowards(site, request);
  return {
    ...((wanted.emailTaken || site.accounts.byEmail(email)) && { email: [emailTaken] }),
    ...((wanted.nameTaken || site.accounts.byName(username)) && { username: [nameTaken] }),
  };
}

function noteRepeated(site: Site, email: string, username: string, page: 1 | 2): void {
  if (site.accounts.byName(username)?.email === email)
    site.counts.repeatedSignUps.push({ time: Date.now(), username, page });
}

/** The account's proof of mail, and the sending of it. */
function makeProof(site: Site, account: Account): { proofHash?: string; send: () => Promise<void> } {
  const { firstName } = account.profile;
  if (site.confirmation === 'link') {
    const token = randomBytes(24).toString('base64url');
    return {
      proofHash: hashToken(token),
      send: () => site.mailer.sendLink(account.email, firstName, `${site.url}/confirm?token=${token}`),
    };
  }
  if (site.confirmation === 'code') {
    const code = String(randomInt(1_000_000)).padStart(6, '0');
    return {
      proofHash: hashToken(codeToken(account.username, code)),
      send: () => site.mailer.sendCode(account.email, firstName, code),
    };
  }
  return { send: async () => {} };
}

export function signUpRoutes(app: FastifyInstance, site: Site): void {
  app.get('/signup', (request, reply) => {
    site.counts.signUpPages += 1;
    return sendFirstPage(site, request, reply);
  });

  app.post('/signup', async (request, reply) => {
    const typed = (request.body ?? {}) as Typed;
    const parsed = firstPage.safeParse(typed);
    if (parsed.success) noteRepeated(site, parsed.data.email, parsed.data.username, 1);
    const errors: FieldErrors = parsed.success
      ? takenErrors(site, request, parsed.data.email, parsed.data.username)
      : z.flattenError(parsed.error).fieldErrors;
    if (typed.repeat !== typed.password) errors.repeat = ['The passwords differ.'];
    if (!parsed.success || Object.keys(errors).length > 0) return sendFirstPage(site, request, reply, typed, errors);
    const { email, username, password } = parsed.data;
    site.visits.of(request).signUp = { email, username, passwordHash: await hashPassword(password) };
    return reply.redirect('/signup/details', 303);
  });

  app.get('/signup/details', (request, reply) =>
    site.visits.of(request).signUp ? sendSecondPage(site, request, reply) : reply.redirect('/signup', 303),
  );

  const submits = new WeakMap<FastifyRequest, SignUpSubmit>();
  function countSubmit(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
    const { username = '', email = '' } = site.visits.of(request).signUp ?? {};
    const submit = { time: Date.now(), username, email, made: false };
    submits.set(request, submit);
    site.counts.signUpSubmits.push(submit);
    site.counts.creatingNow += 1;
    site.counts.creatingPeak = Math.max(site.counts.creatingPeak, site.counts.creatingNow);
    reply.raw.once('close', () => (site.counts.creatingNow -= 1));
    done();
  }

  app.post('/signup/details', { onRequest: countSubmit }, async (request, reply) => {
    const visit = site.visits.of(request);
    if (!visit.signUp) return reply.redirect('/signup', 303);
    const { email, username, passwordHash } = visit.signUp;
    noteRepeated(site, email, username, 2);
    const wanted = behaviourTowards(site, request);
    const typed = (request.body ?? {}) as Typed;
    const parsed = secondPage.safeParse(typed);
    if (!parsed.success) return sendSecondPage(site, request, reply, typed, z.flattenError(parsed.error).fieldErrors);
    if (needsHumanCheck(site, request, 'signup')) return sendHumanCheck(site, request, reply, '/signup/details');
    if (wanted.delayBeforeCreate) await delay(wanted.delayBeforeCreate, undefined, { signal: site.closing });

    const account: Account = {
      username,
      email,
      passwordHash,
      phone: parsed.data.phone,
      createdAt: Date.now(),
      profile: {
        firstName: parsed.data.first_name,
        lastName: parsed.data.last_name,
        location: '',
        website: '',
        about: '',
        links: [],
      },
    };
    const proof = makeProof(site, account);
    if (proof.proofHash !== undefined) account.proofHash = proof.proofHash;
    const taken = takenErrors(site, request, email, username);
    if (Object.keys(taken).length > 0) return sendSecondPage(site, request, reply, typed, taken);
    site.accounts.add(account);
    const submit = submits.get(request);
    if (submit) submit.made = true;
    delete visit.signUp;

    if (!wanted.noMail) await proof.send();
    if (site.behaviours.strikes('hangAfterCreate', [username, email])) return reply.hijack();
    if (site.behaviours.strikes('errorAfterCreate', [username, email])) {
      return sendMessage(site, request, reply, 500, 'Something went wrong', 'Please try again later.');
    }
    if (site.confirmation === 'none') {
      site.visits.signIn(request, reply, username);
      return reply.redirect('/', 303);
    }
    visit.confirming = username;
    return reply.redirect(site.confirmation === 'link' ? '/signup/done' : '/confirm', 303);
  });
}
