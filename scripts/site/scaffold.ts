import type { SeenField, SeenForm } from './read-form.ts';

/** The line that fills a field in, as far as its names tell what goes into it. */
function writeField({ kind, label, hints, locator, required, options }: SeenField): string {
  const fill = (value: string) => `await kit.fill(${locator}, ${value});`;
  if (kind === 'password') return `await kit.fillSecret(${locator}, account.password);`;
  if (kind === 'checkbox')
    return `${required || /terms|accept|agree/i.test(hints) ? '' : '// '}await kit.check(${locator});`;
  if (kind === 'radio') return `// await kit.check(${locator}); // "${label}"`;
  if (kind === 'file') return `// await kit.upload(${locator}, picture); // "${label}"`;
  if (kind === 'select')
    return `// await kit.choose(${locator}, '…'); // one of: ${options.filter(Boolean).slice(0, 8).join(', ')}`;
  const guesses: [RegExp, string][] = [
    [/alternat|second|recover/i, ''],
    [/e-?mail.*\bor\b|\bor\b.*e-?mail/i, 'account.username'],
    [/e-?mail|\baddress\b/i, 'account.email'],
    [/user|login|nick|account/i, 'account.username'],
    [/first|given|fore/i, 'account.firstName'],
    [/last|family|sur/i, 'account.lastName'],
    [/phone|tel\b|mobile/i, 'account.phone'],
    [/real|full|\bname\b/i, '`${account.firstName} ${account.lastName}`'],
  ];
  const [, guess] = guesses.find(([pattern]) => pattern.test(hints)) ?? [];
  if (kind === 'email' && !guess) return fill('account.email');
  return guess ? fill(guess) : `// ${fill("''")} // "${label}"${required ? ', which the site wants' : ''}`;
}

function writeForm(form: SeenForm | undefined, page: string, press: 'submit' | 'click'): string {
  const lines = [`await kit.open('${page}');`];
  if (form?.challenge)
    lines.push('// The page asks for a human: such a check ends the attempt, and no recipe goes past it.');
  lines.push(
    ...(form?.fields.map(writeField) ?? [
      `// await kit.fill(page.getByLabel('…'), account.${press === 'submit' ? 'email' : 'username'});`,
      "// await kit.fillSecret(page.getByLabel('Password'), account.password);",
    ]),
  );
  lines.push(
    form?.button
      ? `await kit.${press}(${form.button});`
      : `// await kit.${press}(page.getByRole('button', { name: '…' }));`,
  );
  return lines.map((line) => `    ${line}`).join('\n');
}

export interface ScaffoldOptions {
  name: string;
  signUp?: { path: string; form: SeenForm } | undefined;
  signIn?: { path: string; form: SeenForm } | undefined;
}

/** The source of a recipe to begin with. */
export function writeRecipe({ name, signUp, signIn }: ScaffoldOptions): string {
  return `import { AlreadyExists, defineRecipe, Rejected, WrongCredentials } from 'enlist/kit';

/** What the site shows to who is signed in, which is to be found there. */
const signedInMark = 'Sign out';

export default defineRecipe({
  name: '${name}',
  // What the platform takes: avatar, cover, about, links. What is absent here is not given to updateProfile.
  limits: {},

  // The public profile's address. With it and updateProfile, profiles are furnished.
  // profileUrl: (kit, account) => kit.url(\`/user/\${encodeURIComponent(account.username)}\`),

  // Without signing in: 'exists', 'absent', or 'unknown' where nothing public tells.
  async lookFor() {
    return { state: 'unknown' };
  },

  async signUp(kit, account) {
    const { page } = kit;
${writeForm(signUp?.form, signUp?.path ?? '/signup', 'submit')}
    // What this page shows when it worked, and when it refused, is to be found on the site.
    const end = await kit.see({ refused: page.getByRole('alert'), made: page.getByText('Welcome') });
    if (end === 'refused') {
      const words = await kit.read(page.getByRole('alert'));
      throw /taken|already|in use/i.test(words) ? new AlreadyExists(words) : new Rejected(words);
    }
    // Where a mail has to be answered first: return { awaiting: kit.mail.link({ subject: '…', path: '/confirm' }) };
    return {};
  },

  // async confirm(kit, account, proof) {
  //   const { pathname, search } = new URL(proof.value);
  //   await kit.open(pathname + search);
  // },

  async isSignedIn(kit) {
    await kit.open('/');
    return kit.page.getByText(signedInMark).isVisible();
  },

  async signIn(kit, account) {
    const { page } = kit;
${writeForm(signIn?.form, signIn?.path ?? '/login', 'click')}
    // What this page shows when it refused is to be found on the site.
    const end = await kit.see({ refused: page.getByRole('alert'), signedIn: page.getByText(signedInMark) });
    if (end === 'refused') throw new WrongCredentials(await kit.read(page.getByRole('alert')));
  },

  // async updateProfile(kit, account, profile) {
  //   const { page } = kit;
  //   await kit.open('/settings');
  //   if (profile.location) await kit.fill(page.getByLabel('Location'), profile.location);
  //   await kit.click(page.getByRole('button', { name: 'Save' }));
  //   await kit.see({ saved: page.getByText('Saved') });
  //   return { problems: [] };
  // },
});
`;
}

/** The source of its test: the forms are as the recipe knows them. */
export function writeTest(name: string, domain: string): string {
  return `import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

// Run in enlist's folder: node --import tsx --test ${name}.test.ts, with this file's path.
test('the forms of ${domain} are as the recipe "${name}" knows them', () => {
  const { status } = spawnSync('npm', ['run', '--silent', 'site', '--', 'check', '${domain}'], { stdio: 'inherit' });
  assert.equal(status, 0);
});
`;
}

/** The lines for SITES_FILE; whoever lists the site says on whose permission. */
export function writeListing(name: string, domain: string, url: string): string {
  return `  - domain: ${domain}
    recipe: ${name}
    url: ${url}
    permission: ""   # yours to fill in: say on whose permission enlist may act there; while it is empty, the file is refused
`;
}
