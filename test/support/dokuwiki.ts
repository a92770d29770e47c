import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, watch, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Plugin, writePlugin } from './dokuwiki/plugins.ts';
import { servePhp } from './php-server.ts';

const software = '/usr/share/dokuwiki';
const run = promisify(execFile);

const userPageRights = { own: ['user:%USER% %USER% 4'], anyone: ['user:* @ALL 4'], none: [] };

export interface DokuWikiOptions {
  /** The wiki's mails come from `wiki@` this domain. */
  domain: string;
  /** The command that sends a mail (PHP's `sendmail_path`); without it, no mail can be sent. */
  sendmail?: string;
  /** Whether the wiki makes the password and mails it, as it does by default, or the sign-up form asks for one. */
  passwordByMail?: boolean;
  /** Whether people may make accounts; default true. */
  registration?: boolean;
  /** Who may write the page `user:NAME`: that user, as is the default, or anyone, or nobody. */
  userPages?: keyof typeof userPageRights;
  plugin?: Plugin;
  /** The language of all its pages and mails; default English. */
  language?: string;
}

/** A private wiki on loopback, that anyone may read and join. */
export interface DokuWiki {
  /** `http://127.0.0.1:PORT`; `/doku.php` hangs off it. */
  url: string;
  /** Every account, as the wiki's file has it. */
  users(): Promise<{ login: string; name: string; mail: string }[]>;
  canSignIn(login: string, password: string): Promise<boolean>;
  /** Makes an account behind the sign-up form's back. */
  addUser(login: string, password: string, name?: string, mail?: string): Promise<void>;
  /** The wiki text of a page (`user:name`); undefined when there is none. */
  pageText(id: string): Promise<string | undefined>;
  writePage(id: string, text: string): Promise<void>;
  /** With the plugin `slow`: the next sign-up or change of an account gets no answer until it is released. */
  hold(what: 'create' | 'modify'): Promise<{ reached: Promise<void>; release(): Promise<void> }>;
  /** How often a page was saved by way of the wiki. */
  countEdits(id: string): Promise<number>;
  close(): Promise<void>;
}

/** What keeps `startDokuWiki` from working here, and how to get it; undefined when nothing does. */
export function dokuWikiMissing(): string | undefined {
  const modules = (spawnSync('php', ['-m'], { encoding: 'utf8' }).stdout ?? '').toLowerCase().split('\n');
  const missing = [
    existsSync(join(software, 'doku.php')) ? [] : ['dokuwiki'],
    modules.includes('core') ? [] : ['php-cli'],
    modules.includes('xml') ? [] : ['php-xml'],
    modules.includes('mbstring') ? [] : ['php-mbstring'],
  ].flat();
  return missing.length > 0 ? `DokuWiki (apt-get install ${missing.join(' ')})` : undefined;
}

const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;

/** Everything that this wiki doesn't share with others of this machine: settings, data, plugins, and PHP's own settings. */
async function writeFolder(folder: string, options: DokuWikiOptions): Promise<Record<string, string>> {
  const {
    domain,
    sendmail = '/bin/false',
    passwordByMail = true,
    registration = true,
    userPages = 'own',
    plugin,
    language = 'en',
  } = options;
  const data = [
    'pages',
    'attic',
    'media',
    'media_attic',
    'media_meta',
    'meta',
    'cache',
    'index',
    'locks',
    'tmp',
    'log',
  ];
  for (const part of ['conf', 'plugins', 'php', ...data.map((name) => `data/${name}`)])
    await mkdir(join(folder, part), { recursive: true });

  const settings = {
    title: 'Practice wiki',
    lang: language,
    useacl: 1,
    superuser: '@admin',
    disableactions: registration ? '' : 'register',
    autopasswd: Number(passwordByMail),
    mailfrom: `wiki@${domain}`,
    savedir: join(folder, 'data'),
  };
  const lines = Object.entries(settings).map(
    ([name, value]) => `$conf['${name}'] = ${typeof value === 'number' ? value : quote(value)};`,
  );
  await writeFile(join(folder, 'conf/local.php'), `<?php\n${lines.join('\n')}\n`);
  const acl = ['* @ALL 1', ...userPageRights[userPages]].map((line) => line.replaceAll(' ', '\t'));
  await writeFile(join(folder, 'conf/acl.auth.php'), `# acl.auth.php\n# <?php exit()?>\n${acl.join('\n')}\n`);
  await writeFile(join(folder, 'conf/users.auth.php'), '# users.auth.php\n# <?php exit()?>\n');

  await writeFile(join(folder, 'conf/plugins.php'), `<?php\n$plugins['testing'] = 0;\n`);
  for (const name of await readdir(join(software, 'lib/plugins')))
    await symlink(join(software, 'lib/plugins', name), join(folder, 'plugins', name));
  if (plugin) {
    await mkdir(join(folder, 'plugins/practice'));
    await writeFile(join(folder, 'plugins/practice/action.php'), writePlugin('practice', plugin));
  }

  // DokuWiki takes these over where they are set already.
  const places = [
    `define('DOKU_CONF', ${quote(`${folder}/conf/`)});`,
    `define('DOKU_PLUGIN', ${quote(`${folder}/plugins/`)});`,
  ];
  await writeFile(join(folder, 'places.php'), `<?php\n${places.join('\n')}\n`);
  await writeFile(
    join(folder, 'php/wiki.ini'),
    `auto_prepend_file = "${folder}/places.php"\nsendmail_path = "${sendmail}"\n`,
  );
  // PHP reads this folder besides its own.
  return { PHP_INI_SCAN_DIR: `:${join(folder, 'php')}`, TMPDIR: folder };
}

/** Sets up and starts a wiki of its own, in a moment: its settings and data are in a temporary folder. */
export async function startDokuWiki(options: DokuWikiOptions): Promise<DokuWiki> {
  const folder = await mkdtemp(join(tmpdir(), 'enlist-dokuwiki-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  const page = (id: string, part: string, end: string) =>
    join(folder, 'data', part, `${id.replaceAll(':', '/')}${end}`);
  const read = (file: string) =>
    readFile(file, 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    });
  try {
    const environment = await writeFolder(folder, options);
    const server = await servePhp(software, environment);
    return {
      url: server.url,
      async users() {
        const lines = (await readFile(join(folder, 'conf/users.auth.php'), 'utf8'))
          .split('\n')
          .filter((line) => line && !line.startsWith('#'));
        return lines.map((line) => {
          const [login = '', , name = '', mail = ''] = line
            .split(/(?<!\\):/)
            .map((field) => field.replace(/\\(.)/g, '$1'));
          return { login, name, mail };
        });
      },
      async canSignIn(login, password) {
        const body = new URLSearchParams({ do: 'login', u: login, p: password });
        const { status } = await fetch(`${server.url}/doku.php`, { method: 'POST', body, redirect: 'manual' });
        // Who is signed in is sent on to a page.
        if (status !== 302 && status !== 403) throw new Error(`DokuWiki answers a sign-in with ${status}`);
        return status === 302;
      },
      async addUser(login, password, name = login, mail = `${login}@brand.test`) {
        const command = [join(software, 'bin/plugin.php'), 'usermanager', 'add', login, mail, name, 'user', password];
        await run('php', command, { env: { ...process.env, ...environment } }).catch((error: unknown) => {
          const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
          // The error's own message holds the whole command, with its password.
          throw new Error(`DokuWiki made no user ${login}: ${`${stdout}${stderr}`.trim()}`);
        });
      },
      pageText: (id) => read(page(id, 'pages', '.txt')),
      async writePage(id, text) {
        await mkdir(join(page(id, 'pages', ''), '..'), { recursive: true });
        await writeFile(page(id, 'pages', '.txt'), text);
      },
      async hold(what) {
        const file = join(folder, 'conf', `hold-${what}`);
        const looking = new AbortController();
        await writeFile(file, '');
        const reached = (async () => {
          for await (const { filename } of watch(join(folder, 'conf'), { signal: looking.signal }))
            if (filename === `hold-${what}-reached`) return;
        })();
        // Of one that nobody waits for.
        reached.catch(() => {});
        return {
          reached,
          async release() {
            looking.abort();
            await rm(file);
          },
        };
      },
      async countEdits(id) {
        return ((await read(page(id, 'meta', '.changes'))) ?? '').split('\n').filter(Boolean).length;
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
