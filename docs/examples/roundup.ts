import { type Account, AlreadyExists, defineRecipe, type Kit, Rejected, WrongCredentials } from 'enlist/kit';

const refused = ({ page }: Kit) => page.locator('.error-message');
/** What every page shows to who is signed in. */
const signedInAs = ({ page }: Kit, { username }: Account) => page.getByText(`Hello, ${username}`, { exact: true });

/** Roundup, tried with 2.6 and its "classic" tracker, in English. The profile is the user's own page. */
export default defineRecipe({
  name: 'roundup',
  limits: {},

  // Users are listed for who is signed in.
  profileUrl: (kit, { username }) =>
    kit.url(`/user?@template=index&@filter=username&username=${encodeURIComponent(username)}`),

  // Nothing public tells, and there is no account before the mail is answered: the mail proves that the form was sent.
  async lookFor(kit) {
    return {
      state: 'unknown',
      mail: kit.mail.link({ subject: 'Complete your registration', path: '@action=confrego' }),
    };
  },

  async signUp(kit, account) {
    const { page } = kit;
    await kit.open('/user?@template=register');
    await kit.fill(page.locator('[name="realname"]'), `${account.firstName} ${account.lastName}`);
    await kit.fill(page.locator('[name="username"]'), account.username);
    await kit.fillSecret(page.locator('[name="password"]'), account.password);
    await kit.fillSecret(page.locator('[name="@confirm@password"]'), account.password);
    await kit.fill(page.locator('[name="phone"]'), account.phone);
    await kit.fill(page.locator('[name="address"]'), account.email);
    await kit.submit(page.getByRole('button', { name: 'Register' }));
    const end = await kit.see({ refused: refused(kit), sent: page.getByText('You will shortly receive an email') });
    if (end === 'refused') {
      const words = await kit.read(refused(kit));
      throw /is already used/.test(words) ? new AlreadyExists(words) : new Rejected(words);
    }
    return { awaiting: kit.mail.link({ subject: 'Complete your registration', path: '@action=confrego' }) };
  },

  async confirm(kit, _account, proof) {
    await kit.open(`/${new URL(proof.value).search}`);
    const end = await kit.see({
      refused: refused(kit),
      welcome: kit.page.getByText('You are now registered, welcome!').first(),
    });
    if (end === 'refused') throw new Rejected(await kit.read(refused(kit)));
  },

  async isSignedIn(kit, account) {
    await kit.open('/');
    return signedInAs(kit, account).isVisible();
  },

  async signIn(kit, account) {
    const { page } = kit;
    await kit.open('/');
    await kit.fill(page.locator('[name="__login_name"]'), account.username);
    await kit.fillSecret(page.locator('[name="__login_password"]'), account.password);
    await kit.click(page.getByRole('button', { name: 'Login' }));
    const end = await kit.see({ refused: refused(kit), signedIn: signedInAs(kit, account) });
    if (end === 'refused') throw new WrongCredentials(await kit.read(refused(kit)));
  },

  async updateProfile(kit, _account, profile) {
    const { page } = kit;
    await kit.open('/');
    await kit.click(page.getByRole('link', { name: 'Your Details' }));
    const name = `${profile.firstName} ${profile.lastName}`.trim();
    if (name) await kit.fill(page.getByLabel('Name', { exact: true }), name);
    // A user has no field for a web address: people read it as whom the user is of.
    if (profile.website) await kit.fill(page.getByLabel('Organisation'), profile.website);
    await kit.click(page.getByRole('button', { name: 'Submit Changes' }));
    const end = await kit.see({ refused: refused(kit), saved: page.locator('.ok-message') });
    if (end === 'refused') throw new Rejected(await kit.read(refused(kit)));
    return { problems: [] };
  },
});
