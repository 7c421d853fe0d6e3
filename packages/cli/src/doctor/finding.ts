/**
 * A finding of `doctor`.
 * @module
 */

/** What one check came to. */
export interface Finding {
  readonly check: string;
  /** `warn` runs, but not as well or as safely as it could; `bad` does not. */
  readonly verdict: "ok" | "warn" | "bad";
  readonly found: string;
  /** What to do, unless all is well. */
  readonly remedy?: string;
}
