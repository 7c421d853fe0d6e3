/**
 * The invariants of `consistent-decision.ts`, checked on the kernel's records without creating objects. A test holds the two
 * equal.
 * @module
 */
import {
  ACTION_CODES,
  type Candidate,
  cost,
  exactCost,
  invariant,
  NO_INDEX,
  type Policy,
  REASON_CODES,
  type Request,
  SELECTION_REASONS,
} from "@calybris/kernel";

/** The policy that a record is checked against. */
export interface ConsistentPolicy {
  readonly policy: Policy;
  /** Prices by position in the catalog, as numbers. */
  readonly inputPrices: Float64Array;
  readonly outputPrices: Float64Array;
}

/** A policy with its prices as numbers. */
export function consistentPolicy(policy: Policy): ConsistentPolicy {
  const { candidates } = policy;
  return {
    policy,
    inputPrices: Float64Array.from(candidates, ({ inputPriceMicrocents }) => Number(inputPriceMicrocents)),
    outputPrices: Float64Array.from(candidates, ({ outputPriceMicrocents }) => Number(outputPriceMicrocents)),
  };
}

/**
 * @param request - the kernel's record of the request; `decisions` holds that of the decision from word `at` on.
 * @throws InvariantViolation naming the invariant that the decision breaks.
 */
export function requireConsistentRecord(
  against: ConsistentPolicy,
  request: Uint32Array,
  decisions: Uint32Array,
  at: number,
): void {
  invariant(
    decisions[at] === request[0] && decisions[at + 1] === request[1],
    "a decision has the number of its request",
  );
  if (((decisions[at + 2] as number) & 0xff) === REJECT) requireRejection(against.policy, decisions, at);
  else requireSelection(against, request, decisions, at);
}

function requireRejection(policy: Policy, decisions: Uint32Array, at: number): void {
  const reason = ((decisions[at + 2] as number) >>> 8) & 0xff;
  const word = (place: number): number => decisions[at + place] as number;
  invariant(isReasonToReject[reason] === 1, "a rejection has a reason to reject");
  invariant(
    word(3) === 0 && (word(4) & 0xffff) === NO_INDEX && isZero(decisions, at + 6) && isZero(decisions, at + 8),
    "a rejection selects nothing and costs nothing",
  );
  invariant(
    word(4) >>> 16 === 0 && word(5) === 0 && isZero(decisions, at + 10),
    "a rejection leaves no candidate eligible",
  );
  const isHardLimit = reason === REASON_CODES.risk_hard_limit || reason === REASON_CODES.confidence_hard_limit;
  invariant(word(2) >>> 16 === (isHardLimit ? 0 : policy.candidates.length), "all candidates are evaluated, or none");
}

function requireSelection(against: ConsistentPolicy, request: Uint32Array, decisions: Uint32Array, at: number): void {
  const index = (decisions[at + 4] as number) & 0xffff;
  const selected = decisions[at + 3] as number;
  const candidate = against.policy.candidates[index];
  invariant(
    candidate !== undefined && candidate.id === selected && candidate.enabled !== 0,
    "a selection is of an enabled candidate",
  );
  const isExecuted = selected === request[2];
  invariant(
    ((decisions[at + 2] as number) & 0xffff) === (isExecuted ? EXECUTED : SUBSTITUTED),
    "a selection is executed when it was requested, and a substitute when it was not",
  );
  invariant(isCost(against, index, candidate, request, decisions, at), "a selection costs what its candidate costs");
  invariant(isAtMost(decisions, at + 6, request, 8), "a selection fits the budget of its request");
  invariant(isUtility(decisions, at + 8), "a selection has a positive utility");
  requireRunnerUp(against.policy, selected, decisions, at);
}

function requireRunnerUp(policy: Policy, selected: number, decisions: Uint32Array, at: number): void {
  const { length } = policy.candidates;
  const eligible = (decisions[at + 4] as number) >>> 16;
  const runnerUp = decisions[at + 5] as number;
  invariant((decisions[at + 2] as number) >>> 16 === length, "all candidates are evaluated, or none");
  invariant(eligible >= 1 && eligible <= length, "a selected candidate is eligible");
  const isThere =
    runnerUp !== 0 &&
    runnerUp !== selected &&
    isUtility(decisions, at + 10) &&
    isAtMost(decisions, at + 10, decisions, at + 8);
  const isNone = runnerUp === 0 && isZero(decisions, at + 10);
  invariant(
    eligible === 1 ? isNone : isThere,
    "there is a runner-up, no better than the selection, when more than one candidate is eligible",
  );
}

function isCost(
  { inputPrices, outputPrices }: ConsistentPolicy,
  index: number,
  candidate: Candidate,
  request: Uint32Array,
  decisions: Uint32Array,
  at: number,
): boolean {
  const [input, output] = [request[3] as number, request[4] as number];
  const [low, high] = [decisions[at + 6] as number, decisions[at + 7] as number];
  const exact = exactCost(input, output, inputPrices[index] as number, outputPrices[index] as number);
  if (exact >= 0) return high * TWO_32 + low === exact && high < EXACT_HIGH;
  const own = cost({ inputTokens: input, outputTokens: output } as Request, candidate);
  return own === (BigInt(high) << 32n) + BigInt(low);
}

/** Unsigned comparison. */
function isAtMost(words: Uint32Array, at: number, others: Uint32Array, otherAt: number): boolean {
  const [high, otherHigh] = [words[at + 1] as number, others[otherAt + 1] as number];
  return high < otherHigh || (high === otherHigh && (words[at] as number) <= (others[otherAt] as number));
}

/** Whether a signed value is above zero. */
function isUtility(words: Uint32Array, at: number): boolean {
  return (words[at + 1] as number) < SIGN && !isZero(words, at);
}

function isZero(words: Uint32Array, at: number): boolean {
  return words[at] === 0 && words[at + 1] === 0;
}

const REJECT: number = ACTION_CODES.reject;
const EXECUTED: number = ACTION_CODES.execute | (codeOf("execute") << 8);
const SUBSTITUTED: number = ACTION_CODES.substitute | (codeOf("substitute") << 8);
const TWO_32 = 2 ** 32;
/** Below this high word, two 32-bit words form an exact number. */
const EXACT_HIGH = 2 ** 21;
const SIGN = 2 ** 31;

const isReasonToReject: Uint8Array = reasonsToReject();

function reasonsToReject(): Uint8Array {
  const is = new Uint8Array(256);
  for (const code of Object.values(REASON_CODES)) is[code] = 1;
  for (const action of Object.keys(SELECTION_REASONS)) is[codeOf(action)] = 0;
  return is;
}

function codeOf(action: string): number {
  return REASON_CODES[SELECTION_REASONS[action] as keyof typeof REASON_CODES];
}
