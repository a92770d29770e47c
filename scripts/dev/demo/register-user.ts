import Table from 'cli-table3';
import { miniAppUser } from '../../../contracts/mini-app.ts';
import { startMiniApp } from '../../../temporal/start-mini-app.ts';
import { withClient } from '../../command.ts';
import { say } from './say.ts';

/**
 * Registers one mini-app user twice: the second time it exists, which is an outcome as well.
 *
 * @returns whether both ended as they were meant to
 */
export async function registerUserTwice(shopId: number, zaloUserId: string): Promise<boolean> {
  say('mini app: register a user, and again');
  const user = miniAppUser.parse({ zalo_user_id: zaloUserId, name: 'Nguyễn Thị Mẫu', gender: 'female' });
  return withClient(async (client) => {
    const table = new Table({ head: ['workflow', 'user', 'outcome', 'as meant'], style: { head: [], border: [] } });
    let allAsMeant = true;
    for (const expected of ['registered', 'exists']) {
      const { workflowId } = await startMiniApp(client, shopId, user);
      const { outcome } = (await client.workflow.getHandle(workflowId).result()) as { outcome: string };
      allAsMeant &&= outcome === expected;
      table.push([workflowId, user.name, outcome, outcome === expected ? 'yes' : `NO, meant: ${expected}`]);
    }
    say(table.toString());
    return allAsMeant;
  });
}
