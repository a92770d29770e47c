import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export class FolderInUseError extends Error {
  override name = 'FolderInUseError';
}

/**
 * Holds a folder for this process: PGlite doesn't notice that another process has the same files open, and both would
 * spoil them. What a killed process left behind is taken over at once. Lock libraries such as `proper-lockfile` take a
 * lock that was not renewed for some seconds for abandoned, and a process that was frozen meanwhile would write on.
 *
 * @returns a function that gives the folder back
 * @throws FolderInUseError naming the process that holds it
 */
export function lockFolder(folder: string): () => void {
  mkdirSync(path.dirname(folder), { recursive: true });
  const file = `${folder}.lock`;
  const mine = `${process.pid} ${startOf(process.pid)}`;
  const own = `${file}.${process.pid}`;
  writeFileSync(own, mine);
  try {
    for (;;) {
      try {
        // A link appears with its content, or not at all.
        linkSync(own, file);
        return () => {
          if (read(file) === mine) rmSync(file, { force: true });
        };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = read(file);
      if (holder === mine || isAlive(holder)) {
        throw new FolderInUseError(
          `process ${holder.split(' ')[0]} has the database in ${folder} open: stop it, give this one another DATA_DIR, or share a PostgreSQL by DATABASE_URL`,
        );
      }
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(own, { force: true });
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function isAlive(holder: string): boolean {
  const [pid, start] = holder.split(' ');
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return start === startOf(Number(pid));
}

/** A process id comes back after a restart of the machine; with its start time it doesn't. Empty where there is no /proc. */
function startOf(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
