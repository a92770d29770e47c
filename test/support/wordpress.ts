import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasMariaDb, type MariaDb, startMariaDb } from './mariadb.ts';
import { servePhp } from './php-server.ts';
import {
  install,
  mailFrom,
  ownPlugin,
  type WordPressOptions,
  writeConfig,
  writePhpSettings,
} from './wordpress/settings.ts';

const software = '/usr/share/wordpress';
const run = promisify(execFile);

/** An account as WordPress keeps it. */
export interface WordPressUser {
  email: string;
  firstName: string;
  lastName: string;
  displayName: string;
  website: string;
  about: string;
  roles: string[];
}

/** A private WordPress on loopback, that anyone may join. */
export interface WordPress {
  /** `http://127.0.0.1:PORT` */
  url: string;
  version: string;
  /** The address that its mails come from. */
  mailFrom: string;
  /** Every account but the administrator's. */
  userNames(): Promise<string[]>;
  /** Undefined when there is none of that name. */
  user(name: string): Promise<WordPressUser | undefined>;
  canSignIn(name: string, password: string): Promise<boolean>;
  /** Makes an account behind the sign-up form's back. */
  addUser(name: string, password: string, more?: { email?: string; role?: 'subscriber' | 'author' }): Promise<void>;
  /** Publishes an article of an account's. */
  publish(name: string, title: string): Promise<void>;
  option(name: string): Promise<string>;
  setOption(name: string, value: string): Promise<void>;
  setTheme(name: 'twentytwentyone' | 'twentytwentythree'): Promise<void>;
  /** Runs with one more must-use plugin, and takes it out again. */
  withPlugin<Result>(php: string, use: () => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** What keeps `startWordPress` from working here, and how to get it; undefined when nothing does. */
export function wordPressMissing(): string | undefined {
  const modules = (spawnSync('php', ['-m'], { encoding: 'utf8' }).stdout ?? '').toLowerCase().split('\n');
  const missing = [
    existsSync(join(software, 'wp-login.php')) ? [] : ['wordpress'],
    existsSync(join(software, 'wp-content/themes/twentytwentyone')) ? [] : ['wordpress-theme-twentytwentyone'],
    existsSync(join(software, 'wp-content/themes/twentytwentythree')) ? [] : ['wordpress-theme-twentytwentythree'],
    modules.includes('core') ? [] : ['php-cli'],
    modules.includes('mysqli') ? [] : ['php-mysql'],
    hasMariaDb() ? [] : ['mariadb-server'],
  ].flat();
  return missing.length > 0 ? `WordPress (apt-get install ${missing.join(' ')})` : undefined;
}

/** Installs and starts a WordPress of its own, in a few seconds: a copy in a temporary folder, with a database of its own. */
export async function startWordPress(options: WordPressOptions): Promise<WordPress> {
  const folder = await mkdtemp(join(tmpdir(), 'enlist-wordpress-'));
  const parts = [() => rm(folder, { recursive: true, force: true, maxRetries: 3 })];
  const close = async () => {
    for (const part of parts.splice(0).reverse()) await part();
  };
  try {
    const database: MariaDb = await startMariaDb();
    parts.push(() => database.close());
    await run('mariadb', [
      '--no-defaults',
      `--socket=${database.socket}`,
      '--user=root',
      '-e',
      'create database wordpress',
    ]);

    const site = join(folder, 'site');
    const plugins = join(site, 'wp-content/mu-plugins');
    // A copy, for Debian's own looks for its settings in /etc.
    await cp(software, site, { recursive: true, verbatimSymlinks: true });
    await mkdir(plugins, { recursive: true });
    await mkdir(join(folder, 'php'));
    await writeFile(join(site, 'wp-config.php'), writeConfig(database.socket));
    await writeFile(join(plugins, 'own.php'), ownPlugin);
    await writeFile(join(folder, 'php/own.ini'), writePhpSettings(options));
    // Besides PHP's own folder of settings.
    const environment = { PHP_INI_SCAN_DIR: `:${join(folder, 'php')}` };

    let host = '127.0.0.1';
    /** Runs PHP within WordPress, where `$in` holds what was given; gives what it returns. */
    const call = async <Result>(code: string, given: object = {}): Promise<Result> => {
      const script = `
        $in = json_decode( getenv( 'GIVEN' ), true );
        $_SERVER['HTTP_HOST'] = $in['host'];
        if ( $in['installing'] ?? false ) define( 'WP_INSTALLING', true );
        require '${site}/wp-load.php';
        echo "\\n", json_encode( ( function () use ( $in ) { ${code} } )() );`;
      const { stdout } = await run('php', ['-r', script], {
        env: { ...process.env, ...environment, GIVEN: JSON.stringify({ ...given, host }) },
      });
      return JSON.parse(stdout.trim().split('\n').at(-1)!) as Result;
    };
    await call(install, { installing: true, password: randomBytes(12).toString('hex') });

    const server = await servePhp(site, environment);
    parts.push(() => server.close());
    host = new URL(server.url).host;

    return {
      url: server.url,
      version: await call<string>("return get_bloginfo( 'version' );"),
      mailFrom,
      userNames: () =>
        call("return array_values( array_diff( wp_list_pluck( get_users(), 'user_login' ), array( 'admin' ) ) );"),
      user: async (name) =>
        (await call<WordPressUser | false>(
          `$user = get_user_by( 'login', $in['name'] );
          return $user ? array(
            'email' => $user->user_email, 'firstName' => $user->first_name, 'lastName' => $user->last_name,
            'displayName' => $user->display_name, 'website' => $user->user_url,
            'about' => str_replace( "\\r", '', $user->description ),
            'roles' => $user->roles,
          ) : false;`,
          { name },
        )) || undefined,
      canSignIn: (name, password) =>
        call("return ! is_wp_error( wp_authenticate( $in['name'], $in['password'] ) );", { name, password }),
      async addUser(name, password, { email = `${name}@elsewhere.test`, role = 'subscriber' } = {}) {
        const user = { user_login: name, user_pass: password, user_email: email, role };
        const made = await call<number | object>("return wp_insert_user( wp_slash( $in['user'] ) );", { user });
        if (typeof made !== 'number') throw new Error(`WordPress made no ${name}: ${JSON.stringify(made)}`);
      },
      async publish(name, title) {
        const code = `$author = get_user_by( 'login', $in['name'] )->ID;
          return wp_insert_post( array( 'post_author' => $author, 'post_title' => $in['title'], 'post_content' => 'Text.', 'post_status' => 'publish' ) );`;
        await call(code, { name, title });
      },
      option: (name) => call("return (string) get_option( $in['name'] );", { name }),
      async setOption(name, value) {
        await call("update_option( $in['name'], $in['value'] ); flush_rewrite_rules();", { name, value });
      },
      async setTheme(name) {
        await call("switch_theme( $in['name'] );", { name });
      },
      async withPlugin(php, use) {
        const file = join(plugins, 'another.php');
        await writeFile(file, `<?php\n${php}`);
        try {
          return await use();
        } finally {
          await rm(file);
        }
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
