import { SignJWT } from 'jose';
import { type MiniAppRegistered, type MiniAppUser, registeredMessage } from '../../contracts/mini-app.ts';
import type { ManagerContext } from '../context.ts';
import { MiniAppUserExists } from './errors.ts';
import { makePassword } from './password.ts';
import { refuseOverlong } from './refuse-text.ts';
import { sealJson } from './tasks/secrets.ts';

/** Whose users they are. */
export interface Shop {
  sellerId: number;
  shopId: number;
}

/**
 * Makes a mini-app user; the password is the server's own and nobody is told (docs/api-contract.md#mini-app-made).
 *
 * @throws InvalidField for an id that its index can't hold, MiniAppUserExists when the shop has this Zalo user already
 */
export async function registerMiniAppUser(
  context: ManagerContext,
  secret: Uint8Array,
  shop: Shop,
  user: MiniAppUser,
): Promise<MiniAppRegistered> {
  refuseOverlong('zalo_user_id', user.zalo_user_id);
  const username = `zalo_${user.zalo_user_id}`;
  const { sealed, keyId } = sealJson(context.keys, { password: makePassword() });
  const made = await context.db
    .insertInto('mini_app_users')
    .values({ ...user, shop_id: shop.shopId, seller_id: shop.sellerId, username, secrets: sealed, secrets_key: keyId })
    .onConflict((conflict) => conflict.columns(['shop_id', 'zalo_user_id']).doNothing())
    .returning('user_id')
    .executeTakeFirst();
  if (!made) throw new MiniAppUserExists(user.zalo_user_id);

  const userId = Number(made.user_id);
  const shopClaims = { seller_id: shop.sellerId, shop_id: shop.shopId };
  const token = await new SignJWT({ user_id: userId, zalo_user_id: user.zalo_user_id, ...shopClaims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt()
    .setExpirationTime('365 days')
    .sign(secret);
  return {
    success: true,
    message: registeredMessage,
    token,
    data: { user_id: userId, username, ...user, user_money: 0, user_money2: 0, doitac: 'zalo', ...shopClaims },
  };
}
