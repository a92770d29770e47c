import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { PermitRequest } from '../contracts/pace.ts';
import type { WaitingPodcast } from '../contracts/podcast.ts';

/** To a site's gate: a step wants to act. */
export const requestPermit = defineSignal<[PermitRequest]>('requestPermit');
/** To a site's gate: a step is over, or no longer wants to. */
export const releasePermit = defineSignal<[string]>('releasePermit');
/** From a site's gate: the step may act. */
export const permitGranted = defineSignal<[string]>('permitGranted');
/** To a podcast request: these tasks of it wait at the manager. */
export const tasksWait = defineSignal<[WaitingPodcast[]]>('tasksWait');
/** To a podcast request: which tasks it has on its hands, and whether each was told to it with its feed. */
export const tasksKnown = defineQuery<Record<string, { hasFeed: boolean }>>('tasksKnown');
