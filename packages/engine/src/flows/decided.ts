/**
 * What a decision looks like to whoever asked for it: read from its record when it is looked at.
 * @module
 */
import {
  type Arm,
  type Decision,
  type DecisionDigests,
  DEFAULTED,
  type Defaulted,
  decisionIdOf,
  type ExplainedRecommendation,
  FLOOR_SOURCES,
  type FloorSource,
  type Request,
  type ShortOfRoom,
  toHex,
} from "@calybris/kernel";
import {
  ACTIONS,
  ARM_BYTES,
  AT,
  DECISION,
  DIGEST_BYTES,
  type DecisionRecord,
  HAS,
  type Pages,
  REASONS,
} from "../journal/decision-record.ts";
import { headText } from "../journal/record-head.ts";

/**
 * A decision that is durable. Its members are read when they are looked at; {@link plainDecided} copies all of them into an
 * object of its own, to be kept, compared or sent elsewhere.
 */
export interface Decided {
  readonly decision: Decision;
  readonly request: Request;
  /** Journal sequence of its entry. */
  readonly sequence: number;
  /** Hash of its entry, in hexadecimal: the next entry is chained to it. */
  readonly entryHash: string;
  /** Names the decision for outcomes and settlements; encodes its sequence. */
  readonly decisionId: string;
  /** Identity digest in hexadecimal. */
  readonly identity: string;
  readonly digests: DecisionDigests;
  /** The snapshot it was decided under. */
  readonly policyId: number;
  readonly useCase: string;
  readonly defaulted: readonly Defaulted[];
  readonly requestId?: string | undefined;
  /** Whose money it is. */
  readonly tenant?: string | undefined;
  /** The tenant had less room than the request would have spent. */
  readonly short?: ShortOfRoom | undefined;
  /** How the floor came about, when the client gave none and the policy learns. */
  readonly learning?: ExplainedRecommendation | undefined;
  /** The request id was decided before; this is that decision. */
  readonly repeated: boolean;
}

/** Every member that is there, as an object of its own. */
export function plainDecided(decided: Decided): Decided {
  const { requestId, tenant, short, learning } = decided;
  return {
    decision: decided.decision,
    request: decided.request,
    sequence: decided.sequence,
    entryHash: decided.entryHash,
    decisionId: decided.decisionId,
    identity: decided.identity,
    digests: decided.digests,
    policyId: decided.policyId,
    useCase: decided.useCase,
    defaulted: decided.defaulted,
    ...(requestId === undefined ? {} : { requestId }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(short === undefined ? {} : { short }),
    ...(learning === undefined ? {} : { learning }),
    repeated: decided.repeated,
  };
}

/** A decision as its record says it, proof included. */
export class RecordedDecision implements Decided {
  readonly #record: DecisionRecord;
  readonly repeated: boolean;

  constructor(record: DecisionRecord, repeated: boolean) {
    this.#record = record;
    this.repeated = repeated;
  }

  /** The record of a decision, for writers of answers; `undefined` for one that is an object. */
  static recordOf(decided: Decided): DecisionRecord | undefined {
    return #record in decided ? decided.#record : undefined;
  }

  toJSON(): Decided {
    return plainDecided(this);
  }

  get sequence(): number {
    const { pages, at } = this.#record;
    return pages.f64[(at + AT.sequence) >>> 3] as number;
  }

  get entryHash(): string {
    return this.#hex(AT.entryHash);
  }

  get decisionId(): string {
    return decisionIdOf(this.sequence, identityNumberOf(this.#record));
  }

  get identity(): string {
    return this.#hex(AT.identity);
  }

  get digests(): DecisionDigests {
    const { pages, at } = this.#record;
    const digest = (field: number): Uint8Array => pages.u8.slice(at + field, at + field + DIGEST_BYTES);
    return {
      policy: digest(AT.policyDigest),
      request: digest(AT.requestDigest),
      decision: digest(AT.decisionDigest),
      identity: digest(AT.identity),
    };
  }

  get decision(): Decision {
    return decisionIn(this.#record);
  }

  get request(): Request {
    return requestIn(this.#record);
  }

  get policyId(): number {
    const { pages, at } = this.#record;
    return pages.u32[(at + AT.policyId) >>> 2] as number;
  }

  get useCase(): string {
    return headText(this.#record.pages, this.#record.at, "useCaseAt");
  }

  get defaulted(): readonly Defaulted[] {
    const { pages, at } = this.#record;
    const bits = pages.u8[at + AT.defaulted] as number;
    return DEFAULTED.filter((_name, bit) => (bits & (1 << bit)) !== 0);
  }

  get requestId(): string | undefined {
    return this.#has(HAS.requestId) ? headText(this.#record.pages, this.#record.at, "requestIdAt") : undefined;
  }

  get tenant(): string | undefined {
    return this.#has(HAS.tenant) ? headText(this.#record.pages, this.#record.at, "tenantAt") : undefined;
  }

  get short(): ShortOfRoom | undefined {
    if (!this.#has(HAS.short)) return undefined;
    const { pages, at } = this.#record;
    return {
      roomMicrocents: pages.i64[(at + AT.roomMicrocents) >>> 3],
      askedMicrocents: pages.u64[(at + AT.askedBudget) >>> 3],
    } as ShortOfRoom;
  }

  get learning(): ExplainedRecommendation | undefined {
    return this.#has(HAS.learning) ? learningIn(this.#record) : undefined;
  }

  #has(bit: number): boolean {
    const { pages, at } = this.#record;
    return ((pages.u32[(at + AT.has) >>> 2] as number) & bit) !== 0;
  }

  #hex(field: number): string {
    const { pages, at } = this.#record;
    return toHex(pages.u8.subarray(at + field, at + field + DIGEST_BYTES));
  }
}

/** The first 32 bits of the identity, once the record is proven. */
export function identityNumberOf({ pages: { u8 }, at }: DecisionRecord): number {
  const from = at + AT.identity;
  const byte = (index: number): number => u8[from + index] as number;
  return ((byte(0) << 24) | (byte(1) << 16) | (byte(2) << 8) | byte(3)) >>> 0;
}

function requestIn({ pages, at }: DecisionRecord): Request {
  const { u16, u32, u64, i64 } = pages;
  const from = at + AT.request;
  const [h, w, d] = [from >>> 1, from >>> 2, from >>> 3];
  return {
    sequence: u64[d],
    requestedId: u32[w + 2],
    inputTokens: u32[w + 3],
    outputTokens: u32[w + 4],
    valueMicrocents: i64[d + 3],
    budgetLimitMicrocents: u64[d + 4],
    riskBps: u16[h + 20],
    confidenceBps: u16[h + 21],
    qualityMinBps: u16[h + 22],
    latencyMaxMs: u32[w + 12],
    capabilitiesRequired: u64[d + 7],
    providersAllowed: u64[d + 8],
    regionsRequired: u64[d + 9],
  } as unknown as Request;
}

function decisionIn({ pages, at }: DecisionRecord): Decision {
  const { u8, u16, u32, u64, i64 } = pages;
  const from = at + AT.decision;
  const [h, w, d] = [from >>> 1, from >>> 2, from >>> 3];
  return {
    sequence: u64[d],
    action: ACTIONS[u8[from + DECISION.action] as number],
    reason: REASONS[u8[from + DECISION.reason] as number],
    selectedId: u32[w + 3],
    selectedIndex: u16[h + 8],
    costMicrocents: u64[d + 3],
    utilityMicrocents: i64[d + 4],
    counterfactualId: u32[w + 5],
    counterfactualUtilityMicrocents: i64[d + 5],
    evaluatedCount: u16[h + 5],
    eligibleCount: u16[h + 9],
    policyEpoch: u64[(at + AT.policyEpoch) >>> 3],
    catalogEpoch: u64[(at + AT.catalogEpoch) >>> 3],
  } as unknown as Decision;
}

function learningIn({ pages, at }: DecisionRecord): ExplainedRecommendation {
  const { u8, i8, u32, f64 } = pages;
  const has = u32[(at + AT.has) >>> 2] as number;
  const double = (field: number): number => f64[(at + field) >>> 3] as number;
  const features = (at + AT.features) >>> 3;
  return {
    regime: u8[at + AT.regime] as number,
    score: double(AT.score),
    features: Array.from(f64.subarray(features, features + (u8[at + AT.featureCount] as number))),
    ...((has & HAS.textScore) === 0 ? {} : { textScore: double(AT.textScore) }),
    floorBps: u32[(at + AT.floorBps) >>> 2] as number,
    source: FLOOR_SOURCES[u8[at + AT.source] as number] as FloorSource,
    anomalous: (has & HAS.anomalous) !== 0,
    holdout: (has & HAS.holdout) !== 0,
    belief: double(AT.belief),
    draw: u32[(at + AT.draw) >>> 2] as number,
    tier: i8[at + AT.tier] as number,
    propensity: double(AT.propensity),
    explored: (has & HAS.explored) !== 0,
    arms: armsIn(pages, at),
    baseId: u32[(at + AT.baseId) >>> 2] as number,
  };
}

function armsIn({ u8, u32, f64 }: Pages, at: number): readonly Arm[] {
  return Array.from({ length: u8[at + AT.armCount] as number }, (_, arm) => {
    const from = at + AT.arms + arm * ARM_BYTES;
    return {
      tier: u32[(from + 12) >>> 2] as number,
      candidateId: u32[(from + 8) >>> 2] as number,
      propensity: f64[from >>> 3] as number,
    };
  });
}
