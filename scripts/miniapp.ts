import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { readEnvironment } from '../config/environment.ts';
import { type MiniAppUser, miniAppUser } from '../contracts/mini-app.ts';
import { startMiniApp } from '../temporal/start-mini-app.ts';
import { CommandError, makeCommand, runCommand, withClient } from './command.ts';
import { reportStart } from './follow-workflow.ts';

function readUser(file: string): MiniAppUser {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CommandError(`${file} can't be read as JSON: ${(error as Error).message}`);
  }
  const parsed = miniAppUser.safeParse(content);
  if (!parsed.success) throw new CommandError(`${file} is no mini-app user:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

await runCommand(
  makeCommand('miniapp', 'Registers one mini-app user.')
    .argument('<user.json>', 'zalo_user_id and name; avatar, gender, email and mobile when known')
    .option('--wait', 'follow the workflow to its end')
    .addHelpText(
      'after',
      '\nExit code: 0 started, with --wait registered or there already; 1 any other end; 2 not started.\nThe last line on stdout is JSON: workflowId, and outcome after --wait.',
    )
    .action(async (file: string, { wait }: { wait?: boolean }) => {
      const user = readUser(file);
      const { MINIAPP_SHOP_ID } = readEnvironment('MINIAPP_SHOP_ID');
      if (MINIAPP_SHOP_ID === undefined)
        throw new CommandError('MINIAPP_SHOP_ID is not set: the number of the shop that the user is of');
      await withClient(async (client) => {
        const { workflowId, state } = await startMiniApp(client, MINIAPP_SHOP_ID, user);
        await reportStart(client, workflowId, { state, wait, good: ['registered', 'exists'] });
      });
    }),
);
