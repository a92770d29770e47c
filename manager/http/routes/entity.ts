import { z } from 'zod';
import { completeConnect, entityTaskAnswer, failConnect } from '../../../contracts/entity.ts';
import { okAnswer } from '../../../contracts/envelope.ts';
import { flows } from '../../../contracts/flows.ts';
import { completeRegister, failRegister } from '../../../contracts/social.ts';
import type { ManagerContext } from '../../context.ts';
import { refusePlaceholders } from '../../domain/refuse-text.ts';
import * as entity from '../../domain/tasks/entity.ts';
import { isRegisterPhase } from '../../domain/tasks/find-transitions.ts';
import { readStatus } from '../../domain/tasks/read-tasks.ts';
import { ApiError } from '../api-error.ts';
import {
  commonRefusals,
  dataAnswer,
  idParameter,
  limitParameter,
  moveRefusals,
  reportRefusals,
  taskRefusals,
} from './answers.ts';
import type { TypedApp } from './types.ts';

const base = flows.entity.path;
const tags = ['entity'];
const security = [{ apiKey: [] }];
const ok = { success: true as const };

// The task's status says which of its phase's bodies a report has to have; this much holds for both.
const completeBody = z
  .looseObject({ ...completeRegister.shape, ...completeConnect.shape })
  .describe(
    'register phase: at least one of email, username, password, cookie; connect phase: link_post or link_profile when the link changed',
  );
const failBody = z
  .looseObject({ ...failConnect.shape, ...failRegister.shape })
  .describe('status and link_profile count in the register phase only');

/** The calls of docs/api-contract.md#entity. */
export function addEntityRoutes(app: TypedApp, context: ManagerContext): void {
  app.get(
    `${base}/links`,
    {
      schema: {
        tags,
        security,
        summary: 'Tasks that wait in a phase, the oldest first',
        querystring: z.object({ limit: limitParameter, status: z.enum(['register', 'connect']).default('connect') }),
        response: { 200: dataAnswer(z.array(entityTaskAnswer)), ...commonRefusals },
      },
    },
    async ({ query }) => ({ ...ok, data: await entity.pullEntity(context, query.limit, query.status) }),
  );

  app.get(
    `${base}/links/:id`,
    {
      schema: {
        tags,
        security,
        summary: 'One task, if it is in the status that the caller expects',
        params: idParameter,
        querystring: z.object({ status: z.enum(['register', 'registering', 'connect', 'connecting']) }),
        response: { 200: dataAnswer(entityTaskAnswer), ...taskRefusals },
      },
    },
    async ({ params, query }) => ({ ...ok, data: await entity.readEntity(context, params.id, query.status) }),
  );

  app.post(
    `${base}/links/:id/start`,
    {
      schema: {
        tags,
        security,
        summary: 'register → registering, connect → connecting',
        params: idParameter,
        response: { 200: okAnswer, ...moveRefusals },
      },
    },
    async ({ params }) => {
      await entity.startEntity(context, params.id);
      return ok;
    },
  );

  app.post(
    `${base}/links/:id/complete`,
    {
      schema: {
        tags,
        security,
        summary: 'registering → registered, connecting → completed',
        params: idParameter,
        body: completeBody,
        response: { 200: okAnswer, ...reportRefusals },
      },
    },
    async ({ params, body }) => {
      if (isRegisterPhase(await readStatus(context.db, 'entity', params.id))) {
        const report = readBody(completeRegister, body);
        refusePlaceholders(report);
        await entity.completeRegisterPhase(context, params.id, report);
      } else {
        const report = readBody(completeConnect, body);
        refusePlaceholders(report);
        await entity.completeConnectPhase(context, params.id, report);
      }
      return ok;
    },
  );

  app.post(
    `${base}/links/:id/fail`,
    {
      schema: {
        tags,
        security,
        summary: 'registering → registered or final_failed, connecting → connect_failed',
        params: idParameter,
        body: failBody,
        response: { 200: okAnswer, ...reportRefusals },
      },
    },
    async ({ params, body }) => {
      if (isRegisterPhase(await readStatus(context.db, 'entity', params.id))) {
        await entity.failRegisterPhase(context, params.id, readBody(failRegister, body));
      } else {
        await entity.failConnectPhase(context, params.id, readBody(failConnect, body));
      }
      return ok;
    },
  );
}

function readBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw new ApiError(400, problems.slice(0, 1).join());
}
