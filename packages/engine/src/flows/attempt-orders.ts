/**
 * Orders the attempts of calls.
 * @module
 */
import {
  type AttemptBegunEntry,
  type AttemptEndedEntry,
  type CalybrisError,
  type Caused,
  InvariantViolation,
  microcents,
  U32_MAX,
} from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { amountField, isWhole, optionalField, refuseMistakes, wholeField } from "../intake/ledger-fields.ts";
import type { Ordered, Ordering } from "../journal/journal.ts";
import { drive } from "../ledger/cells.ts";
import { periodsDue } from "../ledger/due-periods.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { attemptFault, headroomForAttempt } from "../ledger/refusals.ts";
import { type Bound, type OutputLimits, type Reservation, reservationWithin } from "./call-bounds.ts";
import type { AttemptEnd } from "./client-call.ts";
import type { Writable } from "./writable.ts";

/** The parts of the engine that ordering an attempt uses. */
export interface AttemptPorts {
  readonly ledger: Ledger;
  readonly journal: Ordering;
}

/** A further attempt to order. */
export interface AttemptOrder extends Pick<AttemptBegunEntry, "of" | "number" | "candidate" | "deployment"> {
  readonly decisionId: string;
  readonly bound: Bound;
  readonly limits: OutputLimits;
  readonly caused: Caused;
}

const HTTP_STATUS_MAX = 999;

/**
 * Takes the headroom for another attempt and orders it, after the periods that are due.
 *
 * @throws CalybrisError `CAL_CALL_ATTEMPT_BUDGET`, `CAL_CALL_ATTEMPT_INVALID`, or as `Ordering.step`; periods that began stay.
 */
export function orderAttempt(
  { ledger, journal }: AttemptPorts,
  { decisionId, bound, limits, caused, ...place }: AttemptOrder,
): { readonly ordered: Ordered; readonly reservation: Reservation } {
  orderPeriods({ ledger, journal }, place.of);
  return journal.step(() => {
    const fault = attemptFault(ledger.reservations, { ...place, change: "begun" });
    if (fault !== undefined)
      throw new EngineError("CAL_CALL_ATTEMPT_INVALID", { decisionId, problem: `cannot begin: ${fault}` });
    const { cells, headroom } = headroomForAttempt(ledger, place.of, []);
    const reservation = reservationWithin(bound, limits, 0n, cells.length === 0 ? undefined : headroom);
    if (reservation === undefined) throw tooExpensive(decisionId, bound, limits, headroom);
    journal.establishRoom(1);
    const { reservedMicrocents, basis } = reservation;
    if (cells.length > 0 && !ledger.cells.take(cells, reservedMicrocents))
      throw tooExpensive(decisionId, bound, limits, headroom);
    try {
      const entry: AttemptBegunEntry = {
        kind: "attempt",
        change: "begun",
        ...place,
        reservedMicrocents: microcents(reservedMicrocents),
        basis,
        ...caused,
      };
      ledger.preDebited(entry);
      return { ordered: journal.order(entry), reservation };
    } catch (error) {
      if (cells.length > 0) drive(ledger.cells.undo(cells, reservedMicrocents));
      throw error;
    }
  });
}

/** In a step of its own, so that a refused attempt leaves no step half done. */
function orderPeriods({ ledger, journal }: AttemptPorts, of: number): void {
  const open = ledger.reservations.open(of);
  if (open === undefined) return;
  journal.step((at) => {
    const periods = periodsDue(open.account, at);
    if (periods.length === 0) return;
    journal.establishRoom(periods.length);
    for (const period of periods) journal.order(period);
  });
}

function tooExpensive(
  decisionId: string,
  bound: Bound,
  { min }: OutputLimits,
  headroomMicrocents: bigint,
): CalybrisError {
  const least = bound.input.at(-1);
  const lowest = reservationWithin(
    { ...bound, input: least === undefined ? [] : [least] },
    { max: min, min },
    0n,
    undefined,
  );
  const neededMicrocents = lowest?.reservedMicrocents ?? 0n;
  return new EngineError("CAL_CALL_ATTEMPT_BUDGET", { decisionId, headroomMicrocents, neededMicrocents });
}

/**
 * The entry of an ended attempt, each field in its range.
 *
 * @throws CalybrisError `CAL_LEDGER_INVALID` with every mistake.
 */
export function endedEntry(of: number, end: AttemptEnd, caused: Caused): AttemptEndedEntry {
  const { number, status, latencyMs, firstByteMs, inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = end;
  // On the path of every call: fields are checked one by one only if some field is invalid.
  const isPlain =
    isWhole(number, U32_MAX) &&
    isWhole(status, HTTP_STATUS_MAX) &&
    isWhole(latencyMs, U32_MAX) &&
    isCount(firstByteMs) &&
    isCount(inputTokens) &&
    isCount(outputTokens) &&
    isCount(cacheReadTokens) &&
    isCount(cacheWriteTokens);
  const cost = optionalField(end.costMicrocents, amountField("costMicrocents", end.costMicrocents, 0n));
  if (!isPlain || "mistake" in cost) throw refusedEnd(end);
  const { value: costMicrocents } = cost;
  const entry: Writable<AttemptEndedEntry> = {
    kind: "attempt",
    change: "ended",
    of,
    number,
    status,
    latencyMs,
    ...caused,
  };
  if (firstByteMs !== undefined) entry.firstByteMs = firstByteMs;
  if (costMicrocents !== undefined) entry.costMicrocents = costMicrocents;
  if (inputTokens !== undefined) entry.inputTokens = inputTokens;
  if (outputTokens !== undefined) entry.outputTokens = outputTokens;
  if (cacheReadTokens !== undefined) entry.cacheReadTokens = cacheReadTokens;
  if (cacheWriteTokens !== undefined) entry.cacheWriteTokens = cacheWriteTokens;
  return entry;
}

/** @throws CalybrisError as {@link endedEntry}. */
function refusedEnd(end: AttemptEnd): InvariantViolation {
  const count = (name: keyof AttemptEnd) => optionalField(end[name], wholeField(name, end[name], U32_MAX));
  refuseMistakes({
    number: wholeField("number", end.number, U32_MAX),
    status: wholeField("status", end.status, HTTP_STATUS_MAX),
    latencyMs: wholeField("latencyMs", end.latencyMs, U32_MAX),
    firstByteMs: count("firstByteMs"),
    costMicrocents: optionalField(end.costMicrocents, amountField("costMicrocents", end.costMicrocents, 0n)),
    inputTokens: count("inputTokens"),
    outputTokens: count("outputTokens"),
    cacheReadTokens: count("cacheReadTokens"),
    cacheWriteTokens: count("cacheWriteTokens"),
  });
  return new InvariantViolation("the end of an attempt that has a mistake is refused for it");
}

function isCount(given: unknown): boolean {
  return given === undefined || isWhole(given, U32_MAX);
}
