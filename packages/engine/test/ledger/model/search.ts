/**
 * Sequences at random until one breaks a promise; the least such sequence is shown.
 * @module
 */
import fc from "fast-check";
import { CLOSED_KEPT_MAX } from "../../../src/ledger/reservations.ts";
import { LedgerInEngine } from "./in-engine.ts";
import { LedgerInMemory } from "./in-memory.ts";
import { type Operation, operations } from "./operations.ts";
import { START_US, tryOperations } from "./sequences.ts";

/** Few, so that some are forgotten while they are spoken of. */
const CLOSED_FEW = 2;

/**
 * Tries `count` sequences on a ledger in memory, or on a whole engine. Returns how many.
 *
 * @throws Error that shows the least sequence that was found to break a promise, and the seed.
 */
export async function trySequences(seed: number, count: number, on: "ledger" | "engine" = "ledger"): Promise<number> {
  const closedMax = fc.constantFrom(CLOSED_KEPT_MAX, CLOSED_FEW, CLOSED_KEPT_MAX, CLOSED_KEPT_MAX);
  const property =
    on === "ledger"
      ? fc.asyncProperty(operations, closedMax, (drawn, kept) =>
          tryOperations(drawn, async () => new LedgerInMemory(START_US, kept), kept),
        )
      : fc.asyncProperty(operations, (drawn) =>
          tryOperations(drawn.filter(isPlayed), () => LedgerInEngine.begin(START_US), CLOSED_KEPT_MAX),
        );
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    await fc.assert(property as fc.IAsyncProperty<[readonly Operation[], number]>, { seed, numRuns: count });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return count;
}

function isPlayed({ does }: Operation): boolean {
  return does !== "refuse";
}
