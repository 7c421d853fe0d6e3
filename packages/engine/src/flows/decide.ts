/**
 * The decide flow, as the sentence it implements:
 *
 *     request → router → governance → kernel → headroom → governance → record
 *
 * It changes only its own records. Inputs are policy, kernel, the number of the decision, the tenant's headroom and the
 * learner; outputs are the record of the decision, and the table that must be ordered before it. The router is used only if
 * the client gave no floor. `test/support/plain-decide.ts` is the same flow with objects; a test holds the two equal.
 * @module
 */
import {
  ALL_PROVIDERS,
  type Asked,
  type BeliefEntry,
  BPS_MAX,
  bps,
  breachOfDecision,
  type CostMicrocents,
  costMicrocents,
  type Decision,
  GOVERNANCE,
  invariant,
  type Microcents,
  mask,
  microcents,
  NO_BUDGET_LIMIT,
  REASON_CODES,
  type Reason,
  type Request,
} from "@calybris/kernel";
import type { ResolvedRequest } from "../intake/client-request.ts";
import { AT, HAS, type Pages, REASONS } from "../journal/decision-record.ts";
import { defaultedBits } from "../journal/lay-record.ts";
import { type DecidedValues, RecordEntry } from "../journal/record-entry.ts";
import { type HeadMembers, headBytesMax, layHead } from "../journal/record-head.ts";
import type { RecordShelf } from "../journal/record-shelf.ts";
import type { Account } from "../ledger/account.ts";
import { UNPROVEN } from "../ledger/reservations.ts";
import {
  ALL,
  BASE,
  DECISION_WORDS,
  type PreparedPolicy,
  REQUEST_WORDS,
  type RequestTerms,
  TWO_32,
} from "../prescribe/prepared-policy.ts";
import { NO_COST, NO_FEATURES, NO_HEAD, NOTHING_ASKED } from "./cleared-plan.ts";
import { isRejection, type LearnedFrom, type Learner, Recommender } from "./recommend.ts";
import type { Writable } from "./writable.ts";

/** The tenant that pays, and its headroom. */
export interface TenantHeadroom {
  /** `undefined` for a tenant without a limit. */
  readonly account: Account | undefined;
  /** The amount that may be reserved; `undefined` for a tenant without a limit. */
  readonly headroomMicrocents: bigint | undefined;
}

export class DecidePlan implements DecidedValues {
  /** The table that the decision was drawn from, if it is new. */
  table: BeliefEntry | undefined;
  /** The tenant's headroom, if it was too small. */
  exceededHeadroomMicrocents: Microcents | undefined;
  readonly #recommender: Recommender = new Recommender();
  /** Reused for each decision. */
  readonly #head: Writable<HeadMembers> = { ...NO_HEAD };
  readonly #asked: Writable<LearnedFrom> = { ...NOTHING_ASKED };
  #prepared!: PreparedPolicy;
  #resolved!: ResolvedRequest;
  #canaryId: number | undefined;
  #account: Account | undefined;
  #learner: Learner | undefined;
  #terms!: RequestTerms;
  #boundLow = ALL;
  #boundHigh = ALL;
  #slot: number = BASE;
  #most: number = BASE;
  /** The initial floor, and the floor of the decision that runs. */
  #firstFloorBps = 0;
  #floorBps = 0;
  /** Cost of the decision that runs; read from the record once. */
  #cost: CostMicrocents = NO_COST;
  readonly #prescribe = (slot: number): void => this.#prescribeInto(slot);

  /**
   * Decides a resolved request; the decision is kept until the next call.
   *
   * @param canaryId - the policy's id if it is not the active one: the entry names it.
   */
  decide(
    prepared: PreparedPolicy,
    resolved: ResolvedRequest,
    learner: Learner | undefined,
    headroom?: TenantHeadroom,
    canaryId?: number,
  ): void {
    this.#canaryId = canaryId;
    this.#prepared = prepared;
    this.#resolved = resolved;
    this.#account = headroom?.account;
    const isFloorDefaulted = resolved.defaulted.includes("floor");
    this.#learner = isFloorDefaulted && resolved.features !== undefined ? learner : undefined;
    this.table = undefined;
    this.exceededHeadroomMicrocents = undefined;
    prepared.take(resolved.request);
    this.#bound(isFloorDefaulted);
    this.#firstFloorBps = prepared.request[11] as number;
    this.#answer();
    this.#keepWithin(headroom);
    this.#conclude();
  }

  /**
   * Decides the same request again with a smaller budget, because the tenant's headroom does not cover a candidate's bound.
   */
  decideWithin(budgetMicrocents: bigint, headroomMicrocents: bigint): void {
    this.#prepared.request[11] = this.#firstFloorBps;
    this.#answerWithin(budgetMicrocents, headroomMicrocents);
    this.#conclude();
  }

  /** Records that the tenant has less headroom than the request would have spent; the decision is unchanged. */
  noteShortfall(headroomMicrocents: bigint): void {
    this.exceededHeadroomMicrocents = microcents(headroomMicrocents);
  }

  /** Every selection that was considered: the one that runs, and those by other draws or by the use case's floor. */
  considered(): readonly { readonly candidateId: number; readonly costMicrocents: bigint }[] {
    const { decisions } = this.#prepared;
    const slots = this.#learner === undefined ? [BASE] : this.#recommender.slots;
    return slots.flatMap((slot) =>
      isRejection(decisions, slot)
        ? []
        : [
            {
              candidateId: decisions[slot * DECISION_WORDS + 3] as number,
              costMicrocents: this.#prepared.costOf(slot),
            },
          ],
    );
  }

  #conclude(): void {
    const prepared = this.#prepared;
    prepared.request[11] = this.#floorBps;
    // Governance is checked against this cost.
    this.#cost = costMicrocents(prepared.costOf(this.#slot));
    this.#govern();
    prepared.requireConsistent(this.#slot);
  }

  /** Whether the decision is a rejection. */
  get isRejected(): boolean {
    return isRejection(this.#prepared.decisions, this.#slot);
  }

  get costMicrocents(): CostMicrocents {
    return this.#cost;
  }

  get number(): Request["sequence"] {
    return this.#resolved.request.sequence;
  }

  /** The request as decided: within the bounds of policy and headroom, with the recommended floor. */
  get decidedRequest(): Request {
    const { request: words } = this.#prepared;
    const bounds = {
      budgetLimitMicrocents: costMicrocents(longAt(words, 8)),
      providersAllowed: mask(longAt(words, 16)),
    };
    return { ...this.#resolved.request, ...bounds, qualityMinBps: bps(this.#floorBps) };
  }

  /** The features of the recommendation. */
  get features(): readonly number[] {
    return this.#learner === undefined ? NO_FEATURES : (this.#resolved.features ?? NO_FEATURES);
  }

  /** 0 for none. */
  get selectedId(): number {
    return this.#prepared.decisions[this.#slot * DECISION_WORDS + 3] as number;
  }

  get reason(): Reason {
    return REASONS[((this.#prepared.decisions[this.#slot * DECISION_WORDS + 2] as number) >>> 8) & 0xff] as Reason;
  }

  /** Writes the decision as a record. */
  layInto(shelf: RecordShelf): RecordEntry {
    const { policy, request, decisions } = this.#prepared;
    const resolved = this.#resolved;
    const { features } = this;
    const members = this.#members();
    const headAt = AT.features + 8 * features.length;
    shelf.place(headAt + headBytesMax(members));
    const { pages, at } = shelf;
    const { u8, u16, u32, u64, i64, f64 } = pages;
    const asked = (at + AT.request) >>> 2;
    const made = (at + AT.decision) >>> 2;
    for (let word = 0; word < REQUEST_WORDS; word++) u32[asked + word] = request[word] as number;
    const from = this.#slot * DECISION_WORDS;
    for (let word = 0; word < DECISION_WORDS; word++) u32[made + word] = decisions[from + word] as number;
    u64[(at + AT.policyEpoch) >>> 3] = policy.snapshot.policy.policyEpoch;
    u64[(at + AT.catalogEpoch) >>> 3] = policy.snapshot.policy.catalogEpoch;
    u8.set(policy.digest, at + AT.policyDigest);
    u32[(at + AT.policyId) >>> 2] = policy.id;
    this.#layBounds(u32, (at + AT.boundBudget) >>> 2);
    u64[(at + AT.askedBudget) >>> 3] = members.asked?.budgetMicrocents ?? NO_BUDGET_LIMIT;
    i64[(at + AT.headroomMicrocents) >>> 3] = this.exceededHeadroomMicrocents ?? 0n;
    u16[(at + AT.featureCount) >>> 1] = features.length;
    for (let index = 0; index < features.length; index++)
      f64[((at + AT.features) >>> 3) + index] = features[index] as number;
    u16[(at + AT.armCount) >>> 1] = 0;
    let has = members.requestId === undefined ? 0 : HAS.requestId;
    if (members.tenant !== undefined) has |= HAS.tenant;
    if (this.exceededHeadroomMicrocents !== undefined) has |= HAS.headroom;
    if (this.#learner !== undefined) has |= this.#recommender.layInto(pages, at, decisions, resolved.textScore);
    u32[(at + AT.has) >>> 2] = has;
    const isTenantDefaulted = this.#account !== undefined && resolved.tenant === undefined;
    const defaulted = defaultedBits(resolved.defaulted) | (isTenantDefaulted ? TENANT_DEFAULTED : 0);
    u8[at + AT.defaulted] = defaulted;
    const bytes = (layHead(pages, at, at + headAt, members, defaulted) - at + 7) & ~7;
    u32[at >>> 2] = bytes;
    const entry = new RecordEntry(shelf, members, this, UNPROVEN);
    shelf.take(bytes);
    return entry;
  }

  /** The members of the entry before its request. */
  #members(): HeadMembers {
    const head = this.#head;
    const resolved = this.#resolved;
    const account = this.#account;
    head.requestId = resolved.requestId;
    head.policyId = this.#canaryId;
    head.actor = resolved.actor;
    head.onBehalfOf = resolved.onBehalfOf;
    head.useCase = resolved.useCase;
    head.tenant = resolved.tenant ?? account?.tenant;
    head.reservationSeconds = account === undefined ? undefined : resolved.reservationSeconds;
    head.headroomMicrocents = this.exceededHeadroomMicrocents;
    head.asked = this.#sent();
    head.tags = resolved.tags;
    head.session = resolved.session;
    head.promptDigest = resolved.promptDigest;
    return head;
  }

  /** The client's budget and providers, where the entry holds another value, or omits an equal one. */
  #sent(): Asked | undefined {
    const { request: words } = this.#prepared;
    const { budgetLimitMicrocents: budget, providersAllowed: providers } = this.#resolved.request;
    const { providersLow, providersHigh } = this.#terms;
    const isBudget =
      budget !== NO_BUDGET_LIMIT &&
      (budget !== longAt(words, 8) || (words[8] === this.#boundLow && words[9] === this.#boundHigh));
    const isProviders =
      providers !== ALL_PROVIDERS &&
      (providers !== longAt(words, 16) || (words[16] === providersLow && words[17] === providersHigh));
    if (!isBudget && !isProviders) return undefined;
    return { ...(isBudget ? { budgetMicrocents: budget } : {}), ...(isProviders ? { providers } : {}) };
  }

  /** Bounds the request by its policy, before the kernel decides it. */
  #bound(isFloorDefaulted: boolean): void {
    const { request } = this.#prepared;
    const terms = this.#prepared.termsOf(request[2] as number);
    this.#terms = terms;
    this.#boundLow = ALL;
    this.#boundHigh = ALL;
    if (terms.isLimited) this.#boundBudget(this.#prepared.boundingCost(terms));
    const low = request[8] as number;
    const high = request[9] as number;
    if (this.#boundHigh < high || (this.#boundHigh === high && this.#boundLow < low)) {
      request[8] = this.#boundLow;
      request[9] = this.#boundHigh;
    }
    request[16] = (request[16] as number) & terms.providersLow;
    request[17] = (request[17] as number) & terms.providersHigh;
    if (isFloorDefaulted && (request[11] as number) > terms.floorMostBps) request[11] = terms.floorMostBps;
  }

  #boundBudget(cost: bigint | number): void {
    if (typeof cost === "number") {
      this.#boundLow = cost >>> 0;
      this.#boundHigh = Math.floor(cost / TWO_32);
    } else {
      this.#boundLow = Number(BigInt.asUintN(32, cost));
      this.#boundHigh = Number(cost >> 32n);
    }
  }

  /** Decides by the learner, if there is one and the client gave no floor; otherwise by the kernel alone. */
  #answer(): void {
    const { request } = this.#prepared;
    this.#slot = BASE;
    this.#most = BASE;
    this.#floorBps = request[11] as number;
    if (this.#learner === undefined) {
      this.#prescribeInto(BASE);
      return;
    }
    const { useCase, textScore, features = NO_FEATURES, request: sent } = this.#resolved;
    const asked = this.#asked;
    asked.useCase = useCase;
    asked.warmStartBps = sent.qualityMinBps;
    asked.floorMostBps = this.#terms.floorMostBps;
    asked.features = features;
    asked.textScore = textScore;
    const recommender = this.#recommender;
    recommender.recommend(this.#learner, asked, this.#prepared, this.#prescribe);
    this.#slot = recommender.chosen;
    this.#most = recommender.most;
    this.#floorBps = recommender.floorBps;
    this.table = recommender.toOrder;
  }

  /**
   * Keeps the decision if the headroom covers it. Otherwise the headroom becomes the request's budget, so that the kernel
   * finds the best candidate that fits, or the reason that none does; for a tenant without substitution, the budget is 0.
   */
  #keepWithin(headroom: TenantHeadroom | undefined): void {
    if (headroom?.account === undefined || headroom.headroomMicrocents === undefined) return;
    const { account, headroomMicrocents } = headroom;
    if (this.#prepared.costOf(this.#most) <= headroomMicrocents) return;
    this.#answerWithin(account.limit.onShortfall === "substitute" ? headroomMicrocents : 0n, headroomMicrocents);
  }

  #answerWithin(budgetMicrocents: bigint, headroomMicrocents: bigint): void {
    const budget = costMicrocents(budgetMicrocents);
    const { request } = this.#prepared;
    request[8] = Number(BigInt.asUintN(32, budget));
    request[9] = Number(budget >> 32n);
    this.exceededHeadroomMicrocents = microcents(headroomMicrocents);
    this.#answer();
  }

  /** Rejects if governance does, whatever the kernel would decide. A policy is never looser, so the kernel would agree. */
  #prescribeInto(slot: number): void {
    const { request, policy } = this.#prepared;
    const bps = request[10] as number;
    const riskBps = bps & 0xffff;
    const confidenceBps = bps >>> 16;
    if (riskBps < GOVERNANCE.riskHardLimitBps && confidenceBps >= GOVERNANCE.confidenceMinBps) {
      invariant(
        confidenceBps <= BPS_MAX && (request[11] as number) <= BPS_MAX,
        "ranges are checked where requests are read",
      );
      this.#prepared.decide(slot);
      return;
    }
    const isRisk = riskBps >= policy.snapshot.policy.riskHardLimitBps || riskBps >= GOVERNANCE.riskHardLimitBps;
    this.#prepared.reject(slot, REASON_CODES[isRisk ? "risk_hard_limit" : "confidence_hard_limit"]);
  }

  /**
   * The decision that runs must respect governance, whatever the kernel decided. Amounts exact as numbers avoid `bigint`.
   */
  #govern(): void {
    if (this.isRejected) return;
    const { request, decisions } = this.#prepared;
    const at = this.#slot * DECISION_WORDS;
    const confidenceBps = (request[10] as number) >>> 16;
    const costHigh = decisions[at + 7] as number;
    const valueHigh = request[7] as number;
    if (costHigh < EXACT_HIGH && valueHigh < EXACT_HIGH) {
      const cost = costHigh * TWO_32 + (decisions[at + 6] as number);
      const value = valueHigh * TWO_32 + (request[6] as number);
      const respects = value * confidenceBps >= BPS_MAX && cost * BPS_MAX < value * GOVERNANCE.costToValueLimitBps;
      if (cost === 0 || respects) return;
    }
    const breach = breachOfDecision(
      { valueMicrocents: this.#prepared.value, confidenceBps } as Request,
      { action: "execute", costMicrocents: this.costMicrocents } as Decision,
    );
    invariant(breach === undefined, `what runs respects governance, but ${breach}`);
  }

  #layBounds(u32: Pages["u32"], at: number): void {
    const { providersLow, providersHigh } = this.#terms;
    u32[at] = this.#boundLow;
    u32[at + 1] = this.#boundHigh;
    u32[at + 2] = providersLow;
    u32[at + 3] = providersHigh;
  }
}

const TENANT_DEFAULTED: number = defaultedBits(["tenant"]);
/** Below this high word, an amount times 12,500 is exact as a number. */
const EXACT_HIGH = 128;

function longAt(words: Uint32Array, at: number): bigint {
  return mask((BigInt(words[at + 1] as number) << 32n) | BigInt(words[at] as number));
}
