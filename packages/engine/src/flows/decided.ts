/**
 * A decision as its caller sees it, read lazily from its record.
 * @module
 */
import {
  type Decision,
  type DecisionDigests,
  type Defaulted,
  decisionIdOf,
  type ExplainedRecommendation,
  type Request,
  readDecisionAt,
  readRequestAt,
  type Shortfall,
  toHex,
} from "@calybris/kernel";
import { AT, type DecisionRecord, DIGEST_BYTES, HAS } from "../journal/decision-record.ts";
import { defaultedIn, learningIn } from "../journal/read-record.ts";
import { headText } from "../journal/record-head.ts";

/**
 * A durable decision. Its members are read on access; {@link plainDecided} copies all of them into a plain object, to be
 * stored, compared or sent.
 */
export interface Decided {
  readonly decision: Decision;
  readonly request: Request;
  /** Journal sequence of its entry. */
  readonly sequence: number;
  /** Hash of its entry, in hexadecimal: the next entry is chained to it. */
  readonly entryHash: string;
  /** Identifies the decision for outcomes and settlements; encodes its sequence. */
  readonly decisionId: string;
  /** Identity digest in hexadecimal. */
  readonly identity: string;
  readonly digests: DecisionDigests;
  /** Id of the policy that decided. */
  readonly policyId: number;
  readonly useCase: string;
  readonly defaulted: readonly Defaulted[];
  readonly requestId?: string | undefined;
  /** The tenant that pays. */
  readonly tenant?: string | undefined;
  /** Set if the tenant had less headroom than the request would have spent. */
  readonly shortfall?: Shortfall | undefined;
  /** The origin of the floor, if the client gave none and the policy learns. */
  readonly learning?: ExplainedRecommendation | undefined;
  /** Whether the request id was decided before; then this is that decision. */
  readonly repeated: boolean;
}

/** A plain object with every present member. */
export function plainDecided(decided: Decided): Decided {
  const { requestId, tenant, shortfall, learning } = decided;
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
    ...(shortfall === undefined ? {} : { shortfall }),
    ...(learning === undefined ? {} : { learning }),
    repeated: decided.repeated,
  };
}

/** A decision backed by its record, proof included. */
export class RecordedDecision implements Decided {
  readonly #record: DecisionRecord;
  readonly repeated: boolean;

  constructor(record: DecisionRecord, repeated: boolean) {
    this.#record = record;
    this.repeated = repeated;
  }

  /** The record of a decision, for writers of answers; `undefined` for a plain object. */
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
    const { pages, at } = this.#record;
    const epoch = (at + AT.policyEpoch) >>> 3;
    return readDecisionAt(pages, at + AT.decision, {
      policyEpoch: pages.u64[epoch] as Decision["policyEpoch"],
      catalogEpoch: pages.u64[epoch + 1] as Decision["catalogEpoch"],
    });
  }

  get request(): Request {
    const { pages, at } = this.#record;
    return readRequestAt(pages, at + AT.request);
  }

  get policyId(): number {
    const { pages, at } = this.#record;
    return pages.u32[(at + AT.policyId) >>> 2] as number;
  }

  get useCase(): string {
    return headText(this.#record.pages, this.#record.at, "useCaseAt");
  }

  get defaulted(): readonly Defaulted[] {
    return defaultedIn(this.#record.pages, this.#record.at);
  }

  get requestId(): string | undefined {
    return this.#has(HAS.requestId) ? headText(this.#record.pages, this.#record.at, "requestIdAt") : undefined;
  }

  get tenant(): string | undefined {
    return this.#has(HAS.tenant) ? headText(this.#record.pages, this.#record.at, "tenantAt") : undefined;
  }

  get shortfall(): Shortfall | undefined {
    if (!this.#has(HAS.headroom)) return undefined;
    const { pages, at } = this.#record;
    return {
      headroomMicrocents: pages.i64[(at + AT.headroomMicrocents) >>> 3],
      askedMicrocents: pages.u64[(at + AT.askedBudget) >>> 3],
    } as Shortfall;
  }

  get learning(): ExplainedRecommendation | undefined {
    return this.#has(HAS.learning) ? learningIn(this.#record.pages, this.#record.at) : undefined;
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
