import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { GateView, PermitRequest, StepEnd } from '../contracts/pace.ts';
import type { WaitingPodcast } from '../contracts/podcast.ts';

/** To a site's gate: a step wants to act. */
export const requestPermit = defineSignal<[PermitRequest]>('requestPermit');
/** To a site's gate: a step is over, or no longer wants to. */
export const releasePermit = defineSignal<[permitId: string, end?: StepEnd]>('releasePermit');
/** To a site's gate: grant nothing for so many ms, or until it is resumed. */
export const pauseSite = defineSignal<[forMs?: number]>('pauseSite');
/** To a site's gate: a pause is over, whoever made it. */
export const resumeSite = defineSignal('resumeSite');
/** To a site's gate: what it has on its hands. */
export const gateView = defineQuery<GateView>('gateView');
/** From a site's gate: the step may act. */
export const permitGranted = defineSignal<[string]>('permitGranted');
/** To a podcast request: these tasks of it wait at the manager. */
export const tasksWait = defineSignal<[WaitingPodcast[]]>('tasksWait');
/** To a podcast request: which tasks it has on its hands, and whether each was told to it with its feed. */
export const tasksKnown = defineQuery<Record<string, { hasFeed: boolean }>>('tasksKnown');
