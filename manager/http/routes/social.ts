import { z } from 'zod';
import { okAnswer } from '../../../contracts/envelope.ts';
import { flows } from '../../../contracts/flows.ts';
import { completeRegister, failRegister, socialTaskAnswer } from '../../../contracts/social.ts';
import type { ManagerContext } from '../../context.ts';
import { refusePlaceholders } from '../../domain/refuse-text.ts';
import { completeSocial, failSocial, pullSocial, readSocial, startSocial } from '../../domain/tasks/social.ts';
import { commonRefusals, dataAnswer, idParameter, limitParameter, moveRefusals, reportRefusals } from './answers.ts';
import type { TypedApp } from './types.ts';

const base = flows.social.path;
const tags = ['social'];
const security = [{ apiKey: [] }];
const ok = { success: true as const };

/** The calls of docs/api-contract.md#social. */
export function addSocialRoutes(app: TypedApp, context: ManagerContext): void {
  app.get(
    `${base}/links`,
    {
      schema: {
        tags,
        security,
        summary: 'Tasks that wait to be registered, the oldest first',
        querystring: z.object({ limit: limitParameter, status: z.literal('register').default('register') }),
        response: { 200: dataAnswer(z.array(socialTaskAnswer)), ...commonRefusals },
      },
    },
    async ({ query }) => ({ ...ok, data: await pullSocial(context, query.limit) }),
  );

  app.get(
    `${base}/links/:id`,
    {
      schema: {
        tags,
        security,
        summary: 'One task, if it is in the status that the caller expects',
        params: idParameter,
        querystring: z.object({ status: z.enum(['register', 'registering']) }),
        response: { 200: dataAnswer(socialTaskAnswer), ...moveRefusals },
      },
    },
    async ({ params, query }) => ({ ...ok, data: await readSocial(context, params.id, query.status) }),
  );

  app.post(
    `${base}/links/:id/start`,
    {
      schema: {
        tags,
        security,
        summary: 'register → registering',
        params: idParameter,
        response: { 200: okAnswer, ...moveRefusals },
      },
    },
    async ({ params }) => {
      await startSocial(context, params.id);
      return ok;
    },
  );

  app.post(
    `${base}/links/:id/complete`,
    {
      schema: {
        tags,
        security,
        summary: 'registering → completed',
        params: idParameter,
        body: completeRegister,
        response: { 200: okAnswer, ...reportRefusals },
      },
    },
    async ({ params, body }) => {
      refusePlaceholders(body);
      await completeSocial(context, params.id, body);
      return ok;
    },
  );

  app.post(
    `${base}/links/:id/fail`,
    {
      schema: {
        tags,
        security,
        summary: 'registering → final_failed, or active when only the profile failed',
        params: idParameter,
        body: failRegister,
        response: { 200: okAnswer, ...reportRefusals },
      },
    },
    async ({ params, body }) => {
      await failSocial(context, params.id, body);
      return ok;
    },
  );
}
