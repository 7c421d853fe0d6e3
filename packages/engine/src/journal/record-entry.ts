/**
 * The entry of a decision that is being ordered, as the state receives it: read lazily from its record.
 * @module
 */
import {
  ALL_PROVIDERS,
  DECISION_AT,
  type DecisionEntry,
  type Defaulted,
  NO_BUDGET_LIMIT,
  type Recommendation,
  type RecordedDecision,
  type Request,
  type RequestBounds,
  readRequestAt,
  type Shadow,
} from "@calybris/kernel";
import { ACTIONS, AT, type DecisionRecord, HAS, type Pages, REASONS } from "./decision-record.ts";
import { defaultedIn, recommendationIn } from "./read-record.ts";
import { type HeadMembers, hasRare } from "./record-head.ts";

/** Members that few decisions have. */
type RareMembers = Pick<
  HeadMembers,
  "onBehalfOf" | "headroomMicrocents" | "asked" | "tags" | "session" | "promptDigest"
>;

/** Parts of a decision that are known without reading the record. */
export interface DecidedValues {
  /** The features of its recommendation. */
  readonly features: readonly number[];
  /** The number of the decision, which is that of its request. */
  readonly number: Request["sequence"];
  readonly costMicrocents: RecordedDecision["costMicrocents"];
}

/**
 * One object serves as the record, as the entry, and as the entry's `decision` and `learning`, so that a decision allocates
 * only one object for the state.
 */
export class RecordEntry implements DecisionRecord, HeadMembers, RecordedDecision, DecidedValues {
  readonly kind = "decision";
  readonly pages: Pages;
  readonly at: number;
  readonly identity: string;
  readonly requestId: HeadMembers["requestId"];
  readonly policyId: HeadMembers["policyId"];
  readonly actor: HeadMembers["actor"];
  readonly useCase: string;
  readonly tenant: HeadMembers["tenant"];
  readonly reservationSeconds: HeadMembers["reservationSeconds"];
  readonly number: DecidedValues["number"];
  readonly costMicrocents: DecidedValues["costMicrocents"];
  readonly #rare: RareMembers | undefined;
  readonly features: readonly number[];
  #request: Request | undefined;

  /** Keeps the record's memory and copies from the other arguments, which may be reused. */
  constructor(record: DecisionRecord, head: HeadMembers, values: DecidedValues, identity: string) {
    this.pages = record.pages;
    this.at = record.at;
    this.identity = identity;
    this.requestId = head.requestId;
    this.policyId = head.policyId;
    this.actor = head.actor;
    this.useCase = head.useCase;
    this.tenant = head.tenant;
    this.reservationSeconds = head.reservationSeconds;
    this.number = values.number;
    this.costMicrocents = values.costMicrocents;
    this.#rare = hasRare(head) ? rareOf(head) : undefined;
    this.features = values.features;
  }

  /** The entry as if parsed: absent members are `undefined`. */
  get entry(): DecisionEntry {
    return this as unknown as DecisionEntry;
  }

  /** A copy with its identity, once that is known. */
  proven(identity: string): RecordEntry {
    return new RecordEntry(this, this, this, identity);
  }

  get onBehalfOf(): DecisionEntry["onBehalfOf"] {
    return this.#rare?.onBehalfOf;
  }

  get headroomMicrocents(): DecisionEntry["headroomMicrocents"] {
    return this.#rare?.headroomMicrocents;
  }

  get asked(): DecisionEntry["asked"] {
    return this.#rare?.asked;
  }

  get tags(): DecisionEntry["tags"] {
    return this.#rare?.tags;
  }

  get session(): DecisionEntry["session"] {
    return this.#rare?.session;
  }

  get promptDigest(): DecisionEntry["promptDigest"] {
    return this.#rare?.promptDigest;
  }

  get defaulted(): readonly Defaulted[] {
    return defaultedIn(this.pages, this.at);
  }

  get request(): Request {
    this.#request ??= readRequestAt(this.pages, this.at + AT.request);
    return this.#request;
  }

  get bounds(): RequestBounds | undefined {
    const { pages, at } = this;
    const budget = pages.u64[(at + AT.boundBudget) >>> 3] as RequestBounds["budgetLimitMicrocents"];
    const providers = pages.u64[(at + AT.boundProviders) >>> 3] as RequestBounds["providersAllowed"];
    if (budget === NO_BUDGET_LIMIT && providers === ALL_PROVIDERS) return undefined;
    return { budgetLimitMicrocents: budget, providersAllowed: providers };
  }

  /** The same object, which has these members. */
  get learning(): Recommendation | undefined {
    const { pages, at } = this;
    if (((pages.u32[(at + AT.has) >>> 2] as number) & HAS.learning) === 0) return undefined;
    return this as unknown as Recommendation;
  }

  /** The staged policy's decision. */
  get shadow(): Shadow | undefined {
    const { pages, at } = this;
    if (((pages.u32[(at + AT.has) >>> 2] as number) & HAS.shadow) === 0) return undefined;
    return {
      action: ACTIONS[pages.u8[at + AT.shadowAction] as number] as Shadow["action"],
      candidateId: pages.u32[(at + AT.shadowId) >>> 2] as Shadow["candidateId"],
    };
  }

  /** Records the staged policy's decision, before the entry is ordered. */
  layShadow({ action, candidateId }: Shadow): void {
    const { pages, at } = this;
    pages.u32[(at + AT.has) >>> 2] = (pages.u32[(at + AT.has) >>> 2] as number) | HAS.shadow;
    pages.u8[at + AT.shadowAction] = ACTIONS.indexOf(action);
    pages.u32[(at + AT.shadowId) >>> 2] = candidateId;
  }

  /** The same object, which has these members. */
  get decision(): RecordedDecision {
    return this;
  }

  get action(): RecordedDecision["action"] {
    return ACTIONS[this.pages.u8[this.at + AT.decision + DECISION_AT.action] as number] as RecordedDecision["action"];
  }

  get reason(): RecordedDecision["reason"] {
    return REASONS[this.pages.u8[this.at + AT.decision + DECISION_AT.reason] as number] as RecordedDecision["reason"];
  }

  get selectedId(): RecordedDecision["selectedId"] {
    const at = (this.at + AT.decision + DECISION_AT.selectedId) >>> 2;
    return this.pages.u32[at] as RecordedDecision["selectedId"];
  }

  get selectedIndex(): number {
    return this.pages.u16[(this.at + AT.decision + DECISION_AT.selectedIndex) >>> 1] as number;
  }

  get regime(): number {
    return this.pages.u8[this.at + AT.regime] as number;
  }

  get anomalous(): boolean {
    return ((this.pages.u32[(this.at + AT.has) >>> 2] as number) & HAS.anomalous) !== 0;
  }

  get score(): number {
    return this.#recommendation.score;
  }

  get textScore(): number | undefined {
    return this.#recommendation.textScore;
  }

  get expected(): readonly number[] | undefined {
    return this.#recommendation.expected;
  }

  get boundary(): true | undefined {
    return ((this.pages.u32[(this.at + AT.has) >>> 2] as number) & HAS.boundary) === 0 ? undefined : true;
  }

  get floorBps(): number {
    return this.#recommendation.floorBps;
  }

  get source(): Recommendation["source"] {
    return this.#recommendation.source;
  }

  get holdout(): boolean {
    return this.#recommendation.holdout;
  }

  get belief(): number {
    return this.pages.f64[(this.at + AT.belief) >>> 3] as number;
  }

  get draw(): number {
    return this.#recommendation.draw;
  }

  get tier(): number {
    return this.#recommendation.tier;
  }

  get propensity(): number {
    return this.#recommendation.propensity;
  }

  get explored(): boolean {
    return this.#recommendation.explored;
  }

  get #recommendation(): Recommendation {
    return recommendationIn(this.pages, this.at, this.features);
  }
}

function rareOf({ onBehalfOf, headroomMicrocents, asked, tags, session, promptDigest }: HeadMembers): RareMembers {
  return { onBehalfOf, headroomMicrocents, asked, tags, session, promptDigest };
}

/** The number of a decision. For a record it is read without the rest of the request. */
export function decisionNumberOf(entry: DecisionEntry): Request["sequence"] {
  const given: unknown = entry;
  return given instanceof RecordEntry ? given.number : entry.request.sequence;
}
