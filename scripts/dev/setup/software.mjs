import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { findOnPath, root } from '../../../config/find-browser.mjs';
import { run } from './run.mjs';

function hasPostgres() {
  if (findOnPath('initdb')) return true;
  const debian = '/usr/lib/postgresql';
  return (
    existsSync(debian) && readdirSync(debian).some((version) => existsSync(path.join(debian, version, 'bin/initdb')))
  );
}

/** Whether PHP is there with these modules, and the software in Debian's folders. */
function hasPhpSoftware(files, modules) {
  if (!findOnPath('php') || !files.every((file) => existsSync(`/usr/share/${file}`))) return false;
  const there = run('php', ['-m']).output.split('\n');
  return modules.every((name) => there.includes(name));
}

const wordPressThemes = ['twentytwentyone', 'twentytwentythree'];

function hasIkiwiki() {
  const programs = findOnPath('ikiwiki') && findOnPath('gcc') && existsSync('/usr/sbin/lighttpd');
  return programs && run('perl', ['-MCGI', '-MCGI::FormBuilder', '-MCGI::Session', '-MXML::Feed', '-e1']).ok;
}

/**
 * Software that npm doesn't bring, which some suites run through the support file of that name. A suite leaves out by
 * itself what it can't do without it.
 */
const software = [
  {
    support: 'test/support/mail-host.ts',
    title: 'a mail server (Exim and Dovecot)',
    packages: ['exim4-daemon-light', 'dovecot-imapd'],
    isThere: () => existsSync('/usr/sbin/exim4') && existsSync('/usr/sbin/dovecot'),
  },
  {
    support: 'test/support/roundup.ts',
    title: 'Roundup, which it installs with pip',
    packages: ['python3-venv'],
    isThere: () => run('python3', ['-c', 'import venv, ensurepip']).ok,
  },
  {
    support: 'test/support/postgres.ts',
    title: 'the PostgreSQL server',
    packages: ['postgresql'],
    isThere: hasPostgres,
  },
  {
    support: 'test/support/dovecot.ts',
    title: 'Dovecot',
    packages: ['dovecot-imapd'],
    isThere: () => existsSync('/usr/sbin/dovecot'),
  },
  {
    support: 'test/support/sendmail.ts',
    title: 'msmtp',
    packages: ['msmtp'],
    isThere: () => existsSync('/usr/bin/msmtp'),
  },
  {
    support: 'test/support/dokuwiki.ts',
    title: 'DokuWiki on PHP',
    packages: ['dokuwiki', 'php-cli', 'php-mbstring', 'php-xml'],
    isThere: () => hasPhpSoftware(['dokuwiki/doku.php'], ['mbstring', 'xml']),
  },
  {
    support: 'test/support/mediawiki.ts',
    title: 'MediaWiki on PHP with SQLite',
    packages: ['mediawiki', 'php-cli', 'php-sqlite3', 'php-mbstring', 'php-xml', 'php-intl'],
    isThere: () => hasPhpSoftware(['mediawiki/index.php'], ['pdo_sqlite', 'mbstring', 'xml', 'intl']),
  },
  {
    support: 'test/support/wordpress.ts',
    title: 'WordPress on PHP with MariaDB',
    packages: [
      'wordpress',
      ...wordPressThemes.map((theme) => `wordpress-theme-${theme}`),
      'php-cli',
      'php-mysql',
      'mariadb-server',
    ],
    isThere: () =>
      hasPhpSoftware(
        ['wordpress/wp-login.php', ...wordPressThemes.map((theme) => `wordpress/wp-content/themes/${theme}`)],
        ['mysqli'],
      ) && existsSync('/usr/sbin/mariadbd'),
  },
  {
    support: 'test/support/ikiwiki.ts',
    title: 'ikiwiki with lighttpd',
    packages: [
      'ikiwiki',
      'lighttpd',
      'gcc',
      'libc6-dev',
      'libcgi-pm-perl',
      'libcgi-formbuilder-perl',
      'libcgi-session-perl',
      'libxml-feed-perl',
    ],
    isThere: hasIkiwiki,
  },
];

/** What of it this machine lacks. */
export function listMissing() {
  return software.filter(({ isThere }) => !isThere());
}

/** Every file of test/ that this one leans on, itself included. */
function collectImports(file, seen = new Set()) {
  const place = path.join(root, file);
  if (seen.has(file) || !existsSync(place)) return seen;
  seen.add(file);
  for (const [, imported] of readFileSync(place, 'utf8').matchAll(/from '(\.[^']+)'/g)) {
    const next = path.join(path.dirname(file), imported);
    if (next.startsWith(`test${path.sep}`)) collectImports(next, seen);
  }
  return seen;
}

/**
 * Those of these suites that this machine can't carry whole.
 *
 * @param {string[]} suites as paths below the root
 * @returns {{ file: string, title: string, packages: string[] }[]} one for each suite and software that it lacks; the
 *   packages are Debian's
 */
export function findLeftOut(suites) {
  const missing = listMissing();
  if (missing.length === 0) return [];
  return suites.toSorted().flatMap((file) => {
    const imports = collectImports(file);
    return missing.flatMap(({ support, title, packages }) =>
      imports.has(path.normalize(support)) ? [{ file, title, packages }] : [],
    );
  });
}
