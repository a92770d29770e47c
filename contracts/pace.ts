/** A step's request to act on a site. Times in ms. */
export interface PermitRequest {
  permitId: string;
  /** The workflow, and its run, that waits for the permit. */
  workflowId: string;
  runId: string;
  /** Whether the step makes an account: then `every` counts. */
  creating: boolean;
  /** How long the permit is held at most when nobody returns it. */
  leaseMs: number;
}

/** A site's settings at the time of a request. The gate keeps the latest ones. */
export interface SitePace {
  /** Least time between two accounts, in ms. */
  every: number;
  /** Steps at the same time. */
  atOnce: number;
}

/** What a step found of the site, told when it returns its permit. */
export type VisitResult =
  | { site: 'fine' }
  /** 429, 503, or a human check: the site wants to be left alone; `retryAfterMs` when it said for how long. */
  | { site: 'overloaded' | 'human check'; retryAfterMs?: number }
  /** Nothing was learned of the site. */
  | { site: 'unknown' };

/** What a site's gate holds, for people. Times in ms since 1970. */
export interface GateView {
  out: number;
  waiting: number;
  /** `forever`: until someone resumes it. */
  pausedUntil?: number | 'forever';
  /** Why it is paused. */
  reason?: string;
}

/** A permit that is out, until it is returned or its lease ends. Times in ms since 1970, on Temporal's clock. */
export interface PermitHolder {
  permitId: string;
  creating: boolean;
  leaseEnds: number;
}

/** Everything a gate knows; carried over by continue-as-new. */
export interface GateState extends SitePace {
  queue: PermitRequest[];
  holders: PermitHolder[];
  /** When the last creating step ended, or its lease did. */
  lastCreated: number;
  /** Nothing is granted before this time. */
  pausedUntil: number;
  reason?: string;
  /** How often in a row the site wanted to be left alone, and until when that is remembered. */
  troubles: number;
  troublesUntil: number;
}
