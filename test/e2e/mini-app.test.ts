import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Enlist, startEnlist } from '../support/enlist.ts';

let stack: Enlist;
let userFile: string;

beforeAll(async () => {
  stack = await startEnlist();
  userFile = path.join(stack.folder, 'user.json');
  writeFileSync(userFile, JSON.stringify({ zalo_user_id: '987', name: 'Nguyễn Văn Ẩn', gender: 'male' }));
});
afterAll(() => stack.close());

async function setSeller(secret: string): Promise<void> {
  const token = await new SignJWT({ seller_id: 5, shop_id: 7 })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret));
  Object.assign(stack.env, { MINIAPP_TOKEN_SELLER: token, MINIAPP_SHOP_ID: '7' });
}

const register = async () => {
  const { code, stdout } = await stack.run('scripts/miniapp.ts', userFile, '--wait');
  return { code, end: JSON.parse(stdout.trim().split('\n').at(-1)!) as unknown };
};

test('a mini-app user is registered once, then exists, and the token is kept in a file of the operator alone', async () => {
  await setSeller(stack.miniAppSecret);
  const worker = await stack.startWorker();
  expect(await register()).toMatchObject({
    code: 0,
    end: { workflowId: 'mini-app/7/987', outcome: 'registered', username: 'zalo_987' },
  });
  expect(await register()).toMatchObject({ code: 0, end: { outcome: 'exists' } });

  const folder = path.join(stack.env.DATA_DIR!, 'mini-app-tokens');
  const [file] = readdirSync(folder);
  expect(statSync(path.join(folder, file!)).mode & 0o777).toBe(0o600);
  const token = readFileSync(path.join(folder, file!), 'utf8').trim();
  const history = await stack.client.workflow.getHandle('mini-app/7/987').fetchHistory();
  expect(JSON.stringify(history)).not.toContain(token);
  expect(await worker.end('SIGTERM')).toBe(0);
});

test("a token that the server refuses ends the workflow at once, with the server's words", async () => {
  await setSeller('another secret, of nobody here');
  const worker = await stack.startWorker();
  expect(await register()).toMatchObject({
    code: 1,
    end: { outcome: 'failed', reason: expect.stringMatching(/^401 /) as string },
  });
  expect(await worker.end('SIGTERM')).toBe(0);
});
