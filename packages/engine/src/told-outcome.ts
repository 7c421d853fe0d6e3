/**
 * What a client tells of a decision, read: each field in its range, or every mistake at once.
 * @module
 */
import {
  CalybrisError,
  DISPOSITIONS,
  type Disposition,
  type Microcents,
  type Mistake,
  SIGNALS,
  type Signal,
} from "@calybris/kernel";
import type { Amount } from "./intake/client-request.ts";
import { amountField, nameField, refuseMistakes, wholeField } from "./intake/ledger-fields.ts";

/** What became of a decision, as a client tells it. */
export interface ClientOutcome {
  readonly decisionId: string;
  /** Microseconds since the Unix epoch; now when left out. */
  readonly observedAt?: number | undefined;
  /** `applied` when left out. */
  readonly disposition?: Disposition | undefined;
  /** Whether it was good. Left out: the signals say. */
  readonly succeeded?: boolean | undefined;
  readonly signals?: readonly Signal[] | undefined;
  readonly costMicrocents?: Amount | undefined;
  readonly latencyMs?: number | undefined;
}

/** The same, checked, with what was left out filled in. */
export interface Told {
  readonly decisionId: string;
  readonly observedAt: number;
  readonly disposition: Disposition;
  readonly succeeded: boolean | undefined;
  readonly signals: readonly Signal[];
  readonly costMicrocents: Microcents | undefined;
  readonly latencyMs: number | undefined;
}

/** @throws CalybrisError `CAL_OUTCOME_INVALID` with every mistake. */
export function readOutcome(outcome: ClientOutcome, now: number): Told {
  const { disposition = "applied", signals = [], succeeded } = outcome;
  const mistakes: Mistake[] = [];
  const known = ["decisionId", "observedAt", "disposition", "succeeded", "signals", "costMicrocents", "latencyMs"];
  for (const key of Object.keys(outcome))
    if (!known.includes(key))
      mistakes.push({ path: key, problem: "is not known here", remedy: `Send ${known.join(", ")}.` });
  if (!DISPOSITIONS.includes(disposition))
    mistakes.push({
      path: "disposition",
      problem: `is ${String(disposition)}`,
      remedy: `Send one of ${DISPOSITIONS.join(", ")}.`,
    });
  if (succeeded !== undefined && typeof succeeded !== "boolean")
    mistakes.push({
      path: "succeeded",
      problem: "is neither true nor false",
      remedy: "Send true or false, or leave it out.",
    });
  if (
    !Array.isArray(signals) ||
    signals.some((signal) => !SIGNALS.includes(signal)) ||
    new Set(signals).size !== signals.length
  )
    mistakes.push({
      path: "signals",
      problem: "is no list of signals",
      remedy: `Send each at most once: ${SIGNALS.join(", ")}.`,
    });
  if (mistakes.length > 0) throw new CalybrisError("CAL_OUTCOME_INVALID", { mistakes });
  const fields = refuseMistakes(
    {
      decisionId: nameField("decisionId", outcome.decisionId),
      observedAt: wholeField(
        "observedAt",
        outcome.observedAt === undefined ? now : outcome.observedAt,
        Number.MAX_SAFE_INTEGER,
      ),
      costMicrocents:
        outcome.costMicrocents === undefined
          ? { value: undefined }
          : amountField("costMicrocents", outcome.costMicrocents, 0n),
      latencyMs:
        outcome.latencyMs === undefined
          ? { value: undefined }
          : wholeField("latencyMs", outcome.latencyMs, 0xffff_ffff),
    },
    "CAL_OUTCOME_INVALID",
  );
  return { ...fields, disposition, succeeded, signals: SIGNALS.filter((signal) => signals.includes(signal)) };
}
