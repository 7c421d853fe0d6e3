/**
 * A thread of `verify`: reads one range of the journal, and then compares outcomes of its decisions.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import type { AwaitedOutcome, ComparedOutcomes } from "@calybris/audit";
import { type RangeData, RangeReading, type ReadRange } from "./range-reading.ts";

/** What a thread says: how many more bytes it read, what the range came to, and what its outcomes came to. */
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
