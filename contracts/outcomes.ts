import type { FailureKind } from './step-results.ts';

/** How a register phase ended, as it was reported. */
export type RegisterOutcome =
  | { outcome: 'completed'; profileUrl?: string }
  | { outcome: 'profile_failed'; failure: FailureKind; reason: string; profileUrl?: string }
  | { outcome: 'register_failed'; failure: FailureKind; reason: string; profileUrl?: string };

/** How an entity task's connect phase ended, as it was reported. */
export interface ConnectOutcome {
  outcome: 'completed' | 'connect_failed';
  failure?: FailureKind;
  reason?: string;
  profileUrl?: string;
}

/** How a podcast task ended, as it was reported; `feedUrl` is the feed of a main site's completed task. */
export interface PodcastOutcome {
  outcome: 'completed' | 'failed';
  failure?: FailureKind;
  reason?: string;
  feedUrl?: string;
}

/** How a run of a podcast request ended: `completed` when each task that it knew of was. */
export interface PodcastRequestOutcome {
  outcome: 'completed' | 'incomplete';
  reason?: string;
  /** How each task's last workflow ended; `waiting` for one that was not started. */
  tasks: Record<string, string>;
}

/** How the registration of a mini-app user ended; the first two are both a success. */
export type MiniAppOutcome =
  | { outcome: 'registered'; userId: number; username: string }
  | { outcome: 'exists' }
  | { outcome: 'failed'; reason: string };

/** A task that was left alone, with nothing to report. */
export interface LeftTask {
  outcome: 'left';
  reason: LeftReason;
}

/** Why a task was left alone, with nothing to report. */
export type LeftReason =
  /** It is not in the status that the workflow was started for. */
  | 'stale'
  /** It was deleted. */
  | 'gone'
  /** The operator's file does not list its domain. */
  | 'not enabled'
  /** The feed that it is to import is not known yet. */
  | 'no feed'
  /** What the manager sent is not a task. */
  | 'malformed'
  /** Another worker fleet has started it. */
  | "someone else's"
  /** The manager refused every form of the report. */
  | 'refused';
