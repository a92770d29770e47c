import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { KeyRing } from '../../config/key-ring.ts';
import { accounts, keyText, onEachDatabase } from './harness.ts';

const links = '/api/v1/social_account/links';
const newKey = `new:${randomBytes(32).toString('base64')}`;

onEachDatabase('the key ring', (bench) => {
  test('what an older key sealed opens while that key is in the ring', async () => {
    const [account] = accounts(1);
    await bench.manager.make({ type: 'social', accounts: [{ ...account!, password: 'Given-1' }] });
    const rotated = await bench.another({ keys: new KeyRing(`${newKey},${keyText}`) });
    expect((await rotated.get(links)).body.data[0].password).toBe('Given-1');
    await rotated.make({ type: 'social', website: 'https://other.example', accounts: accounts(1) });
    const rows = await bench.db.selectFrom('tasks').select('secrets_key').orderBy('seq').execute();
    expect(rows.map((row) => row.secrets_key)).toEqual(['test', 'new']);
  });

  test('a task whose key is missing does not hide the others', async () => {
    await bench.manager.make({ type: 'social', accounts: accounts(1) });
    const without = await bench.another({ keys: new KeyRing(newKey) });
    const { ids } = await without.make({ type: 'social', website: 'https://other.example', accounts: accounts(1) });
    const { status, body } = await without.get(links);
    expect(status).toBe(200);
    expect(body.data.map((task: { id: string }) => task.id)).toEqual(ids);
  });
});
