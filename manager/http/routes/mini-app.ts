import { errorAnswer } from '../../../contracts/envelope.ts';
import { incompleteMessage, miniAppExists, miniAppRegistered, miniAppUser } from '../../../contracts/mini-app.ts';
import type { ManagerContext } from '../../context.ts';
import { registerMiniAppUser } from '../../domain/mini-app.ts';
import { ApiError } from '../api-error.ts';
import { shopOf } from '../plugins/token-seller.ts';
import { commonRefusals } from './answers.ts';
import type { TypedApp } from './types.ts';

/** The calls of docs/api-contract.md#mini-app. */
export function addMiniAppRoutes(app: TypedApp, context: ManagerContext, secret: Uint8Array): void {
  app.post(
    '/mini-app/v1/register',
    {
      schema: {
        tags: ['mini app'],
        security: [{ tokenSeller: [], shopId: [] }],
        summary: 'Register a Zalo user of a shop',
        body: miniAppUser,
        response: {
          201: miniAppRegistered,
          ...commonRefusals,
          401: errorAnswer.describe('Token-Seller or Shop-ID is missing or wrong'),
          409: miniAppExists,
          413: errorAnswer.describe('the body is larger than 1 MB'),
        },
      },
      preValidation: async (request) => {
        const body: unknown = request.body;
        const { zalo_user_id, name } = (body ?? {}) as Record<string, unknown>;
        if ([zalo_user_id, name].some(isBlank)) throw new ApiError(400, incompleteMessage);
      },
    },
    async (request, reply) =>
      reply.code(201).send(await registerMiniAppUser(context, secret, shopOf(request), request.body)),
  );
}

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}
