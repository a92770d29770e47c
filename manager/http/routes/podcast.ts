import { z } from 'zod';
import { okAnswer } from '../../../contracts/envelope.ts';
import { flows } from '../../../contracts/flows.ts';
import { completePodcast, failPodcast, podcastTaskAnswer } from '../../../contracts/podcast.ts';
import type { ManagerContext } from '../../context.ts';
import { refusePlaceholders } from '../../domain/refuse-text.ts';
import * as podcast from '../../domain/tasks/podcast.ts';
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

const base = flows.podcast.path;
const tags = ['podcast'];
const security = [{ apiKey: [] }];
const ok = { success: true as const };

/** The calls of docs/api-contract.md#podcast. */
export function addPodcastRoutes(app: TypedApp, context: ManagerContext): void {
  app.get(
    `${base}/links`,
    {
      schema: {
        tags,
        security,
        summary: 'Tasks that wait, main sites first, then the oldest first',
        querystring: z.object({ limit: limitParameter }),
        response: { 200: dataAnswer(z.array(podcastTaskAnswer)), ...commonRefusals },
      },
    },
    async ({ query }) => ({ ...ok, data: await podcast.pullPodcast(context, query.limit) }),
  );

  app.get(
    `${base}/links/:id`,
    {
      schema: {
        tags,
        security,
        summary: 'One task, whatever its status',
        params: idParameter,
        response: { 200: dataAnswer(podcastTaskAnswer), ...taskRefusals },
      },
    },
    async ({ params }) => ({ ...ok, data: await podcast.readPodcast(context, params.id) }),
  );

  app.post(
    `${base}/links/:id/start`,
    {
      schema: {
        tags,
        security,
        summary: 'pending → running; of a running task, nothing',
        params: idParameter,
        response: { 200: okAnswer, ...moveRefusals },
      },
    },
    async ({ params }) => {
      await podcast.startPodcast(context, params.id);
      return ok;
    },
  );

  app.post(
    `${base}/links/:id/complete`,
    {
      schema: {
        tags,
        security,
        summary: 'running → completed',
        description: 'On a main site link_rss is required; the request’s other sites get it with their tasks.',
        params: idParameter,
        body: completePodcast,
        response: { 200: okAnswer, ...reportRefusals },
      },
    },
    async ({ params, body }) => {
      refusePlaceholders(body);
      await podcast.completePodcast(context, params.id, body);
      return ok;
    },
  );

  app.post(
    `${base}/links/:id/fail`,
    {
      schema: {
        tags,
        security,
        summary: 'running → failed, or final_failed when no retry is left',
        params: idParameter,
        body: failPodcast,
        response: { 200: okAnswer, ...reportRefusals },
      },
    },
    async ({ params, body }) => {
      await podcast.failPodcast(context, params.id, body);
      return ok;
    },
  );
}
