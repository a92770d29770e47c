import { z } from 'zod';
import { newRequest, requestDetail, requestList, requestMade, taskDetail } from '../../../contracts/admin.ts';
import { errorAnswer, okAnswer } from '../../../contracts/envelope.ts';
import type { ManagerContext } from '../../context.ts';
import { createRequest } from '../../domain/requests/create-request.ts';
import { listRequests, readRequest } from '../../domain/requests/read-requests.ts';
import { deleteTask } from '../../domain/tasks/delete-task.ts';
import { readTaskDetail } from '../../domain/tasks/read-task-detail.ts';
import { adminRefusals, idParameter, limitParameter } from './answers.ts';
import type { TypedApp } from './types.ts';

const base = '/api/v1/admin';
const tags = ['admin'];
const security = [{ adminKey: [] }];
const ok = { success: true as const };
const notThere = { ...adminRefusals, 404: errorAnswer.describe('not found') };

/** The calls of docs/api-contract.md#admin. */
export function addAdminRoutes(app: TypedApp, context: ManagerContext): void {
  app.post(
    `${base}/requests`,
    {
      schema: {
        tags,
        security,
        summary: 'Make a request: one task per account, or nothing at all',
        body: newRequest,
        response: {
          201: requestMade,
          ...adminRefusals,
          409: errorAnswer.describe('the website has a live task of this type on one of the domains; nothing was made'),
          413: errorAnswer.describe('the body is larger than 1 MB'),
        },
      },
    },
    async ({ body }, reply) => {
      const { requestId, taskIds } = await createRequest(context, body);
      return reply.code(201).send({ ...ok, data: { request_id: requestId, task_ids: taskIds } });
    },
  );

  app.get(
    `${base}/requests`,
    {
      schema: {
        tags,
        security,
        summary: 'Requests, newest first',
        querystring: z.object({
          limit: limitParameter,
          cursor: z.string().optional().describe('next_cursor of the page before'),
        }),
        response: { 200: requestList, ...adminRefusals },
      },
    },
    async ({ query }) => ({ ...ok, ...(await listRequests(context.db, query.limit, query.cursor)) }),
  );

  app.get(
    `${base}/requests/:id`,
    {
      schema: {
        tags,
        security,
        summary: 'A request, its counts by status, its tasks',
        params: idParameter,
        response: { 200: requestDetail, ...notThere },
      },
    },
    async ({ params }) => {
      return { ...ok, data: await readRequest(context.db, params.id) };
    },
  );

  app.get(
    `${base}/tasks/:id`,
    {
      schema: {
        tags,
        security,
        summary: 'A task and its history, secrets masked',
        params: idParameter,
        response: { 200: taskDetail, ...notThere },
      },
    },
    async ({ params }) => {
      return { ...ok, data: await readTaskDetail(context, params.id) };
    },
  );

  app.delete(
    `${base}/tasks/:id`,
    {
      schema: {
        tags,
        security,
        summary: 'Soft-delete a task: it is in no list any more',
        params: idParameter,
        response: { 200: okAnswer, ...notThere },
      },
    },
    async ({ params }) => {
      await deleteTask(context, params.id);
      return ok;
    },
  );
}
