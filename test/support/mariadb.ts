import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const server = '/usr/sbin/mariadbd';
const run = promisify(execFile);

/** The shell holds our end of a pipe: when it closes, because we ask for it or because this process died, the server is killed. */
const script = `
exec 3<&0
{ read _ <&3; kill -KILL 0; } &
exec "$@"`;

export interface MariaDb {
  /** The path of its socket; `root` signs in there without a password. */
  socket: string;
  close(): Promise<void>;
}

/** Debian: `apt-get install mariadb-server`. */
export const hasMariaDb = (): boolean => existsSync(server);

/** MariaDB does not run as root. */
function findUser(): { name: string; uid: number; gid: number } {
  const { uid, gid, username } = userInfo();
  if (uid !== 0) return { name: username, uid, gid };
  const id = (what: string) => Number(execFileSync('id', [what, 'mysql'], { encoding: 'utf8' }));
  return { name: 'mysql', uid: id('-u'), gid: id('-g') };
}

/**
 * Starts a private, empty MariaDB in a second or two: data and socket in a temporary folder, no network.
 * @throws Error with what it said, when it ends before it can be used
 */
export async function startMariaDb(): Promise<MariaDb> {
  const user = findUser();
  const folder = await mkdtemp(join(tmpdir(), 'enlist-mariadb-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  const [data, socket] = [join(folder, 'data'), join(folder, 'socket')];
  const common = [
    '--no-defaults',
    `--user=${user.name}`,
    `--datadir=${data}`,
    `--tmpdir=${folder}`,
    '--innodb-log-file-size=4M',
  ];
  try {
    await chmod(folder, 0o755);
    await chown(folder, user.uid, user.gid);
    await run('mariadb-install-db', [...common, '--auth-root-authentication-method=normal', '--skip-test-db']);
    const network = ['--skip-networking', `--socket=${socket}`, `--pid-file=${join(folder, 'pid')}`];
    const command = [server, ...common, ...network, '--innodb-flush-log-at-trx-commit=0'];
    const child = spawn('sh', ['-c', script, 'sh', ...command], { detached: true, stdio: ['pipe', 'ignore', 'pipe'] });
    const closed = once(child, 'close');
    const close = async () => {
      child.stdin.end();
      await closed;
      await removeFolder();
    };
    const said: string[] = [];
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        if (said.length < 200) said.push(line);
        if (line.includes('ready for connections')) resolve();
      });
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`MariaDB did not start:\n${said.join('\n')}`)));
    }).catch(async (error: unknown) => {
      await close();
      throw error;
    });
    return { socket, close };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}
