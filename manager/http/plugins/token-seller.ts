import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { jwtVerify } from 'jose';
import type { Shop } from '../../domain/mini-app.ts';
import { ApiError } from '../api-error.ts';

declare module 'fastify' {
  interface FastifyRequest {
    shop: Shop | null;
  }
}

/** Lets only sellers in: `Token-Seller`, a JWT of the shop that `Shop-ID` names (docs/api-contract.md#mini-app-seller). */
export const requireSeller = fp<{ secret: Uint8Array }>(
  async (app, { secret }) => {
    app.decorateRequest('shop', null);
    app.addHook('onRequest', async (request) => {
      const { 'token-seller': token, 'shop-id': shopId } = request.headers;
      request.shop = (await readSellerToken(secret, token, shopId)) ?? null;
      await app.countCall(request, request.shop ? `shop ${request.shop.shopId}` : `address ${request.ip}`);
      shopOf(request);
    });
  },
  { name: 'require-seller', dependencies: ['call-limit'] },
);

/** @throws ApiError 401 when the call is not a seller's */
export function shopOf({ shop }: FastifyRequest): Shop {
  if (!shop) throw new ApiError(401, 'invalid Token-Seller or Shop-ID');
  return shop;
}

async function readSellerToken(secret: Uint8Array, token: unknown, shopId: unknown): Promise<Shop | undefined> {
  if (typeof token !== 'string' || typeof shopId !== 'string' || !/^\d{1,15}$/.test(shopId)) return undefined;
  try {
    const { payload } = await jwtVerify(token, secret, { algorithms: ['HS256'] });
    // A user's token names a shop and a seller too, and is signed alike: it makes nobody a seller.
    if (payload.user_id !== undefined) return undefined;
    const { seller_id: sellerId, shop_id: claimed } = payload;
    if (!Number.isSafeInteger(sellerId) || claimed !== Number(shopId)) return undefined;
    return { sellerId: sellerId as number, shopId: claimed };
  } catch {
    return undefined;
  }
}
