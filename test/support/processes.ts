import { readdirSync, readFileSync } from 'node:fs';

interface Process {
  pid: number;
  parent: number;
  command: string;
}

function listProcesses(): Process[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const parent = Number(
        readFileSync(`/proc/${entry}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ')[1],
      );
      return [
        { pid: Number(entry), parent, command: readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ') },
      ];
    } catch {
      return [];
    }
  });
}

/** The pids of the browsers that a process, by default this one, started: their own, not those of a script around them or of their pages. */
export function browserPids(startedBy = process.pid): number[] {
  const all = listProcesses();
  const isOurs = ({ parent }: Process): boolean =>
    parent === startedBy || all.some((other) => other.pid === parent && isOurs(other));
  return all
    .filter(
      (one) => isOurs(one) && one.command.includes('--remote-debugging-pipe') && !/ --type=|^\S*sh /.test(one.command),
    )
    .map(({ pid }) => pid);
}
