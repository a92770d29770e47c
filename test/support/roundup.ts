import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import getPort from 'get-port';
import { root } from '../../config/find-browser.mjs';
import { isListening } from './is-listening.ts';

const version = '2.6.0';
const software = path.join(root, `.tools/roundup-${version}`);
const python = path.join(software, 'bin/python3');
const run = promisify(execFile);

/** A private issue tracker on loopback, at which anyone may register by mail. */
export interface Roundup {
  /** `http://127.0.0.1:PORT` */
  url: string;
  /** Its users but those that came with it. */
  users(): Promise<{ username: string; realname: string; address: string; organisation: string }[]>;
  close(): Promise<void>;
}

/** Installs Roundup into `.tools` where it isn't there yet. @returns what keeps it from being there, undefined when nothing does */
export function provideRoundup(): string | undefined {
  if (existsSync(software)) return undefined;
  const made = `${software}.${process.pid}`;
  const ok = (program: string, ...args: string[]) =>
    spawnSync(program, args, { stdio: 'ignore', timeout: 120_000 }).status === 0;
  const installed =
    ok('python3', '-m', 'venv', made) &&
    ok(path.join(made, 'bin/pip'), 'install', '--quiet', '--disable-pip-version-check', `roundup==${version}`);
  try {
    if (!installed)
      return `Roundup: python3 with venv (apt-get install python3-venv), and what "pip install roundup==${version}" fetches`;
    if (!existsSync(software)) renameSync(made, software);
    return undefined;
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/** As WSGI, since Roundup's own server refuses to be root's. */
const serve = `
import socketserver, sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from roundup.cgi.wsgi_handler import RequestDispatcher
class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
class Handler(WSGIRequestHandler):
    def log_message(self, *args):
        pass
make_server('127.0.0.1', int(sys.argv[2]), RequestDispatcher(sys.argv[1]), Server, Handler).serve_forever()`;

/** In a process group of its own: when our end of the pipe closes, because we ask for it or died, the group is killed. */
const inGroup = `
exec 3<&0
{ read _ <&3; kill -KILL 0; } &
exec "$0" "$@" </dev/null`;

/** Installs and starts a tracker of its own, in a temporary folder, that sends its mails there. */
export async function startRoundup({
  smtp,
  mailDomain,
}: {
  smtp: { host: string; port: number };
  mailDomain: string;
}): Promise<Roundup> {
  const folder = await mkdtemp(path.join(tmpdir(), 'enlist-roundup-'));
  const home = path.join(folder, 'tracker');
  const admin = async (...args: string[]) =>
    (await run(python, ['-m', 'roundup.scripts.roundup_admin', '-i', home, ...args])).stdout;
  let stop = async () => {};
  const close = async () => {
    await stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    const port = await getPort({ host: '127.0.0.1' });
    const url = `http://127.0.0.1:${port}`;
    const settings = {
      tracker_web: `${url}/`,
      admin_email: `admin@${mailDomain}`,
      mail_domain: mailDomain,
      mail_host: smtp.host,
      mail_port: smtp.port,
      // Whoever runs the tracker lets programs of theirs register.
      web_registration_delay: 0,
      web_registration_prevalidate_username: 'yes',
    };
    await admin(
      'install',
      'classic',
      'anydbm',
      Object.entries(settings)
        .map((pair) => pair.join('='))
        .join(','),
    );
    await admin('initialise', 'not-of-interest');

    let said = '';
    const child = spawn('sh', ['-c', inGroup, python, '-c', serve, home, String(port)], {
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < 10_000) said += text;
    });
    const closed = once(child, 'close');
    stop = async () => {
      child.stdin.end();
      await closed;
    };
    while (!(await isListening(port))) {
      if (child.exitCode !== null) throw new Error(`Roundup ended with ${child.exitCode}: ${said.trim()}`);
      await wait(50);
    }
    return {
      url,
      async users() {
        const list = await admin('-c', 'list', 'user');
        const ids = list
          .trim()
          .split(',')
          .filter((id) => Number(id) > 2);
        const read = async (id: string, name: string) => (await admin('get', name, `user${id}`)).trim();
        return Promise.all(
          ids.map(async (id) => ({
            username: await read(id, 'username'),
            realname: await read(id, 'realname'),
            address: await read(id, 'address'),
            organisation: await read(id, 'organisation'),
          })),
        );
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
