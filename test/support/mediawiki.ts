import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ApiAnswer, openApiSession, signIn } from './mediawiki/api-session.ts';
import { extraSettings, mailFrom, type MediaWikiOptions } from './mediawiki/settings.ts';
import { servePhp } from './php-server.ts';

export type { MediaWikiOptions } from './mediawiki/settings.ts';

const software = '/usr/share/mediawiki';
const run = promisify(execFile);

/** A private wiki on loopback, that anyone may join and edit. */
export interface MediaWiki {
  /** `http://127.0.0.1:PORT`; `/index.php` and `/api.php` hang off it. */
  url: string;
  /** The address that its mails come from. */
  mailFrom: string;
  /** Asks `api.php`, not signed in. Throws an Error in the API's words when it refuses. */
  api(parameters: Record<string, string>): Promise<ApiAnswer>;
  /** Every account but those that came with the wiki. */
  userNames(): Promise<string[]>;
  userExists(name: string): Promise<boolean>;
  /** The wikitext of a page; undefined when there is none. */
  pageText(title: string): Promise<string | undefined>;
  /** Throws an Error after five wrong passwords within five minutes, when the wiki stops looking at them. */
  canSignIn(name: string, password: string): Promise<boolean>;
  /** Whether the account's e-mail address was confirmed. */
  emailConfirmed(name: string, password: string): Promise<boolean>;
  /** Makes an account behind the sign-up form's back: no throttle, no human check. Its address counts as confirmed. */
  addUser(name: string, password: string, email?: string): Promise<void>;
  /** Gives an account an authenticator; the wiki must be one with authenticators. @param secret base32 */
  addAuthenticator(name: string, secret: string): Promise<void>;
  close(): Promise<void>;
}

/** What keeps `startMediaWiki` from working here, and how to get it; undefined when nothing does. */
export function mediaWikiMissing(): string | undefined {
  const modules = (spawnSync('php', ['-m'], { encoding: 'utf8' }).stdout ?? '').toLowerCase().split('\n');
  const missing = [
    existsSync(join(software, 'maintenance/install.php')) ? [] : ['mediawiki'],
    modules.includes('core') ? [] : ['php-cli'],
    modules.includes('pdo_sqlite') ? [] : ['php-sqlite3'],
    modules.includes('mbstring') ? [] : ['php-mbstring'],
    modules.includes('xml') ? [] : ['php-xml'],
  ].flat();
  return missing.length > 0 ? `MediaWiki (apt-get install ${missing.join(' ')})` : undefined;
}

/** Installs and starts a wiki of its own, in a second or two: a fresh database in a temporary folder. */
export async function startMediaWiki(options: MediaWikiOptions = {}): Promise<MediaWiki> {
  const folder = await mkdtemp(join(tmpdir(), 'enlist-mediawiki-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  // The settings stay in the folder, whatever is in /etc/mediawiki.
  const environment = { MW_CONFIG_FILE: join(folder, 'LocalSettings.php'), TMPDIR: folder };
  const maintain = async (script: string, parameters: string[]) => {
    const command = [join(software, 'maintenance', script), ...parameters];
    await run('php', command, { env: { ...process.env, ...environment } }).catch((error: unknown) => {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      // The error's own message holds the whole command, with its passwords.
      throw new Error(`MediaWiki's ${script} failed: ${`${stdout}${stderr}`.trim()}`);
    });
  };

  try {
    const database = ['--dbtype', 'sqlite', '--dbpath', folder, '--dbname', 'wiki', '--confpath', folder];
    const address = ['--server', 'http://127.0.0.1', '--scriptpath', ''];
    const password = ['--pass', randomBytes(12).toString('hex')];
    await maintain('install.php', [
      ...database,
      ...address,
      ...password,
      '--skins',
      'Vector',
      'Practice wiki',
      'Admin',
    ]);
    await appendFile(environment.MW_CONFIG_FILE, extraSettings(folder, options));
    if (options.authenticators)
      await maintain('sql.php', [join(software, 'extensions/OATHAuth/sql/sqlite/tables-generated.sql')]);

    const server = await servePhp(software, environment);
    const { url } = server;
    const api = (parameters: Record<string, string>) => openApiSession(url)(parameters);
    const allNames = async (): Promise<string[]> => {
      const { query } = await api({ action: 'query', list: 'allusers', aulimit: 'max' });
      return query.allusers.map((user: { name: string }) => user.name);
    };
    const installersOwn = await allNames().catch(async (error: unknown) => {
      await server.close();
      throw error;
    });

    return {
      url,
      mailFrom,
      api,
      async userNames() {
        return (await allNames()).filter((name) => !installersOwn.includes(name));
      },
      async userExists(name) {
        const { query } = await api({ action: 'query', list: 'users', ususers: name });
        return query.users[0].userid !== undefined;
      },
      async pageText(title) {
        const parameters = { action: 'query', prop: 'revisions', rvprop: 'content', rvslots: 'main', titles: title };
        const { query } = await api(parameters);
        return query.pages[0].revisions?.[0].slots.main.content;
      },
      canSignIn: (name, password) => signIn(openApiSession(url), name, password),
      async emailConfirmed(name, password) {
        const session = openApiSession(url);
        if (!(await signIn(session, name, password))) throw new Error(`MediaWiki refuses the password of ${name}`);
        const { query } = await session({ action: 'query', meta: 'userinfo', uiprop: 'email' });
        return query.userinfo.emailauthenticated !== undefined;
      },
      async addUser(name, password, email) {
        await maintain('createAndPromote.php', [name, password]);
        if (email) await maintain('resetUserEmail.php', ['--no-reset-password', name, email]);
      },
      async addAuthenticator(name, secret) {
        const { query } = await api({ action: 'query', list: 'users', ususers: name });
        const keys = JSON.stringify({ keys: [{ secret, scratch_tokens: [] }] });
        await maintain('sql.php', [
          '--query',
          `INSERT INTO oathauth_users VALUES (${query.users[0].userid}, 'totp', '${keys}')`,
        ]);
      },
      async close() {
        await server.close();
        await removeFolder();
      },
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}
