/**
 * A policy as the decide flow uses it: the kernel's records of one request and its decisions, whose words the flow reads
 * and writes directly, and the terms that the policy adds to a request before the kernel decides.
 *
 * Words of a request's record: 0 number, 2 requested, 3 input, 4 output, 6 value, 8 budget, 10 risk and confidence, 11 floor,
 * 12 latency, 14 capabilities, 16 providers, 18 regions. Of a decision's: 0 number, 2 action, reason and count evaluated,
 * 3 selected, 4 its position and count eligible, 5 runner-up, 6 cost, 8 utility, 10 that of the runner-up.
 * @module
 */
import {
  ACTION_CODES,
  ALL_PROVIDERS,
  BPS_MAX,
  boundsOf,
  type CandidateId,
  candidateId,
  costShare,
  DECISION_BYTES,
  type Decision,
  exactCost,
  floorWithin,
  type Kernel,
  NO_BUDGET_LIMIT,
  NO_INDEX,
  type PolicySnapshot,
  REQUEST_BYTES,
  type Request,
  readRequestAt,
  SIXTEENTHS,
  TIER_COUNT_MAX,
  tokens,
  WasmKernel,
  writeDecisionAt,
  writeRequestAt,
} from "@calybris/kernel";
import { type Pages, pagesOf } from "../journal/decision-record.ts";
import { requireConsistent } from "./consistent-decision.ts";
import { type ConsistentPolicy, consistentPolicy, requireConsistentRecord } from "./consistent-record.ts";

/** The decision slots of one request: by the use case's floor, by each tier that may be drawn, by a free floor. */
export const BASE = 0;
export const FIRST_TIER = 1;
export const FREE: number = FIRST_TIER + TIER_COUNT_MAX;
const SLOTS = FREE + 1;
const REJECT: number = ACTION_CODES.reject;
export const REQUEST_WORDS: number = REQUEST_BYTES / 4;
export const DECISION_WORDS: number = DECISION_BYTES / 4;
/** Both words of an unlimited budget, or of a mask that allows any provider. */
export const ALL = 0xffff_ffff;
export const TWO_32: number = 2 ** 32;
/** The whole value as a share of itself, in sixteenths of a basis point. Products below the next limit are exact. */
const COST_SHARE_ONE: number = BPS_MAX * SIXTEENTHS;
const SPENT_EXACT_MAX: number = Math.floor(Number.MAX_SAFE_INTEGER / COST_SHARE_ONE);
const VALUE_EXACT_MAX: number = Number.MAX_SAFE_INTEGER;

/** A policy's budget, providers and floor for a requested candidate. */
export interface RequestTerms {
  /** Whether the requested candidate's cost bounds the budget. */
  readonly isLimited: boolean;
  /** Prices of the requested candidate. */
  readonly inputPrice: number;
  readonly outputPrice: number;
  readonly providersLow: number;
  readonly providersHigh: number;
  /** The highest quality floor that may be set; where spending is limited, the quality of the requested candidate. */
  readonly floorMostBps: number;
}

/** The policy that decides. */
export interface DecidesUnder {
  readonly id: number;
  readonly snapshot: PolicySnapshot;
  /** `calypol1`. */
  readonly digest: Uint8Array;
}

export class PreparedPolicy {
  readonly policy: DecidesUnder;
  /** The kernel, for callers that use objects. It may overwrite the records. */
  readonly kernel: Kernel;
  /** The kernel's record of the request. */
  readonly request: Uint32Array;
  /** The kernel's records of the decisions, by slot. */
  readonly decisions: Uint32Array;
  readonly #requestPages: Pages;
  readonly #decisionPages: Pages;
  readonly #decide: (slot: number) => void;
  readonly #terms = new Map<number, RequestTerms>();
  readonly #consistent: ConsistentPolicy;
  /** Latency penalty by candidate; exact up to about 2^53. */
  readonly #penalties: readonly number[];
  /** Decisions of a custom kernel, by slot. */
  readonly #given: (Decision | undefined)[] = [];

  /** @param kernel - a custom kernel; the package's own, which decides in place, if `undefined`. */
  constructor(policy: DecidesUnder, kernel: Kernel | undefined) {
    this.policy = policy;
    const { policy: rules } = policy.snapshot;
    this.#consistent = consistentPolicy(rules);
    this.#penalties = rules.candidates.map((_, index) => Number(this.#latencyPenalty(index)));
    if (kernel === undefined) {
      const own = new WasmKernel(rules, SLOTS);
      this.kernel = own;
      const [from, to] = [own.requestAddress(0), own.decisionAddress(0)];
      this.request = own.requestWords().subarray(0, REQUEST_WORDS);
      this.decisions = own.decisionWords();
      this.#decide = (slot) => own.decide(from, to + slot * DECISION_BYTES);
    } else {
      this.kernel = kernel;
      this.request = new Uint32Array(REQUEST_WORDS);
      this.decisions = new Uint32Array(SLOTS * DECISION_WORDS);
      this.#decide = (slot) => this.#decideBy(kernel, slot);
    }
    this.#requestPages = pagesOf(this.request.buffer, this.request.byteOffset, REQUEST_BYTES);
    this.#decisionPages = pagesOf(this.decisions.buffer, this.decisions.byteOffset, SLOTS * DECISION_BYTES);
  }

  /** Writes a rejection that the kernel did not make into a slot. */
  reject(slot: number, reason: number): void {
    const { request, decisions } = this;
    const at = slot * DECISION_WORDS;
    this.#given[slot] = undefined;
    decisions.fill(0, at, at + DECISION_WORDS);
    decisions[at] = request[0] as number;
    decisions[at + 1] = request[1] as number;
    decisions[at + 2] = REJECT | (reason << 8);
    decisions[at + 4] = NO_INDEX;
  }

  /** Writes a request into the record, as the client sent it. */
  take(request: Request): void {
    writeRequestAt(this.#requestPages, 0, request);
  }

  /** Writes the kernel's decision on the current request into a slot. */
  decide(slot: number): void {
    this.#decide(slot);
  }

  /** @throws InvariantViolation naming the invariant that the decision in a slot breaks. */
  requireConsistent(slot: number): void {
    const given = this.#given[slot];
    if (given === undefined) {
      requireConsistentRecord(this.#consistent, this.request, this.decisions, slot * DECISION_WORDS);
      return;
    }
    requireConsistent(this.policy.snapshot.policy, readRequestAt(this.#requestPages, 0), given);
  }

  costOf(slot: number): bigint {
    return this.#decisionPages.u64[slot * (DECISION_BYTES / 8) + 3] as bigint;
  }

  /**
   * The share of the value that the candidate in a slot spends, in sixteenths of a basis point: cost and latency as the
   * kernel counts them. The usual case is exact in numbers.
   */
  costShareOf(slot: number): number {
    const { request, decisions } = this;
    const at = slot * DECISION_WORDS;
    const penalty = this.#penalties[(decisions[at + 4] as number) & 0xffff] as number;
    const spent = (decisions[at + 7] as number) * TWO_32 + (decisions[at + 6] as number) + penalty;
    const value = (request[7] as number) * TWO_32 + (request[6] as number);
    if (spent < SPENT_EXACT_MAX && value > 0 && value < VALUE_EXACT_MAX && spent < value)
      return Math.floor((spent * COST_SHARE_ONE) / value);
    return costShare(this.costOf(slot) + this.#latencyPenalty((decisions[at + 4] as number) & 0xffff), this.value);
  }

  #latencyPenalty(index: number): bigint {
    const { candidates, latencyPenaltyMicrocentsPerMs } = this.policy.snapshot.policy;
    return BigInt(candidates[index]?.latencyP95Ms ?? 0) * latencyPenaltyMicrocentsPerMs;
  }

  get value(): bigint {
    return this.#requestPages.i64[3] as bigint;
  }

  /** The policy's terms for a requested candidate; 0 for none. */
  termsOf(requested: number): RequestTerms {
    let terms = this.#terms.get(requested);
    if (terms === undefined) {
      terms = this.#newTerms(candidateId(requested));
      this.#terms.set(requested, terms);
    }
    return terms;
  }

  /** The cost that bounds the budget of the request, exact in every case; in the usual case a number suffices. */
  boundingCost(terms: RequestTerms): bigint | number {
    const { request } = this;
    const [input, output] = [request[3] as number, request[4] as number];
    const exact = exactCost(input, output, terms.inputPrice, terms.outputPrice);
    if (exact >= 0) return exact;
    const asked = {
      requestedId: candidateId(request[2] as number),
      inputTokens: tokens(input),
      outputTokens: tokens(output),
    };
    return boundsOf(this.policy.snapshot, asked).budgetLimitMicrocents;
  }

  #newTerms(requestedId: CandidateId): RequestTerms {
    const { snapshot } = this.policy;
    const unbounded = boundsOf(snapshot, { requestedId, inputTokens: tokens(0), outputTokens: tokens(0) });
    const candidate = snapshot.policy.candidates.find(({ id }) => id === requestedId);
    const providers = unbounded.providersAllowed;
    return {
      isLimited: unbounded.budgetLimitMicrocents !== NO_BUDGET_LIMIT,
      inputPrice: Number(candidate?.inputPriceMicrocents ?? 0n),
      outputPrice: Number(candidate?.outputPriceMicrocents ?? 0n),
      providersLow: Number(providers & BigInt(ALL)),
      providersHigh: providers === ALL_PROVIDERS ? ALL : Number(providers >> 32n),
      floorMostBps: floorWithin(snapshot, requestedId, BPS_MAX),
    };
  }

  /** Decides with a kernel that takes objects. The decision is kept: an invalid one may not fit the record. */
  #decideBy(kernel: Kernel, slot: number): void {
    const decision = kernel.prescribe(readRequestAt(this.#requestPages, 0));
    this.#given[slot] = decision;
    writeDecisionAt(this.#decisionPages, slot * DECISION_BYTES, decision);
  }
}
