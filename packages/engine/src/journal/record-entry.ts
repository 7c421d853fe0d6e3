/**
 * The entry of a decision that is being ordered: what the state is told, read from its record when it is looked at.
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
  #learning: Recommendation | undefined;
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
    this.#learning ??= recommendationIn(pages, at, this.#features);
    return this.#learning;
  }

  get decision(): RecordedDecision {
    this.#decision ??= recordedIn(this.record.pages, this.record.at + AT.decision);
    return this.#decision;
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
