import path from 'node:path';
import type { Client } from '@temporalio/client';
import type { WorkerOptions } from '@temporalio/worker';
import { createBrowserActivities } from '../../activities/browser.ts';
import { createDispatchActivities } from '../../activities/dispatch.ts';
import { createFeedActivities } from '../../activities/feed.ts';
import { createMailActivities } from '../../activities/mail.ts';
import { createManagerActivities } from '../../activities/manager.ts';
import { createMiniAppActivities } from '../../activities/mini-app.ts';
import { createPaceActivities } from '../../activities/pace.ts';
import { createPodcastActivities } from '../../activities/podcast.ts';
import { EnvironmentError, readEnvironment } from '../../config/environment.ts';
import { readEvidenceFolder } from '../../config/evidence-folder.ts';
import { findBrowser } from '../../config/find-browser.mjs';
import { Sites } from '../../config/sites-file.ts';
import { BrowserPool } from '../../services/browser/browser-pool.ts';
import { EvidencePruner } from '../../services/browser/prune-evidence.ts';
import { readDispatchOptions } from '../../services/dispatch/options.ts';
import { TaskClient } from '../../services/manager-client/task-client.ts';
import { findRecipeProblems, Recipes } from '../../sites/loader/recipes.ts';
import { type TaskQueue, taskQueues } from '../../temporal/task-queues.ts';
import { provideWorkflows } from '../../temporal/workflow-bundle.ts';

/** The options of one queue's worker, what it tidies up at its start, and how to close what it opened. */
export interface QueueWorker {
  options: Partial<WorkerOptions> & { taskQueue: string };
  tidy?: () => Promise<void>;
  close?: () => Promise<void>;
  /** What its operator should know at the start: for example which sites can't be worked, and why. */
  findProblems?: () => Promise<string[]>;
}

/** A cancellation reaches an activity with its heartbeat, so this is how long it may take. */
const cancellationDelay = '1 second';

export const queueWorkers: Record<TaskQueue, (client: Client) => QueueWorker> = {
  workflows: () => {
    const { options, problem } = provideWorkflows(readEnvironment('NODE_ENV').NODE_ENV);
    return {
      options: { taskQueue: taskQueues.workflows, ...options, maxCachedWorkflows: 500 },
      findProblems: () => Promise.resolve(problem === undefined ? [] : [problem]),
    };
  },

  services: (client) => {
    const {
      ASSIGN_URL,
      ASSIGN_API_KEY,
      SITES_FILE,
      ASSETS_ALLOW,
      PODCAST_MAIN_DOMAINS: mainDomains,
    } = readEnvironment('ASSIGN_URL', 'ASSIGN_API_KEY', 'SITES_FILE', 'ASSETS_ALLOW', 'PODCAST_MAIN_DOMAINS');
    const miniApp = readEnvironment('MINIAPP_URL', 'MINIAPP_TOKEN_SELLER', 'MINIAPP_SHOP_ID', 'DATA_DIR');
    const sites = new Sites(SITES_FILE);
    const assign = new TaskClient(ASSIGN_URL, ASSIGN_API_KEY);
    return {
      options: {
        taskQueue: taskQueues.services,
        activities: {
          ...createManagerActivities({ client: assign, sites, mainDomains }),
          ...createMailActivities({ sites }),
          ...createPaceActivities({ client, sites }),
          ...createDispatchActivities({ assign, sites, client, ...readDispatchOptions() }),
          ...createPodcastActivities({ assign, sites, client, mainDomains }),
          ...createFeedActivities({ assetsAllow: ASSETS_ALLOW }),
          ...createMiniAppActivities(
            miniApp.MINIAPP_TOKEN_SELLER !== undefined && miniApp.MINIAPP_SHOP_ID !== undefined
              ? {
                  url: miniApp.MINIAPP_URL ?? ASSIGN_URL,
                  tokenSeller: miniApp.MINIAPP_TOKEN_SELLER,
                  shopId: miniApp.MINIAPP_SHOP_ID,
                  tokenFolder: path.join(miniApp.DATA_DIR, 'mini-app-tokens'),
                }
              : undefined,
          ),
        },
        maxConcurrentActivityTaskExecutions: 200,
        maxHeartbeatThrottleInterval: cancellationDelay,
        // A wait for mail is retried on another worker; a call to the manager is over by then.
        shutdownGraceTime: '10 seconds',
      },
    };
  },

  browser: () => {
    const { SITES_FILE, RECIPES_DIR, EVIDENCE_MAX_AGE, EVIDENCE_MAX_SIZE, ASSETS_ALLOW, BROWSER_SLOTS } =
      readEnvironment(
        'SITES_FILE',
        'RECIPES_DIR',
        'EVIDENCE_MAX_AGE',
        'EVIDENCE_MAX_SIZE',
        'ASSETS_ALLOW',
        'BROWSER_SLOTS',
      );
    const executable = findBrowser();
    if (!executable)
      throw new EnvironmentError('no browser: run "npm start" once, install Chromium, or set BROWSER_PATH to one');
    const pool = new BrowserPool(executable);
    const evidenceDir = readEvidenceFolder();
    const evidencePruner = new EvidencePruner(evidenceDir, { maxAgeMs: EVIDENCE_MAX_AGE, maxBytes: EVIDENCE_MAX_SIZE });
    const sites = new Sites(SITES_FILE);
    const recipes = new Recipes(RECIPES_DIR);
    return {
      options: {
        taskQueue: taskQueues.browser,
        activities: createBrowserActivities({
          pool,
          sites,
          recipes,
          evidenceDir,
          evidencePruner,
          assetsAllow: ASSETS_ALLOW,
        }),
        tuner: {
          tunerOptions: { targetMemoryUsage: 0.85, targetCpuUsage: 0.95 },
          activityTaskSlotOptions: { minimumSlots: 1, maximumSlots: BROWSER_SLOTS, rampThrottle: '100 milliseconds' },
        },
        maxHeartbeatThrottleInterval: cancellationDelay,
        // A sign-up is tried once, so a deploy lets the longest step finish.
        shutdownGraceTime: '5 minutes',
      },
      tidy: () => evidencePruner.prune(),
      close: () => pool.close(),
      findProblems: () => findRecipeProblems(sites, recipes),
    };
  },
};
