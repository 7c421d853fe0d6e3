/**
 * A thread of `verify`: reads one range of the journal, then compares the outcomes of its decisions.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import type { AwaitedOutcome, ComparedOutcomes } from "@calybris/audit";
import { type RangeData, RangeReading, type ReadRange } from "./range-reading.ts";

/** A message from a thread: the number of bytes read in a step, the result of the range, or that of its outcomes. */
export type RangeMessage =
  | { readonly bytes: number }
  | { readonly read: ReadRange | undefined }
  | { readonly compared: ComparedOutcomes };

export interface RangeQuestion {
  readonly awaited: readonly AwaitedOutcome[];
  readonly more: number;
}

const reading = new RangeReading(workerData as RangeData);
const steps = reading.read();
for (let step = steps.next(); ; step = steps.next()) {
  if (step.done === true) {
    post({ read: step.value });
    break;
  }
  post({ bytes: step.value });
}
parentPort?.on("message", ({ awaited, more }: RangeQuestion) =>
  post({ compared: reading.compareAwaited(awaited, more) }),
);

function post(message: RangeMessage): void {
  parentPort?.postMessage(message);
}
