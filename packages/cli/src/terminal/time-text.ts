/**
 * Times as text, in UTC.
 * @module
 */

/** @param us - microseconds since the Unix epoch. */
export function timeText(us: number): string {
  return new Date(us / 1_000).toISOString();
}

/** With seconds: `2026-01-31 23:00:05Z`. */
export function secondText(us: number): string {
  return timeText(us)
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z");
}
