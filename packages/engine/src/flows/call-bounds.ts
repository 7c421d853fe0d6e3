/**
 * The maximum cost of a call, by the candidate that runs it: the cost of everything beside the output, bounded in up to
 * three ways, and the output up to a limit that may be lowered if the headroom is short.
 * @module
 */
import {
  CalybrisError,
  isPromptDigest,
  type Mistake,
  type PolicySnapshot,
  RESERVATION_BASES,
  type ReservationBasis,
  U32_MAX,
} from "@calybris/kernel";
import { PROMPT_DIGEST_WANTED } from "../intake/client-request.ts";
import { amountField, type Field, oneOfField, wholeField } from "../intake/ledger-fields.ts";
import { showValue } from "../intake/mistakes.ts";
import type { CandidateBound, ClientCall } from "./client-call.ts";

const PRICED_TOKENS = 1_000_000n;
const INPUTS_MAX = 3;

/** Limits of a call's output, in tokens. */
export interface OutputLimits {
  readonly max: number;
  readonly min: number;
}

/** The amount reserved for a candidate, and the output limit to send. */
export interface Reservation {
  readonly reservedMicrocents: bigint;
  readonly basis: ReservationBasis;
  readonly outputTokensMax: number;
}

/** A validated bound. */
export interface Bound {
  readonly input: readonly { readonly basis: ReservationBasis; readonly microcents: bigint }[];
  readonly outputPriceMicrocents: bigint;
}

/**
 * The reservation within the headroom: by the first basis that fits in full, else by the last basis with a lower output
 * limit; `undefined` if that limit is below the minimum. It is never below the expected cost, and never rounded down.
 *
 * @param headroomMicrocents - `undefined` if the tenant has no limit.
 */
export function reservationWithin(
  { input, outputPriceMicrocents: price }: Bound,
  limits: OutputLimits,
  expectedMicrocents: bigint,
  headroomMicrocents: bigint | undefined,
): Reservation | undefined {
  const headroom = headroomMicrocents ?? 0n;
  for (const { basis, microcents } of input) {
    const reserved = larger(microcents + outputCost(limits.max, price), expectedMicrocents);
    if (headroomMicrocents === undefined || reserved <= headroom)
      return { reservedMicrocents: reserved, basis, outputTokensMax: limits.max };
  }
  const last = input.at(-1);
  if (last === undefined || price === 0n || last.microcents > headroom || expectedMicrocents > headroom)
    return undefined;
  const affordable = ((headroom - last.microcents) * PRICED_TOKENS) / price;
  const tokens = affordable < BigInt(limits.max) ? Number(affordable) : limits.max;
  if (tokens < limits.min) return undefined;
  const reserved = larger(last.microcents + outputCost(tokens, price), expectedMicrocents);
  return { reservedMicrocents: reserved, basis: last.basis, outputTokensMax: tokens };
}

/** The terms of a call, beside its request. */
export interface CallTerms {
  readonly isObserved: boolean;
  readonly limits: OutputLimits;
  /** By candidate id. */
  readonly bounds: ReadonlyMap<number, Bound>;
}

/**
 * Reads and validates the terms of a call.
 *
 * @param requestedId - id of the requested candidate; 0 for none.
 * @throws CalybrisError `CAL_REQUEST_INVALID` with every mistake.
 */
export function callTerms(call: ClientCall, snapshot: PolicySnapshot, requestedId: number): CallTerms {
  const { mode, promptDigest, outputTokensMax, outputTokensMin = outputTokensMax, bounds, requested } = call;
  const mistakes: Mistake[] = [];
  const take = <Value>(field: Field<Value>, fallback: Value): Value => {
    if ("value" in field) return field.value;
    mistakes.push(field.mistake);
    return fallback;
  };
  const isObserved = take(oneOfField("mode", mode, ["enforce", "observe"]), "enforce") === "observe";
  if (!isPromptDigest(promptDigest))
    mistakes.push(mistake("promptDigest", promptDigest, `Send ${PROMPT_DIGEST_WANTED}.`));
  if (isObserved && requestedId === 0)
    mistakes.push(mistake("requested", requested, "Name the candidate that runs while the decision is observed."));
  const max = take(wholeField("outputTokensMax", outputTokensMax, U32_MAX), 0);
  const min = take(wholeField("outputTokensMin", outputTokensMin, max), 0);
  const read = new Map<number, Bound>();
  if (!Array.isArray(bounds) || bounds.length === 0)
    mistakes.push(mistake("bounds", bounds, "Send what each candidate that may run may cost."));
  else
    for (const [index, given] of bounds.entries()) {
      const bound = take(boundField(`bounds[${index}]`, given), NO_BOUND);
      const isKnown = snapshot.policy.candidates.some(({ id }) => id === given?.candidate);
      if (!isKnown || read.has(given.candidate))
        mistakes.push(mistake(`bounds[${index}].candidate`, given?.candidate, "Name each candidate's id once."));
      else read.set(given.candidate, bound);
    }
  if (isObserved && !read.has(requestedId) && mistakes.length === 0)
    mistakes.push(mistake("bounds", `none for candidate ${requestedId}`, "Send one for the candidate that runs."));
  if (mistakes.length > 0)
    throw new CalybrisError("CAL_REQUEST_INVALID", { mistakes: mistakes.slice(0, MISTAKES_MAX) });
  return { isObserved, limits: { max, min }, bounds: read };
}

/** Reads a bound, and checks the range of each amount. */
export function boundField(path: string, given: CandidateBound): Field<Bound> {
  const { input, outputPriceMicrocents } = given ?? {};
  const remedy = `Send 1 to ${INPUTS_MAX} of basis and microcents, best first.`;
  if (!Array.isArray(input) || input.length === 0 || input.length > INPUTS_MAX)
    return { mistake: mistake(`${path}.input`, input, remedy) };
  const price = amountField(`${path}.outputPriceMicrocents`, outputPriceMicrocents, 0n);
  if ("mistake" in price) return price;
  const read: { readonly basis: ReservationBasis; readonly microcents: bigint }[] = [];
  for (const [index, each] of input.entries()) {
    const basis = oneOfField(`${path}.input[${index}].basis`, each?.basis, RESERVATION_BASES);
    if ("mistake" in basis) return basis;
    const microcents = amountField(`${path}.input[${index}].microcents`, each?.microcents, 0n);
    if ("mistake" in microcents) return microcents;
    read.push({ basis: basis.value, microcents: microcents.value });
  }
  return { value: { input: read, outputPriceMicrocents: price.value } };
}

const NO_BOUND: Bound = { input: [], outputPriceMicrocents: 0n };
const MISTAKES_MAX = 33;

function outputCost(tokens: number, price: bigint): bigint {
  return (BigInt(tokens) * price + PRICED_TOKENS - 1n) / PRICED_TOKENS;
}

function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

function mistake(path: string, given: unknown, remedy: string): Mistake {
  return { path, problem: given === undefined ? "is missing" : `is ${showValue(given)}`, remedy };
}
