import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * PHP's own web server, in a process group of its own. The shell holds our end of a pipe: when it closes, because we
 * ask for it or because this process died, the whole group is killed. PHP's parent process doesn't end its workers.
 */
const script = `
exec 3<&0
{ read _ <&3; kill -KILL 0; } &
exec php -S 127.0.0.1:0 -t "$1"`;

export interface PhpServer {
  /** `http://127.0.0.1:PORT`, without a slash at its end. */
  url: string;
  close(): Promise<void>;
}

/**
 * Serves a folder of PHP on a free loopback port.
 * @throws Error with what PHP said, when it ends before it listens
 */
export async function servePhp(folder: string, environment: Record<string, string>): Promise<PhpServer> {
  const child = spawn('sh', ['-c', script, 'sh', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, PHP_CLI_SERVER_WORKERS: '3', ...environment },
  });
  // Closed means that every process which held the pipe is gone, the workers too.
  const closed = once(child, 'close');
  const close = async () => {
    child.stdin.end();
    await closed;
  };

  const url = await new Promise<string | undefined>((resolve, reject) => {
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < 10_000) said += text;
      const listening = /Development Server \((http:\/\/127\.0\.0\.1:\d+)\) started/.exec(said);
      if (listening) resolve(listening[1]);
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`PHP's web server did not start: ${said.trim()}`)));
  }).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { url: url!, close };
}
