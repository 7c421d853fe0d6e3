/**
 * Parses the outcome of a decision as a client reports it. All mistakes are reported at once.
 * @module
 */
import {
  DISPOSITIONS,
  type Disposition,
  I64_MAX,
  isName,
  type Microcents,
  SIGNALS,
  type Signal,
  U32_MAX,
} from "@calybris/kernel";
import type { Amount } from "../intake/client-request.ts";
import {
  amountField,
  type Field,
  flagField,
  isWhole,
  nameField,
  oneOfField,
  optionalField,
  refuseMistakes,
  unknownFields,
  wholeField,
} from "../intake/ledger-fields.ts";

/** The outcome of a decision, as a client reports it. */
export interface ClientOutcome {
  readonly decisionId: string;
  /** Microseconds since the Unix epoch. Default: now. */
  readonly observedAt?: number | undefined;
  /** Default: `applied`. */
  readonly disposition?: Disposition | undefined;
  /** Whether the answer was good. Default: derived from the signals. */
  readonly succeeded?: boolean | undefined;
  readonly signals?: readonly Signal[] | undefined;
  readonly costMicrocents?: Amount | undefined;
  readonly latencyMs?: number | undefined;
  /** Whether the cost, which is then required, also settles the decision's reservation. */
  readonly settle?: boolean | undefined;
}

/** A validated outcome with all defaults. */
export interface Reported {
  readonly decisionId: string;
  readonly observedAt: number;
  readonly disposition: Disposition;
  readonly succeeded: boolean | undefined;
  readonly signals: readonly Signal[];
  readonly costMicrocents: Microcents | undefined;
  readonly latencyMs: number | undefined;
  readonly settle: boolean;
}

const KEYS: readonly string[] = [
  "decisionId",
  "observedAt",
  "disposition",
  "succeeded",
  "signals",
  "costMicrocents",
  "latencyMs",
  "settle",
] satisfies readonly (keyof ClientOutcome)[];
const NO_SIGNALS: readonly Signal[] = Object.freeze([]);

/** @throws CalybrisError `CAL_OUTCOME_INVALID` with every mistake. */
export function readOutcome(outcome: ClientOutcome, now: number): Reported {
  const { decisionId, observedAt = now, disposition = "applied", succeeded, signals = NO_SIGNALS } = outcome;
  const { costMicrocents, latencyMs, settle = false } = outcome;
  // Fast path: most outcomes have no mistakes and no signals, so no field object is allocated for them.
  if (Array.isArray(signals) && signals.length === 0 && hasOnly(outcome, KEYS)) {
    // A list of our own, because the caller may still modify the given one.
    const own = NO_SIGNALS;
    const kept = { decisionId, observedAt, disposition, succeeded, signals: own, costMicrocents, latencyMs, settle };
    if (isPlain(kept)) return kept;
  }
  return refuseMistakes(
    {
      decisionId: nameField("decisionId", decisionId),
      observedAt: wholeField("observedAt", observedAt, Number.MAX_SAFE_INTEGER),
      disposition: dispositionField(disposition, settle),
      succeeded: optionalField(succeeded, flagField("succeeded", succeeded)),
      signals: signalsField(signals),
      costMicrocents:
        settle === true
          ? amountField("costMicrocents", costMicrocents, 0n)
          : optionalField(costMicrocents, amountField("costMicrocents", costMicrocents, 0n)),
      latencyMs: optionalField(latencyMs, wholeField("latencyMs", latencyMs, U32_MAX)),
      settle: flagField("settle", settle),
    },
    "CAL_OUTCOME_INVALID",
    unknownFields(outcome, KEYS),
  );
}

interface Given {
  readonly decisionId: unknown;
  readonly observedAt: unknown;
  readonly disposition: unknown;
  readonly succeeded: unknown;
  readonly signals: readonly Signal[];
  readonly costMicrocents: unknown;
  readonly latencyMs: unknown;
  readonly settle: unknown;
}

/** Whether each field is valid as it is. A field that is not may still be valid after conversion. */
function isPlain(given: Given): given is Reported {
  const { decisionId, observedAt, disposition, succeeded, costMicrocents, latencyMs, settle } = given;
  return (
    (settle === false || (settle === true && disposition !== "in_flight" && costMicrocents !== undefined)) &&
    (costMicrocents === undefined || isAmount(costMicrocents)) &&
    isName(decisionId) &&
    isWhole(observedAt, Number.MAX_SAFE_INTEGER) &&
    DISPOSITIONS.includes(disposition as Disposition) &&
    (succeeded === undefined || typeof succeeded === "boolean") &&
    (latencyMs === undefined || isWhole(latencyMs, U32_MAX))
  );
}

function isAmount(given: unknown): boolean {
  return typeof given === "bigint" && given >= 0n && given <= I64_MAX;
}

function hasOnly(command: object, known: readonly string[]): boolean {
  for (const key in command) if (!known.includes(key)) return false;
  return true;
}

/** A call in flight has no final cost. */
function dispositionField(disposition: unknown, settle: unknown): Field<Disposition> {
  if (settle !== true || disposition !== "in_flight") return oneOfField("disposition", disposition, DISPOSITIONS);
  const remedy = "Settle once the call has ended.";
  return { mistake: { path: "disposition", problem: "is in_flight, and settle is true", remedy } };
}

/** Signals in a canonical order. */
function signalsField(given: unknown): Field<readonly Signal[]> {
  const isList = Array.isArray(given) && given.length <= SIGNALS.length && new Set(given).size === given.length;
  if (isList && given.every((signal) => SIGNALS.includes(signal)))
    return { value: SIGNALS.filter((signal) => given.includes(signal)) };
  const remedy = `Send each at most once: ${SIGNALS.join(", ")}.`;
  return { mistake: { path: "signals", problem: "is not a list of signals", remedy } };
}
