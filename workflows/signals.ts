import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { HandedStep, PersonsWord } from '../contracts/handoff.ts';
import type { GateView, PermitRequest, StepEnd } from '../contracts/pace.ts';
import type { KnownPodcasts, WaitingPodcast } from '../contracts/podcast.ts';

/** To a site's gate: a step wants to act. */
export const requestPermit = defineSignal<[PermitRequest]>('requestPermit');
/** To a site's gate: a step is over, or no longer wants to. */
export const releasePermit = defineSignal<[permitId: string, end?: StepEnd]>('releasePermit');
/** To a site's gate: grant nothing for so many ms, or until it is resumed. */
export const pauseSite = defineSignal<[forMs?: number]>('pauseSite');
/** To a site's gate: a pause is over, whoever made it. */
export const resumeSite = defineSignal('resumeSite');
/** To a site's gate: what it has on its hands, of runs that don't show it in their memo. */
export const gateView = defineQuery<GateView>('gateView');
/** From a site's gate: the step may act. */
export const permitGranted = defineSignal<[string]>('permitGranted');
/** To a podcast request: these tasks of it wait at the manager. */
export const tasksWait = defineSignal<[WaitingPodcast[]]>('tasksWait');
/** To a podcast request: what it has on its hands, of runs that don't show it in their memo. */
export const tasksKnown = defineQuery<KnownPodcasts>('tasksKnown');
/** To a task: a person says that they finished the step that waits for them, or that nobody will. Refused when none waits. */
export const answerHandoff = defineUpdate<void, [PersonsWord]>('answerHandoff');
/** To a task: the step that waits for a person, of runs that don't show it in their memo; null when none does. */
export const handedStep = defineQuery<HandedStep | null>('handedStep');
