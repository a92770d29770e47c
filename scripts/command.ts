import type { Client } from '@temporalio/client';
import { Command } from 'commander';
import { EnvironmentError } from '../config/environment.ts';
import { loadKeyRing } from '../config/key-ring.ts';
import { loadRunEnvironment } from '../config/run-environment.ts';
import { SitesFileError } from '../config/sites-file.ts';
import { AdminCallFailed } from '../services/manager-client/admin-client.ts';
import { NoAnswer } from '../services/manager-client/task-client.ts';
import { connectClient, TemporalUnreachable } from '../temporal/connect.ts';

/** The command could not do what it was asked to, for a reason that a person can mend; printed without a stack. */
export class CommandError extends Error {
  override name = 'CommandError';
}

const expected = [AdminCallFailed, CommandError, EnvironmentError, SitesFileError, TemporalUnreachable];

/** The exit code of a command that started nothing (docs/api-contract.md#starting-commands). */
export const notStarted = 2;

/**
 * A command-line program whose errors say what to do and whose exit codes are those of
 * docs/api-contract.md#starting-commands.
 */
export function makeCommand(name: string, description: string): Command {
  return new Command(`npm run ${name} --`)
    .description(description)
    .showHelpAfterError('(--help lists what it takes)')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : notStarted));
}

/** Runs a program beside a running `npm start`, whose `run.env` fills in what the environment lacks. */
export async function runCommand(program: Command): Promise<void> {
  loadRunEnvironment();
  await runProgram(program);
}

export async function runProgram(program: Command): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    const known = expected.some((kind) => error instanceof kind);
    process.stderr.write(`error: ${known ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`);
    process.exitCode = notStarted;
  }
}

/** Runs with a client of Temporal, which is closed whatever happens. */
export async function withClient<Result>(run: (client: Client) => Promise<Result>): Promise<Result> {
  const client = await connectClient(loadKeyRing());
  try {
    return await run(client);
  } finally {
    await client.connection.close();
  }
}

/** A call to the manager whose missing answer ends the command. @throws CommandError */
export async function askManager<Result>(url: string, call: Promise<Result>): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    throw new CommandError(
      `the manager at ${url} gives no answer (${error.message}): is ASSIGN_URL right, and is it running?`,
    );
  }
}
