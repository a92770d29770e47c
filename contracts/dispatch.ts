/** The result of one pull. Workflows are one per task, for podcasts one per request. */
export interface DispatchResult {
  /** Tasks that the manager listed. */
  pulled: number;
  /** Workflows. */
  started: number;
  /** Workflows that were open already. */
  open: number;
  /** Podcast requests whose sub-sites wait for a main site. */
  waiting: number;
  /** Tasks of domains that the operator's file does not list, by domain. */
  notEnabled: Record<string, number>;
  /** Malformed tasks: their id, or their place in the list, and what is wrong. */
  malformed: string[];
  /** Workflows left for a later pull, since `maxOpen` are open. */
  held: number;
  /** What the operator should know. */
  warnings: string[];
}
