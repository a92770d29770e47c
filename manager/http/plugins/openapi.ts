import { readFileSync } from 'node:fs';
import swagger from '@fastify/swagger';
import fp from 'fastify-plugin';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { flowNames, flows } from '../../../contracts/flows.ts';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** OpenAPI 3.1 at `/openapi.json`, made from the schemas that check the requests; register it before the routes. */
export const openApi = fp(
  async (app) => {
    await app.register(swagger, {
      transform: jsonSchemaTransform,
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'enlist manager',
          version,
          description: "Hands out tasks and takes reports of a brand's own accounts.",
        },
        tags: [
          ...flowNames.map((name) => ({ name, description: flows[name].description })),
          { name: 'mini app', description: 'Registration of Mini App users' },
          { name: 'admin', description: 'Requests and their tasks' },
          { name: 'health', description: 'For probes; no key' },
        ],
        components: {
          securitySchemes: {
            apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
            adminKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'the admin key' },
            tokenSeller: {
              type: 'apiKey',
              in: 'header',
              name: 'Token-Seller',
              description: 'JWT with numeric seller_id and shop_id',
            },
            shopId: { type: 'apiKey', in: 'header', name: 'Shop-ID', description: 'the shop_id of the token' },
          },
        },
      },
    });
    app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  },
  { name: 'openapi' },
);
