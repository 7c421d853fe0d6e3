/**
 * Checks the head of an entry against the entries before it: its sequence, what was durable, and the time.
 * @module
 */
import type { ClockEntry, EntryHead } from "@calybris/kernel";
import type { Report } from "./report.ts";

export function checkHead(
  sequence: number,
  head: EntryHead,
  before: { readonly durable: number; readonly at: number },
  report: Report,
): void {
  if (head.sequence !== sequence) report("data_sequence", String(sequence), String(head.sequence));
  if (head.durable >= head.sequence) report("durable", `less than ${head.sequence}`, String(head.durable));
  if (head.durable < before.durable) report("durable", `${before.durable} or more`, String(head.durable));
  if (head.at < before.at) report("at", `${before.at} or later`, String(head.at));
  if ((head.kind === "genesis") !== (sequence === 1)) {
    report("genesis", "genesis as entry 1, and only there", `${head.kind} as entry ${sequence}`);
  }
}

/** A clock entry corrects its own time. To go back, `from` must be the time of the entry before it. */
export function checkClock(
  { at }: EntryHead,
  { from, to }: ClockEntry,
  before: { readonly sequence: number; readonly at: number },
  report: Report,
): void {
  const isBack = to < from && before.sequence > 0;
  const expected = isBack ? before.at : at;
  if (from !== expected || at !== expected)
    report("at", `a clock entry from ${expected}, at that time`, `from ${from}, at ${at}`);
}
