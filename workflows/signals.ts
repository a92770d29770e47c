import { defineSignal } from '@temporalio/workflow';
import type { PermitRequest } from '../contracts/pace.ts';

/** To a site's gate: a step wants to act. */
export const requestPermit = defineSignal<[PermitRequest]>('requestPermit');
/** To a site's gate: a step is over, or no longer wants to. */
export const releasePermit = defineSignal<[string]>('releasePermit');
/** From a site's gate: the step may act. */
export const permitGranted = defineSignal<[string]>('permitGranted');
