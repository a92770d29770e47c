import { randomBytes } from 'node:crypto';
import { decodeJwt, jwtVerify, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { KeyRing } from '../../config/key-ring.ts';
import { type Json, keyText, miniAppSecret, onEachDatabase } from './harness.ts';

const path = '/mini-app/v1/register';
const secret = new TextEncoder().encode(miniAppSecret);
const user = {
  zalo_user_id: '123456789',
  name: 'Nguyễn Văn Ả',
  avatar: 'https://x.test/a.jpg',
  gender: 'male',
  email: 'a@brand.example',
  mobile: '0123456789',
};

interface TokenOptions {
  claims?: object;
  key?: Uint8Array;
  expires?: string | Date;
}

function sellerToken({
  claims = { seller_id: 7, shop_id: 23933 },
  key = secret,
  expires = '1h',
}: TokenOptions = {}): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setExpirationTime(expires)
    .sign(key);
}

onEachDatabase('mini app', (bench) => {
  async function register(body: unknown, headers: Record<string, string> = {}) {
    return bench.manager.post(path, body, {
      key: null,
      headers: { 'Token-Seller': await sellerToken(), 'Shop-ID': '23933', ...headers },
    });
  }

  test('a user is made, and answered as the contract says', async () => {
    const { status, body } = await register(user);
    expect(status).toBe(201);
    expect(body).toEqual({
      success: true,
      message: 'Đăng ký Zalo thành công',
      token: expect.any(String),
      data: {
        user_id: expect.any(Number),
        ...user,
        username: 'zalo_123456789',
        user_money: 0,
        user_money2: 0,
        doitac: 'zalo',
        seller_id: 7,
        shop_id: 23933,
      },
    });
  });

  test('the token is signed, lives one year, and names seller and shop', async () => {
    const { body } = await register(user);
    const { payload } = await jwtVerify(body.token, secret, { algorithms: ['HS256'] });
    expect(payload).toMatchObject({ seller_id: 7, shop_id: 23933, user_id: body.data.user_id });
    expect(payload.exp! - payload.iat!).toBe(365 * 86_400);
  });

  test('Vietnamese letters arrive and lie unharmed', async () => {
    const name = 'Đặng Thị Hỷ — ươ ễ ộ ữ 😀';
    expect((await register({ ...user, name })).body.data.name).toBe(name);
    const row = await bench.db.selectFrom('mini_app_users').selectAll().executeTakeFirstOrThrow();
    expect(row.name).toBe(name);
  });

  test('a user without the optional fields is made', async () => {
    const { status, body } = await register({ zalo_user_id: '1', name: 'A', avatar: '', gender: null });
    expect(status).toBe(201);
    expect(body.data).toMatchObject({ avatar: '', gender: '', email: '', mobile: '' });
  });

  test('a second registration in the same shop is told to log in; in another shop it is another user', async () => {
    await register(user);
    const again = await register({ ...user, name: 'Other' });
    expect([again.status, again.body]).toEqual([
      409,
      {
        success: false,
        message: 'Tài khoản Zalo đã được đăng ký. Vui lòng đăng nhập.',
        need_login: true,
        zalo_user_id: '123456789',
      },
    ]);
    const elsewhere = await register(user, {
      'Token-Seller': await sellerToken({ claims: { seller_id: 7, shop_id: 5 } }),
      'Shop-ID': '5',
    });
    expect(elsewhere.status).toBe(201);
    expect(elsewhere.body.data.shop_id).toBe(5);
  });

  test('another seller of the same shop is told so too', async () => {
    await register(user);
    const again = await register(user, {
      'Token-Seller': await sellerToken({ claims: { seller_id: 8, shop_id: 23933 } }),
    });
    expect([again.status, again.body.need_login]).toEqual([409, true]);
  });

  test('user name and password are made by the server, and the password is told to nobody', async () => {
    const { body } = await register({ ...user, username: 'mine', password: 'Planted-pw' });
    expect(body.data.username).toBe('zalo_123456789');
    expect(Object.keys(body.data)).not.toContain('password');
    const row = await bench.db.selectFrom('mini_app_users').selectAll().executeTakeFirstOrThrow();
    const sealed = new KeyRing(keyText).open(row.secrets_key, row.secrets).toString();
    const { password } = JSON.parse(sealed) as { password: string };
    expect(password).toMatch(/^[A-Z](?=.*[a-z])(?=.*\d)(?=.*[^A-Za-z0-9])[^<>\s]{11}$/);
    expect(JSON.stringify([body, decodeJwt(body.token)])).not.toContain(password);
  });

  test('an id that the database could not hold is refused by name', async () => {
    const zalo_user_id = randomBytes(1500).toString('hex');
    const { status, body } = await register({ ...user, zalo_user_id });
    expect([status, body]).toEqual([400, { success: false, message: 'zalo_user_id: must be at most 2000 bytes' }]);
    expect((await register({ ...user, zalo_user_id: zalo_user_id.slice(0, 2000) })).status).toBe(201);
  });

  test('a body over 1 MB is refused', async () => {
    const { status, body } = await register({ ...user, name: 'x'.repeat(1024 * 1024) });
    expect([status, body]).toEqual([413, { success: false, message: 'body is larger than 1 MB' }]);
  });

  test('a body that is no JSON is told from one that lacks something', async () => {
    const { status, body } = await register('{');
    expect([status, body]).toEqual([400, { success: false, message: 'body is not valid JSON' }]);
  });

  test.each<[string, string[]]>([
    ['neither header', []],
    ['no Shop-ID', ['Token-Seller']],
    ['no Token-Seller', ['Shop-ID']],
  ])('with %s nobody is let in, whatever the body', async (_, sent) => {
    const both: Record<string, string> = { 'Token-Seller': await sellerToken(), 'Shop-ID': '23933' };
    const headers = Object.fromEntries(Object.entries(both).filter(([name]) => sent.includes(name)));
    for (const body of [user, {}, '{']) {
      expect(await bench.manager.post(path, body, { headers })).toMatchObject({
        status: 401,
        body: { success: false },
      });
    }
    expect(await bench.db.selectFrom('mini_app_users').select('user_id').execute()).toEqual([]);
  });

  test('of twenty simultaneous registrations at two managers one makes the user', async () => {
    const other = await bench.another();
    const headers = { 'Token-Seller': await sellerToken(), 'Shop-ID': '23933' };
    await bench.slow('mini_app_users', 'written', 0.05, async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 ? other : bench.manager).post(path, user, { key: null, headers }),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(19).fill(409)]);
    });
    expect(await bench.db.selectFrom('mini_app_users').select('zalo_user_id').execute()).toEqual([
      { zalo_user_id: user.zalo_user_id },
    ]);
  });

  test.each([
    {},
    undefined,
    [],
    { name: 'A' },
    { zalo_user_id: '1' },
    { zalo_user_id: '', name: 'A' },
    { zalo_user_id: '1', name: '  ' },
    { zalo_user_id: null, name: 'A' },
  ])('the body %j lacks what is needed', async (body) => {
    const answer = await register(body);
    expect([answer.status, answer.body]).toEqual([
      400,
      {
        success: false,
        message: 'Vui lòng cung cấp đầy đủ thông tin Zalo (zalo_user_id, name)',
      },
    ]);
  });

  test.each([
    ['zalo_user_id', 5],
    ['name', {}],
    ['avatar', 'no url'],
    ['avatar', 'javascript:alert(1)'],
    ['gender', 'other'],
    ['email', 5],
    ['mobile', []],
  ])('the field %s with %j is refused by name', async (field, value) => {
    const { status, body } = await register({ ...user, [field]: value });
    expect(status).toBe(400);
    expect(body).toEqual({ success: false, message: expect.stringMatching(new RegExp(`^${field}: `)) });
  });

  const wrongKey = new TextEncoder().encode('another secret of sufficient length 0123456789');
  test.each<[string, () => Promise<Record<string, string>>]>([
    ['no token', async () => ({ 'Token-Seller': '' })],
    ['no shop', async () => ({ 'Shop-ID': '' })],
    ['a shop that is no number', async () => ({ 'Shop-ID': 'x' })],
    ['another shop', async () => ({ 'Shop-ID': '5' })],
    ['a malformed token', async () => ({ 'Token-Seller': 'a.b.c' })],
    [
      'an expired token',
      async () => ({ 'Token-Seller': await sellerToken({ expires: new Date(Date.now() - 60_000) }) }),
    ],
    ['a token signed with another key', async () => ({ 'Token-Seller': await sellerToken({ key: wrongKey }) })],
    ['a token without claims', async () => ({ 'Token-Seller': await sellerToken({ claims: {} }) })],
    [
      'a token with claims that are no numbers',
      async () => ({ 'Token-Seller': await sellerToken({ claims: { seller_id: '7', shop_id: '23933' } }) }),
    ],
    [
      'an unsigned token',
      async () => ({ 'Token-Seller': `${btoa('{"alg":"none"}')}.${(await sellerToken()).split('.')[1]}.` }),
    ],
  ])('%s is refused', async (_, headers) => {
    const { status, body } = await register(user, await headers());
    expect(status).toBe(401);
    expect(body).toEqual({ success: false, message: expect.any(String) });
  });

  test("a user's own token makes nobody a seller", async () => {
    const { body } = await register(user);
    expect(decodeJwt<Json>(body.token).shop_id).toBe(23933);
    expect((await register({ ...user, zalo_user_id: '2' }, { 'Token-Seller': body.token })).status).toBe(401);
  });
});
