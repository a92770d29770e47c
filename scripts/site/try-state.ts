import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { MailMark, MailRequest } from '../../contracts/mail.ts';
import type { Session } from '../../contracts/step-results.ts';
import { CommandError } from '../command.ts';

/** What one tried step leaves to the next. */
export interface TryState {
  session?: Session;
  /** The mail that the step before asked for. */
  awaiting?: MailRequest;
  /** Where the mailbox stood before that step. */
  mark?: MailMark;
}

/** @throws CommandError */
export async function readState(file: string): Promise<TryState> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as TryState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new CommandError(`${file} can't be read: remove it to begin without a session`);
  }
}

/** For its owner alone to read: a session is as good as a password. */
export async function keepState(file: string, state: TryState): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, JSON.stringify(state), { mode: 0o600 });
  await chmod(file, 0o600);
}
