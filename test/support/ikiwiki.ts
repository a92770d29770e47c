import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import getPort from 'get-port';
import { stringify } from 'yaml';
import { isListening } from './is-listening.ts';

const webServer = '/usr/sbin/lighttpd';
const perlModules = {
  CGI: 'libcgi-pm-perl',
  'CGI::FormBuilder': 'libcgi-formbuilder-perl',
  'CGI::Session': 'libcgi-session-perl',
  'XML::Feed': 'libxml-feed-perl',
};
const run = promisify(execFile);
/** The wiki fetches feeds through a proxy where there is one, and feeds of this machine are not behind it. */
const environment = { ...process.env, http_proxy: undefined, https_proxy: undefined };

export interface IkiwikiOptions {
  /** Plugins that the wiki comes with and shall do without. */
  without?: string[];
}

/** A private wiki on loopback, that anyone may join and edit. */
export interface Ikiwiki {
  /** `http://127.0.0.1:PORT`; `/ikiwiki.cgi` hangs off it. */
  url: string;
  /** Every account. */
  userNames(): Promise<string[]>;
  /** Makes an account without a browser. */
  addUser(name: string, password: string): Promise<void>;
  /** A page's source; undefined when there is none. */
  pageText(page: string): Promise<string | undefined>;
  /** Writes a page's source, as who has the wiki's files does. */
  editPage(page: string, text: string): Promise<void>;
  /** Fetches the feeds that are due, as the operator's timer does. */
  aggregate(): Promise<void>;
  close(): Promise<void>;
}

const hasPerlModule = (name: string) => spawnSync('perl', [`-M${name}`, '-e1']).status === 0;

/** What keeps `startIkiwiki` from working here, and how to get it; undefined when nothing does. */
export function ikiwikiMissing(): string | undefined {
  const missing = [
    existsSync('/usr/bin/ikiwiki') ? [] : ['ikiwiki'],
    existsSync(webServer) ? [] : ['lighttpd'],
    existsSync('/usr/bin/gcc') ? [] : ['gcc', 'libc6-dev'],
    Object.entries(perlModules).flatMap(([name, debianPackage]) => (hasPerlModule(name) ? [] : [debianPackage])),
  ].flat();
  if (missing.length > 0) return `ikiwiki (apt-get install --no-install-recommends ${missing.join(' ')})`;
  // With it, the wiki fetches nothing from loopback.
  return hasPerlModule('LWPx::ParanoidAgent') ? 'ikiwiki without liblwpx-paranoidagent-perl' : undefined;
}

/** The process group ends when the other end of its pipe closes, because we ask for it or because this process died. */
const script = `
exec 3<&0
{ read _ <&3; kill -KILL 0; } &
exec "$0" -D -f "$1"`;

/** Serves a folder with its .cgi programs. @throws Error with what the server said, when it ends before it listens */
async function serve(folder: string, configuration: string, port: number): Promise<() => Promise<void>> {
  const types = {
    html: 'text/html; charset=utf-8',
    css: 'text/css',
    js: 'text/javascript',
    rss: 'application/rss+xml',
  };
  const lines = [
    `server.bind = "127.0.0.1"`,
    `server.port = ${port}`,
    `server.document-root = "${folder}"`,
    `server.modules = ( "mod_cgi" )`,
    `cgi.assign = ( ".cgi" => "" )`,
    // Else a page that was just built anew is served as it was for another second.
    `server.stat-cache-engine = "disable"`,
    `index-file.names = ( "index.html" )`,
    `mimetype.assign = ( ${Object.entries(types)
      .map(([name, type]) => `".${name}" => "${type}"`)
      .join(', ')} )`,
  ];
  await writeFile(configuration, `${lines.join('\n')}\n`);
  const child = spawn('sh', ['-c', script, webServer, configuration], {
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: environment,
  });
  const closed = once(child, 'close');
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (said.length < 10_000) said += text;
  });
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(`lighttpd did not start: ${said.trim()}`);
    await wait(20);
  }
  return async () => {
    child.stdin.end();
    await closed;
  };
}

/** The wiki builds a page anew when its file is a whole second newer than it was: of two edits in one second it shows the first. */
async function outlastSecondOf(file: string): Promise<void> {
  const { mtime } = await stat(file);
  const next = mtime.setMilliseconds(1_000);
  // Files are dated by a clock that runs some milliseconds behind.
  while (Date.now() < next + 20) await wait(20);
}

/** Makes and starts a wiki of its own, in a second or two. */
export async function startIkiwiki({ without = [] }: IkiwikiOptions = {}): Promise<Ikiwiki> {
  const folder = await mkdtemp(path.join(tmpdir(), 'enlist-ikiwiki-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  const inside = (...names: string[]) => path.join(folder, ...names);
  try {
    await mkdir(inside('pages'));
    await mkdir(inside('site'));
    const port = await getPort({ host: '127.0.0.1' });
    const url = `http://127.0.0.1:${port}`;
    const settings = {
      wikiname: 'Practice wiki',
      srcdir: inside('pages'),
      destdir: inside('site'),
      url,
      cgiurl: `${url}/ikiwiki.cgi`,
      cgi_wrapper: inside('site', 'ikiwiki.cgi'),
      cgi_wrappermode: '0755',
      rcs: '',
      userdir: 'users',
      add_plugins: ['aggregate'],
      disable_plugins: without,
    };
    await writeFile(inside('wiki.setup'), `# IkiWiki::Setup::Yaml - YAML formatted setup file\n${stringify(settings)}`);
    const maintain = (...options: string[]) =>
      run('ikiwiki', ['--setup', inside('wiki.setup'), ...options], { env: environment });
    await maintain();
    const stop = await serve(inside('site'), inside('lighttpd.conf'), port);
    return {
      url,
      async userNames() {
        const program = 'print join "\\n", keys %{retrieve shift} if -e $ARGV[0]';
        const { stdout } = await run('perl', [
          '-MStorable=retrieve',
          '-e',
          program,
          inside('pages', '.ikiwiki', 'userdb'),
        ]);
        return stdout.split('\n').filter(Boolean);
      },
      async addUser(name, password) {
        const fields = {
          do: 'signin',
          _submitted_signin: '1',
          name,
          password,
          confirm_password: password,
          email: `${name}@brand.test`,
          _submit: 'Create Account',
        };
        const answer = await fetch(`${url}/ikiwiki.cgi`, { method: 'POST', body: new URLSearchParams(fields) });
        if (!(await answer.text()).includes('Account creation successful'))
          throw new Error(`ikiwiki made no account ${name}`);
      },
      pageText: (page) => readFile(inside('pages', `${page}.mdwn`), 'utf8').catch(() => undefined),
      async editPage(page, text) {
        const file = inside('pages', `${page}.mdwn`);
        await outlastSecondOf(file);
        await writeFile(file, text);
        await maintain('--refresh');
        await outlastSecondOf(file);
      },
      async aggregate() {
        await maintain('--aggregate', '--refresh');
      },
      async close() {
        await stop();
        await removeFolder();
      },
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}
