/** One line of what a step did; never holds a typed value. */
export interface JournalEntry {
  /** ms since the step began */
  at: number;
  did: string;
}

/** What a step did, and when. */
export class Journal {
  readonly entries: JournalEntry[] = [];
  readonly #begun = performance.now();

  note(did: string): void {
    this.entries.push({ at: Math.round(performance.now() - this.#begun), did });
  }
}
