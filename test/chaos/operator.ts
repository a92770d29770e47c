import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { writeAdoption } from '../../scripts/doctor/adoption.ts';
import { findLeftBehind } from '../../scripts/doctor/left-behind.ts';
import { TaskClient } from '../../services/manager-client/task-client.ts';
import type { EnlistUnderFaults } from './enlist-under-faults.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Does what `npm run doctor` tells an operator to do about the tasks that were left behind. */
export async function adoptLeftBehind({ client, admin, env }: EnlistUnderFaults): Promise<string[]> {
  const assign = new TaskClient(env.ASSIGN_URL!, env.ASSIGN_API_KEY!);
  const commands = (await findLeftBehind({ client, assign, admin })).map(writeAdoption);
  for (const command of commands) {
    const child = spawn(command, { shell: true, cwd: root, env: { ...process.env, ...env }, stdio: 'ignore' });
    await once(child, 'exit');
  }
  return commands;
}
