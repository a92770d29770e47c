import { SignJWT } from 'jose';

/** The token that a shop's seller would have got from the mini app's own service. */
export function signTokenSeller(secret: string, shopId: number): Promise<string> {
  return new SignJWT({ seller_id: shopId, shop_id: shopId })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime('1y')
    .sign(new TextEncoder().encode(secret));
}
