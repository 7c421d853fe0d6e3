/**
 * The entry of a decision that is being ordered: what the state receives, read lazily from its record.
 * @module
 */
import {
  type DecisionEntry,
  type Defaulted,
  NO_BUDGET_LIMIT,
  ALL_PROVIDERS,
  type Recommendation,
  type RecordedDecision,
  type Request,
  type RequestBounds,
} from "@calybris/kernel";
import { ACTIONS, AT, DECISION, type DecisionRecord, HAS, type Pages, REASONS } from "./decision-record.ts";
import { defaultedIn, recommendationIn, requestIn } from "./read-record.ts";
import type { HeadMembers } from "./record-head.ts";

export class RecordEntry {
  readonly kind = "decision";
  readonly record: DecisionRecord;
  readonly identity: string;
  readonly #members: HeadMembers;
  readonly #features: readonly number[];
  #request: Request | undefined;
  #learning: RecordRecommendation | undefined;
  #decision: RecordedDecision | undefined;

  /**
   * @param members - those before the request, which the record holds as text.
   * @param features - of its recommendation.
   */
  constructor(record: DecisionRecord, members: HeadMembers, features: readonly number[], identity: string) {
    this.record = record;
    this.identity = identity;
    this.#members = members;
    this.#features = features;
  }

  /** As one that was written out: what it does not have is `undefined`. */
  get entry(): DecisionEntry {
    return this as unknown as DecisionEntry;
  }

  /** The same, once its identity is known. */
  proven(identity: string): RecordEntry {
    return new RecordEntry(this.record, this.#members, this.#features, identity);
  }

  get requestId(): DecisionEntry["requestId"] {
    return this.#members.requestId;
  }

  get actor(): DecisionEntry["actor"] {
    return this.#members.actor;
  }

  get onBehalfOf(): DecisionEntry["onBehalfOf"] {
    return this.#members.onBehalfOf;
  }

  get useCase(): string {
    return this.#members.useCase;
  }

  get defaulted(): readonly Defaulted[] {
    return defaultedIn(this.record.pages, this.record.at);
  }

  get tenant(): DecisionEntry["tenant"] {
    return this.#members.tenant;
  }

  get reservationSeconds(): DecisionEntry["reservationSeconds"] {
    return this.#members.reservationSeconds;
  }

  get roomMicrocents(): DecisionEntry["roomMicrocents"] {
    return this.#members.roomMicrocents;
  }

  get asked(): DecisionEntry["asked"] {
    return this.#members.asked;
  }

  get tags(): DecisionEntry["tags"] {
    return this.#members.tags;
  }

  get session(): DecisionEntry["session"] {
    return this.#members.session;
  }

  get promptDigest(): DecisionEntry["promptDigest"] {
    return this.#members.promptDigest;
  }

  get request(): Request {
    this.#request ??= requestIn(this.record.pages, this.record.at + AT.request);
    return this.#request;
  }

  /** The number of the decision, which its request has. */
  get number(): Request["sequence"] {
    const { pages, at } = this.record;
    return pages.u64[(at + AT.request) >>> 3] as Request["sequence"];
  }

  get bounds(): RequestBounds | undefined {
    const { pages, at } = this.record;
    const budget = pages.u64[(at + AT.boundBudget) >>> 3] as RequestBounds["budgetLimitMicrocents"];
    const providers = pages.u64[(at + AT.boundProviders) >>> 3] as RequestBounds["providersAllowed"];
    if (budget === NO_BUDGET_LIMIT && providers === ALL_PROVIDERS) return undefined;
    return { budgetLimitMicrocents: budget, providersAllowed: providers };
  }

  get learning(): Recommendation | undefined {
    const { pages, at } = this.record;
    if (((pages.u32[(at + AT.has) >>> 2] as number) & HAS.learning) === 0) return undefined;
    this.#learning ??= new RecordRecommendation(this.record, this.#features);
    return this.#learning as unknown as Recommendation;
  }

  get decision(): RecordedDecision {
    this.#decision ??= recordedIn(this.record.pages, this.record.at + AT.decision);
    return this.#decision;
  }
}

/** The number of a decision. Of a record it is read without the rest of its request. */
export function decisionNumberOf(entry: DecisionEntry): Request["sequence"] {
  const given: unknown = entry;
  return given instanceof RecordEntry ? given.number : entry.request.sequence;
}

/** A recommendation; what the state asks of it at every decision is read by itself. */
class RecordRecommendation {
  readonly features: readonly number[];
  readonly #record: DecisionRecord;

  constructor(record: DecisionRecord, features: readonly number[]) {
    this.#record = record;
    this.features = features;
  }

  get regime(): number {
    const { pages, at } = this.#record;
    return pages.u8[at + AT.regime] as number;
  }

  get anomalous(): boolean {
    const { pages, at } = this.#record;
    return ((pages.u32[(at + AT.has) >>> 2] as number) & HAS.anomalous) !== 0;
  }

  get score(): number {
    return this.#whole.score;
  }

  get textScore(): number | undefined {
    return this.#whole.textScore;
  }

  get floorBps(): number {
    return this.#whole.floorBps;
  }

  get source(): Recommendation["source"] {
    return this.#whole.source;
  }

  get holdout(): boolean {
    return this.#whole.holdout;
  }

  get belief(): number {
    return this.#whole.belief;
  }

  get draw(): number {
    return this.#whole.draw;
  }

  get tier(): number {
    return this.#whole.tier;
  }

  get propensity(): number {
    return this.#whole.propensity;
  }

  get explored(): boolean {
    return this.#whole.explored;
  }

  get #whole(): Recommendation {
    const { pages, at } = this.#record;
    return recommendationIn(pages, at, this.features);
  }
}

function recordedIn({ u8, u16, u32, u64 }: Pages, from: number): RecordedDecision {
  return {
    action: ACTIONS[u8[from + DECISION.action] as number],
    reason: REASONS[u8[from + DECISION.reason] as number],
    selectedId: u32[(from + DECISION.selected) >>> 2],
    selectedIndex: u16[(from + DECISION.index) >>> 1],
    costMicrocents: u64[(from + DECISION.cost) >>> 3],
  } as RecordedDecision;
}
