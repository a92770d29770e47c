import { AlreadyExists, FormChanged, MailCodeNeeded, Rejected, Unconfirmed, WrongCredentials } from './kit/errors.ts';
import type { Kit } from './kit/kit.ts';
import { type Account, defineRecipe } from './kit/recipe.ts';

const confirmationLink = (kit: Kit) => kit.mail.link({ subject: 'Confirm your account', path: '/confirm' });
const confirmationCode = (kit: Kit) => kit.mail.code({ subject: 'Your code', length: 6 });

/** Throws what an alert on a sign-up page means. */
async function refuse(kit: Kit): Promise<never> {
  const words = (await kit.page.getByRole('alert').allInnerTexts()).join(' ').trim();
  if (/already registered|is taken/i.test(words)) throw new AlreadyExists(words);
  throw new Rejected(words);
}

/** Sends the sign-in form and waits for what comes of it. */
async function enterPassword(kit: Kit, account: Account) {
  const { page } = kit;
  await kit.open('/signin');
  await kit.fill(page.getByLabel('Email or username'), account.username || account.email);
  await kit.fillSecret(page.getByLabel('Password'), account.password);
  await kit.click(page.getByRole('button', { name: 'Sign in' }));
  return kit.see({
    enterCode: page.getByRole('link', { name: 'Enter the code' }),
    alert: page.getByRole('alert'),
    signedIn: page.getByText(`Signed in as ${account.username}`),
    authenticator: page.getByLabel('Authentication code'),
    mailedCode: page.getByLabel('Six-digit code'),
  });
}

/** The social site of `practice/`, which `npm start` and the tests use. */
export const practiceSocial = defineRecipe({
  name: 'practice-social',
  limits: {
    avatar: { types: ['image/png', 'image/jpeg', 'image/webp'], maxBytes: 1024 * 1024 },
    cover: { types: ['image/png', 'image/jpeg', 'image/webp'], maxBytes: 2 * 1024 * 1024 },
    about: {
      html: { tags: ['p', 'br', 'b', 'i', 'em', 'strong', 'a', 'ul', 'ol', 'li'], attributes: { a: ['href'] } },
      maxLength: 2000,
    },
    links: { most: 200 },
  },

  profileUrl: (kit, account) => kit.url(`/u/${account.username}`),

  // An unconfirmed account shows no profile, but its sign-in says so: with a refused sign-in, no profile means no account.
  async lookFor(kit, account) {
    const response = await kit.open(`/u/${account.username}`);
    return response.ok() ? { state: 'exists' } : { state: 'absent' };
  },

  async signUp(kit, account) {
    const { page } = kit;
    const alert = page.getByRole('alert');
    await kit.open('/signup');
    await kit.fill(page.getByLabel('Email'), account.email);
    await kit.fill(page.getByLabel('Username'), account.username);
    await kit.fillSecret(page.getByLabel('Password', { exact: true }), account.password);
    await kit.fillSecret(page.getByLabel('Repeat password'), account.password);
    await kit.click(page.getByRole('button', { name: 'Continue' }));
    if ((await kit.see({ alert, details: page.getByLabel('First name') })) === 'alert') await refuse(kit);

    await kit.fill(page.getByLabel('First name'), account.firstName);
    await kit.fill(page.getByLabel('Last name'), account.lastName);
    await kit.fill(page.getByLabel('Phone'), account.phone);
    await kit.check(page.getByLabel('I accept the terms'));
    await kit.submit(page.getByRole('button', { name: 'Create account' }));
    const end = await kit.see({
      alert,
      // The page that asks for a code says "Check your mail" as well.
      code: page.getByLabel('Six-digit code'),
      link: page.getByText('Check your mail'),
      signedIn: page.getByText('Signed in as'),
    });
    if (end === 'alert') return refuse(kit);
    if (end === 'link') return { awaiting: confirmationLink(kit) };
    return end === 'code' ? { awaiting: confirmationCode(kit) } : {};
  },

  async confirm(kit, account, proof) {
    const { page } = kit;
    if (proof.kind === 'link') {
      const address = new URL(proof.value);
      await kit.open(address.pathname + address.search);
    } else {
      await kit.open('/confirm');
      // Without the sign-up's session the site wants the password before it takes the code.
      if (!(await page.getByLabel('Six-digit code').isVisible()) && (await enterPassword(kit, account)) === 'enterCode') {
        await kit.click(page.getByRole('link', { name: 'Enter the code' }));
      }
      await kit.fillSecret(page.getByLabel('Six-digit code'), proof.value);
      await kit.click(page.getByRole('button', { name: 'Confirm' }));
    }
    const refusals = { alert: page.getByRole('alert'), usedUp: page.getByRole('heading', { name: 'no longer valid' }) };
    const end = await kit.see({ ...refusals, signedIn: page.getByText(`Signed in as ${account.username}`) });
    if (end !== 'signedIn') throw new Rejected(await kit.read(refusals[end]));
  },

  async isSignedIn(kit, account) {
    await kit.open('/');
    return kit.page.getByText(`Signed in as ${account.username}`).isVisible();
  },

  async signIn(kit, account) {
    const { page } = kit;
    const alert = page.getByRole('alert');
    let end = await enterPassword(kit, account);
    if (end === 'enterCode') throw new Unconfirmed(await kit.read(alert), confirmationCode(kit));
    if (end === 'mailedCode') throw new MailCodeNeeded('the site asks for the code it sent by mail', confirmationCode(kit));
    if (end === 'authenticator') {
      if (!kit.hasTotp) throw new WrongCredentials(`${kit.domain} asks for an authenticator code, and the task has no secret`);
      await kit.fillSecret(page.getByLabel('Authentication code'), await kit.totp());
      await kit.click(page.getByRole('button', { name: 'Verify' }));
      end = await kit.see({ alert, signedIn: page.getByText(`Signed in as ${account.username}`) });
    }
    if (end === 'alert') {
      const words = await kit.read(alert);
      if (/confirm your email/i.test(words)) throw new Unconfirmed(words, confirmationLink(kit));
      throw new WrongCredentials(words);
    }
  },

  async updateProfile(kit, _account, profile) {
    const { page } = kit;
    const alert = page.getByRole('alert');
    const problems: string[] = [];
    const pictures = [
      { field: page.getByLabel('Avatar'), picture: profile.avatar, name: 'Avatar' },
      { field: page.getByLabel('Cover'), picture: profile.cover, name: 'Cover' },
    ];
    // A refused picture must not keep the rest from being saved: each refusal costs one more round without it.
    for (let round = 0; round <= pictures.length; round++) {
      await kit.open('/settings/profile');
      await kit.fill(page.getByLabel('First name'), profile.firstName);
      await kit.fill(page.getByLabel('Last name'), profile.lastName);
      await kit.fill(page.getByLabel('Location'), profile.location);
      await kit.fill(page.getByLabel('Website'), profile.website);
      await kit.fill(page.getByLabel('About'), profile.about);
      await kit.fill(page.getByLabel('Links'), profile.links.join('\n'));
      for (const { field, picture, name } of pictures) {
        if (picture && !problems.some((problem) => problem.startsWith(name))) await kit.upload(field, picture);
      }
      await kit.click(page.getByRole('button', { name: 'Save profile' }));
      if ((await kit.see({ saved: page.getByText('Profile saved.'), alert })) === 'saved') return { problems };

      const words = await kit.read(alert);
      const refused = pictures.find(({ name, picture }) => picture && words.startsWith(`${name} refused`));
      if (!refused) throw new Rejected(words);
      problems.push(words);
    }
    throw new FormChanged(`${kit.domain}: the profile could not be saved: ${problems.join('; ')}`);
  },

  async answerSignIn(kit, account, proof) {
    const { page } = kit;
    await kit.open('/signin/email-code');
    await kit.fillSecret(page.getByLabel('Six-digit code'), proof.value);
    await kit.click(page.getByRole('button', { name: 'Verify' }));
    const end = await kit.see({ alert: page.getByRole('alert'), signedIn: page.getByText(`Signed in as ${account.username}`) });
    if (end === 'alert') throw new Rejected(await kit.read(page.getByRole('alert')));
  },

  async addLinks(kit, _account, links) {
    const { page } = kit;
    await kit.open('/settings/profile');
    const field = page.getByLabel('Links');
    const there = (await field.inputValue()).split('\n').filter((line) => line.trim() !== '');
    await kit.fill(field, [...there, ...links].join('\n'));
    await kit.click(page.getByRole('button', { name: 'Save profile' }));
    const end = await kit.see({ saved: page.getByText('Profile saved.'), alert: page.getByRole('alert') });
    if (end === 'alert') throw new Rejected(await kit.read(page.getByRole('alert')));
  },

  async readLinks(kit, account) {
    await kit.open(`/u/${account.username}`);
    const links = kit.page.getByRole('list', { name: 'Links' }).getByRole('link');
    return links.evaluateAll((anchors) => anchors.map((anchor) => (anchor as unknown as { href: string }).href));
  },
});
