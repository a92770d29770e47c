import { AlreadyExists, MailCodeNeeded, Rejected, Unconfirmed, WrongCredentials } from '../kit/errors.ts';
import type { Kit } from '../kit/kit.ts';
import type { Account, Recipe } from '../kit/recipe.ts';

const confirmationLink = (kit: Kit) => kit.mail.link({ subject: 'Confirm your account', path: '/confirm' });
const confirmationCode = (kit: Kit) => kit.mail.code({ subject: 'Your code', length: 6 });

const isTaken = (words: string) => /already registered|is taken/i.test(words);

/** What the page's alerts say. */
export const readAlerts = (kit: Kit): Promise<string> => kit.readRefusal(kit.page.getByRole('alert'));

/** Sends the first page of the sign-up form, which makes nothing yet. @returns the site's refusal, or undefined when it asks for the details */
async function enterCredentials(kit: Kit, account: Account): Promise<string | undefined> {
  const { page } = kit;
  await kit.open('/signup');
  await kit.fill(page.getByLabel('Email'), account.email);
  await kit.fill(page.getByLabel('Username'), account.username);
  await kit.fillSecret(page.getByLabel('Password', { exact: true }), account.password);
  await kit.fillSecret(page.getByLabel('Repeat password'), account.password);
  await kit.click(page.getByRole('button', { name: 'Continue' }));
  const end = await kit.see({ alert: page.getByRole('alert'), details: page.getByLabel('First name') });
  return end === 'alert' ? readAlerts(kit) : undefined;
}

/** Throws what an alert on a sign-up page means. */
function refuse(words: string): never {
  if (isTaken(words)) throw new AlreadyExists(words);
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

/** How every practice site makes an account, confirms it and signs it in. */
export const practiceAccount = {
  async signUp(kit, account) {
    const { page } = kit;
    const refusal = await enterCredentials(kit, account);
    if (refusal !== undefined) refuse(refusal);

    await kit.fill(page.getByLabel('First name'), account.firstName);
    await kit.fill(page.getByLabel('Last name'), account.lastName);
    await kit.fill(page.getByLabel('Phone'), account.phone);
    await kit.check(page.getByLabel('I accept the terms'));
    await kit.submit(page.getByRole('button', { name: 'Create account' }));
    const end = await kit.see({
      alert: page.getByRole('alert'),
      // The page that asks for a code says "Check your mail" as well.
      code: page.getByLabel('Six-digit code'),
      link: page.getByText('Check your mail'),
      signedIn: page.getByText('Signed in as'),
    });
    if (end === 'alert') refuse(await readAlerts(kit));
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
      if (
        !(await page.getByLabel('Six-digit code').isVisible()) &&
        (await enterPassword(kit, account)) === 'enterCode'
      ) {
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
    if (end === 'mailedCode')
      throw new MailCodeNeeded('the site asks for the code it sent by mail', confirmationCode(kit));
    if (end === 'authenticator') {
      if (!kit.hasTotp)
        throw new WrongCredentials(`${kit.domain} asks for an authenticator code, and the task has no secret`);
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

  async answerSignIn(kit, account, proof) {
    const { page } = kit;
    await kit.open('/signin/email-code');
    await kit.fillSecret(page.getByLabel('Six-digit code'), proof.value);
    await kit.click(page.getByRole('button', { name: 'Verify' }));
    const end = await kit.see({
      alert: page.getByRole('alert'),
      signedIn: page.getByText(`Signed in as ${account.username}`),
    });
    if (end === 'alert') throw new Rejected(await kit.read(page.getByRole('alert')));
  },
} satisfies Partial<Recipe>;

/** The same at the podcast sites: they show no public profile, and their tasks bring no first or last name. */
export const practicePodcastAccount = {
  ...practiceAccount,

  async lookFor(kit, account) {
    const refusal = await enterCredentials(kit, account);
    if (refusal === undefined) return { state: 'absent' };
    // A form with another fault is refused for that fault alone.
    return { state: isTaken(refusal) ? 'exists' : 'unknown' };
  },

  signUp(kit, account) {
    const { username, firstName, lastName } = account;
    return practiceAccount.signUp(kit, {
      ...account,
      firstName: firstName || username,
      lastName: lastName || username,
    });
  },
} satisfies Partial<Recipe>;
