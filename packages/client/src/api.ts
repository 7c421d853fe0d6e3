/**
 * What the decision service takes and answers. Written from its OpenAPI document; do not edit.
 * @module
 */

/** Microcents, exact: beyond 2^53 a `bigint` or digits in quotes. */
export type Amount = number | bigint | string;

export interface Batch {
  /** In the order of the requests: each its decision, or why there is none. */
  readonly results: readonly (Decision | ErrorAnswer)[];
}

export interface BatchRequest {
  /** As many as `limits.batchMax` allows. */
  readonly requests: readonly DecisionRequest[];
}

export interface Budget {
  /** What the tenant may still reserve, in microcents; $1 is 100,000,000. */
  readonly remainingMicrocents: string;
}

export interface BudgetChange {
  readonly budget: TenantBudget;
  /** Whether the limits differ from those before. */
  readonly limitChanged: boolean;
  readonly grant: {
    /** Its id. */
    readonly id: string;
    /** Its entry. */
    readonly sequence: number;
    /** It was granted before. */
    readonly repeated: boolean;
  } | null;
}

export interface BudgetRequest {
  /** Text of 1 to 128 printable characters (the person who does it; kept in the journal). */
  readonly by: string;
  readonly limit?: TenantLimit | undefined;
  readonly grant?:
    | {
        /** Text of 1 to 128 printable characters (the same id grants once; the idempotency key when left out). */
        readonly id?: string | undefined;
        /** Whole microcents from 1 to 2^63−1, beyond 2^53 as digits in quotes (what is given). */
        readonly amountMicrocents: Amount;
      }
    | undefined;
}

export interface Candidate {
  readonly id: number;
  /** As the policy calls it. */
  readonly name: string;
}

export interface CorrectionRequest {
  /** A decision id, as it was answered. */
  readonly decisionId: string;
  /** Text of 1 to 128 printable characters (whose money it is; another's decision is refused). */
  readonly tenant?: string | undefined;
  /** Whole microcents from 0 to 2^63−1, beyond 2^53 as digits in quotes (what it cost in truth). */
  readonly actualMicrocents: Amount;
  /** Text of 1 to 128 printable characters (the person who does it; kept in the journal). */
  readonly by: string;
}

export interface Counterfactual {
  readonly id: number;
  /** As the policy calls it. */
  readonly name: string;
  /** Its utility, in microcents; $1 is 100,000,000. */
  readonly utilityMicrocents: string;
}

export interface Decision {
  /** Names the decision for outcomes and settlements. */
  readonly decisionId: string;
  /** The request's own id. */
  readonly requestId: string | null;
  /** Journal sequence of its entry. */
  readonly sequence: number;
  /** Hash of its entry; the next entry is chained to it. */
  readonly entryHash: string;
  readonly digests: Digests;
  readonly action: "execute" | "substitute" | "reject";
  readonly reason:
    | "requested_maximizes_utility"
    | "alternative_maximizes_utility"
    | "risk_hard_limit"
    | "confidence_hard_limit"
    | "no_enabled_candidate"
    | "quality"
    | "latency"
    | "capability"
    | "provider"
    | "region"
    | "budget"
    | "utility"
    | "risk_ceiling";
  readonly selected: Candidate | null;
  /** What it will cost at most: what is reserved, in microcents; $1 is 100,000,000. */
  readonly costMicrocents: string;
  /** What it is worth, less what it costs, in microcents; $1 is 100,000,000. */
  readonly utilityMicrocents: string;
  readonly counterfactual: Counterfactual | null;
  readonly floor: Floor;
  /** Candidates that were walked. */
  readonly evaluatedCount: number;
  /** Candidates that passed every gate. */
  readonly eligibleCount: number;
  /** The policy it was decided under. */
  readonly policyId: number;
  /** What was not said came from this use case. */
  readonly useCase: string;
  /** What the client left to the use case. */
  readonly defaulted: readonly ("value" | "risk" | "confidence" | "floor" | "output")[];
  /** Whose money it is; null where nobody has a budget. */
  readonly tenant: string | null;
  readonly budget: Budget | null;
  readonly short: Room | null;
  /** The request id was decided before; this is that decision. */
  readonly repeated: boolean;
}

export interface DecisionRequest {
  /** Text of 1 to 128 printable characters (the same id is decided once). */
  readonly requestId?: string | undefined;
  /** Text of 1 to 128 printable characters (whose money it is). */
  readonly tenant?: string | undefined;
  /** A whole number from 1 to 2678400 (how long a reservation may stay open). */
  readonly reservationSeconds?: number | undefined;
  /** Text of 1 to 64 printable characters (a use case of the policy). */
  readonly useCase?: string | undefined;
  /** The candidate asked for: name or id. */
  readonly requested?: string | number | undefined;
  /** A whole number from 0 to 4294967295 (tokens, or units of work, that go in). */
  readonly inputTokens: number;
  /** A whole number from 0 to 4294967295 (the most that may come back). */
  readonly outputTokens?: number | undefined;
  /** Whole microcents; 1 cent is 1,000,000. */
  readonly valueMicrocents?: Amount | undefined;
  /** Cents, as a decimal in quotes like "0.25". */
  readonly valueCents?: Amount | undefined;
  /** Dollars, as a decimal in quotes like "0.25". */
  readonly valueDollars?: Amount | undefined;
  /** Whole microcents; 1 cent is 1,000,000. */
  readonly budgetMicrocents?: Amount | undefined;
  /** Cents, as a decimal in quotes like "0.25". */
  readonly budgetCents?: Amount | undefined;
  /** Dollars, as a decimal in quotes like "0.25". */
  readonly budgetDollars?: Amount | undefined;
  /** A whole number from 0 to 10000 (how much is at risk). */
  readonly riskBps?: number | undefined;
  /** A whole number from 0 to 10000 (how sure the caller is). */
  readonly confidenceBps?: number | undefined;
  /** A whole number from 0 to 10000 (the floor). */
  readonly qualityMinBps?: number | undefined;
  /** A whole number from 0 to 4294967295 (p95; 0 is no limit). */
  readonly latencyMaxMs?: number | undefined;
  readonly capabilities?: readonly string[] | undefined;
  readonly providers?: readonly string[] | undefined;
  readonly regions?: readonly string[] | undefined;
  /** Whole numbers under the names that the policy's `learning.features` lists. */
  readonly features?: { readonly [name: string]: number } | undefined;
  /** A whole number from -2147483647 to 2147483647 (what the prior makes of the text). */
  readonly textScore?: number | undefined;
}

export interface Digests {
  /** Of the policy (`calypol1`). */
  readonly policy: string;
  /** Of the request as it was decided (`calyinp1`). */
  readonly request: string;
  /** Of the decision (`calydcn1`). */
  readonly decision: string;
  /** Binds the other three (`calyidn1`). */
  readonly identity: string;
}

export interface ErrorAnswer {
  readonly error: {
    /** Stable; switch on it. `docs/errors.md` lists them. */
    readonly code: string;
    /** What happened, for a person. */
    readonly message: string;
    /** What to do about it. */
    readonly remedy: string;
    readonly details: {
      readonly mistakes?: readonly Mistake[] | undefined;
    };
  };
}

export interface ExplainedDecision {
  /** Names the decision for outcomes and settlements. */
  readonly decisionId: string;
  /** The request's own id. */
  readonly requestId: string | null;
  /** Journal sequence of its entry. */
  readonly sequence: number;
  /** Hash of its entry; the next entry is chained to it. */
  readonly entryHash: string;
  readonly digests: Digests;
  readonly action: "execute" | "substitute" | "reject";
  readonly reason:
    | "requested_maximizes_utility"
    | "alternative_maximizes_utility"
    | "risk_hard_limit"
    | "confidence_hard_limit"
    | "no_enabled_candidate"
    | "quality"
    | "latency"
    | "capability"
    | "provider"
    | "region"
    | "budget"
    | "utility"
    | "risk_ceiling";
  readonly selected: Candidate | null;
  /** What it will cost at most: what is reserved, in microcents; $1 is 100,000,000. */
  readonly costMicrocents: string;
  /** What it is worth, less what it costs, in microcents; $1 is 100,000,000. */
  readonly utilityMicrocents: string;
  readonly counterfactual: Counterfactual | null;
  readonly floor: Floor;
  /** Candidates that were walked. */
  readonly evaluatedCount: number;
  /** Candidates that passed every gate. */
  readonly eligibleCount: number;
  /** The policy it was decided under. */
  readonly policyId: number;
  /** What was not said came from this use case. */
  readonly useCase: string;
  /** What the client left to the use case. */
  readonly defaulted: readonly ("value" | "risk" | "confidence" | "floor" | "output")[];
  /** Whose money it is; null where nobody has a budget. */
  readonly tenant: string | null;
  readonly budget: Budget | null;
  readonly short: Room | null;
  /** The request id was decided before; this is that decision. */
  readonly repeated: boolean;
  /** Microseconds since the Unix epoch. */
  readonly at: number;
  /** As it was decided, what was defaulted included. */
  readonly request: { readonly [name: string]: unknown };
  readonly requested: Candidate | null;
  /** How the learner came to the floor and the tier. */
  readonly learning: { readonly [name: string]: unknown } | null;
  /** One row for each candidate, in catalog order; none after a hard limit. */
  readonly explanation: readonly Explanation[];
  readonly proof: Proof;
}

export type Explanation =
  | {
      readonly id: number;
      /** As the policy calls it. */
      readonly name: string;
      /** The first gate that refused it. */
      readonly refusedBy: string;
      /** What was measured. */
      readonly measured: string;
      /** What it was held against. */
      readonly limit: string;
    }
  | {
      readonly id: number;
      /** As the policy calls it. */
      readonly name: string;
      readonly refusedBy: null;
      /** Its utility: quality less risk, cost and latency, in microcents; $1 is 100,000,000. */
      readonly utilityMicrocents: string;
      /** What its quality is worth, in microcents; $1 is 100,000,000. */
      readonly qualityMicrocents: string;
      /** What the risk takes off, in microcents; $1 is 100,000,000. */
      readonly riskMicrocents: string;
      /** What it costs at most, in microcents; $1 is 100,000,000. */
      readonly costMicrocents: string;
      /** What its latency takes off, in microcents; $1 is 100,000,000. */
      readonly latencyMicrocents: string;
    };

export interface Floor {
  /** Least acceptable quality, in ten-thousandths. */
  readonly qualityMinBps: number;
  /** Who set it. */
  readonly source: "client" | "use_case" | "tracker" | "certified" | "quality" | "anomaly" | "warm_start";
}

export interface Health {
  readonly status: "alive";
}

export interface HoldRequest {
  /** A decision id, as it was answered. */
  readonly decisionId: string;
  /** Text of 1 to 128 printable characters (whose money it is; another's decision is refused). */
  readonly tenant?: string | undefined;
  /** One of client_gone, stream_cut, timeout, unknown (why the cost is not known). */
  readonly cause: "client_gone" | "stream_cut" | "timeout" | "unknown";
}

export interface JournalHead {
  /** The last durable entry. */
  readonly sequence: number;
  /** Its hash; keep it elsewhere, and a removed end will be noticed. */
  readonly entryHash: string;
  /** Whether the chain takes a secret key to verify. */
  readonly keyed: boolean;
}

export interface LedgerProof {
  /** The entry up to which everything here counts. */
  readonly sequence: number;
  /** `calyldg1`, with that entry as its watermark. */
  readonly digest: string;
  /** Of every tenant. */
  readonly conserved: boolean;
  readonly total: {
    /** Given, in microcents; $1 is 100,000,000. */
    readonly grantedMicrocents: string;
    /** Left, in microcents; $1 is 100,000,000. */
    readonly remainingMicrocents: string;
    /** Held, in microcents; $1 is 100,000,000. */
    readonly reservedMicrocents: string;
    /** Spent, in microcents; $1 is 100,000,000. */
    readonly settledMicrocents: string;
    /** Owed, in microcents; $1 is 100,000,000. */
    readonly debtMicrocents: string;
  };
  readonly tenants: readonly TenantBudget[];
  readonly reservations: readonly {
    /** Names the decision for outcomes and settlements. */
    readonly decisionId: string;
    /** Whose it is. */
    readonly tenant: string;
    /** What is held, in microcents; $1 is 100,000,000. */
    readonly amountMicrocents: string;
    /** Microseconds; from then on it is settled in full. */
    readonly expiresAt: number;
    readonly state: "open" | "held" | "overdue";
  }[];
}

export interface Mistake {
  /** The field. */
  readonly path: string;
  /** What is wrong with it. */
  readonly problem: string;
  /** What to do. */
  readonly remedy: string;
  readonly line?: number | undefined;
}

export interface Observation {
  /** Names the decision for outcomes and settlements. */
  readonly decisionId: string;
  /** Journal sequence of its entry. */
  readonly sequence: number;
  /** How good it was, in ten-thousandths: what was said, or what the signals say. */
  readonly successBps: number;
  /** The reward, in ten-thousandths. */
  readonly rewardBps: number;
  /** Whether beliefs and floors took it in. */
  readonly learned: boolean;
  /** `calyout1`. */
  readonly digest: string;
  /** It was told before; nothing changed. */
  readonly repeated: boolean;
}

export interface OutcomeRequest {
  /** A decision id, as it was answered. */
  readonly decisionId: string;
  /** A whole number from 0 to 9007199254740991 (microseconds since the Unix epoch; now when left out). */
  readonly observedAt?: number | undefined;
  /** One of applied, abandoned, in_flight (whether it was used; applied when left out). */
  readonly disposition?: "applied" | "abandoned" | "in_flight" | undefined;
  /** True or false (whether it was good; left out, the signals say). */
  readonly succeeded?: boolean | undefined;
  readonly signals?: readonly ("slow" | "error" | "retried" | "aborted" | "truncated")[] | undefined;
  /** Whole microcents from 0 to 2^63−1, beyond 2^53 as digits in quotes (what it cost). */
  readonly costMicrocents?: Amount | undefined;
  /** A whole number from 0 to 4294967295 (how long it took). */
  readonly latencyMs?: number | undefined;
}

export interface Policies {
  readonly policies: readonly PolicyRow[];
}

export interface PolicyChange {
  /** Its id. */
  readonly policyId: number;
  /** Journal sequence of its entry; 0 when it was in force already. */
  readonly sequence: number | null;
  /** Of the policy in force. */
  readonly snapshotDigest: string;
  /** It was in force already; nothing changed. */
  readonly repeated: boolean;
}

export interface PolicyCheck {
  /** What people call it. */
  readonly name: string;
  /** `calypol1`. */
  readonly policyDigest: string;
  /** Covers names, tiers and defaults as well. */
  readonly snapshotDigest: string;
  /** How many candidates it has. */
  readonly candidateCount: number;
  /** Whether it is the one in force. */
  readonly isInForce: boolean;
}

export interface PolicyCheckRequest {
  readonly policy: PolicyFile;
}

export interface PolicyFile {
  /** Text of 1 to 2000 printable characters (a schema for editors). */
  readonly $schema?: string | undefined;
  /** Text of 1 to 128 printable characters (what people call the policy). */
  readonly name: string;
  /** A whole number from 0 to 2^64−1 (grows with each change of the policy). */
  readonly epoch: Amount;
  /** The name of a built-in catalog, the path of a catalog file, or a catalog. */
  readonly catalog: string | { readonly [name: string]: unknown };
  /** A whole number from 0 to 9600 (at this risk nothing runs; a policy may be stricter than governance, never looser). */
  readonly riskHardLimitBps: number;
  /** A whole number from 5500 to 10000 (below this confidence nothing runs; a policy may be stricter than governance, never looser). */
  readonly confidenceMinBps: number;
  /** A whole number from 0 to 50000 (how much of the value at risk is taken off). */
  readonly riskPenaltyMultiplierBps: number;
  /** Whole microcents; 1 cent is 1,000,000. */
  readonly latencyPenaltyMicrocentsPerMs?: Amount | undefined;
  /** Cents, as a decimal in quotes like "0.25". */
  readonly latencyPenaltyCentsPerMs?: Amount | undefined;
  /** Dollars, as a decimal in quotes like "0.25". */
  readonly latencyPenaltyDollarsPerMs?: Amount | undefined;
  readonly learning?:
    | {
        readonly features?: readonly string[] | undefined;
        /** A whole number from 0 to 10000 (spread evenly over the tiers that may be drawn; 0 explores in shadow only). */
        readonly explorationBps?: number | undefined;
        /** A whole number from 0 to 10000 (left alone by the learner). */
        readonly holdoutBps?: number | undefined;
        /** A whole number from 1 to 9999 (the share of failures that floors settle at; a third when left out). */
        readonly targetFailureBps?: number | undefined;
        /** A whole number from 1 to 1000000 (how much of the past is kept at each outcome, in millionths). */
        readonly discountPpm?: number | undefined;
        /** A whole number from 8 to 1000000 (requests before the regimes are frozen). */
        readonly warmUpRequests?: number | undefined;
        /** A whole number from 0 to 10000 (how far an anomalous request is lifted above its use case's floor). */
        readonly anomalyRaiseBps?: number | undefined;
        /** A whole number from 0 to 10000 (the share of requests that may be lifted). */
        readonly anomalyShareBps?: number | undefined;
        /** A whole number from 1 to 31536000 (an outcome later than this teaches nothing). */
        readonly attributionSeconds?: number | undefined;
      }
    | undefined;
  readonly disabled?: readonly string[] | undefined;
  /** What a request of each kind gets where the client says nothing. `default` has to be there. */
  readonly useCases: {
    readonly [name: string]: {
      /** Whole microcents; 1 cent is 1,000,000. */
      readonly valueMicrocents?: Amount | undefined;
      /** Cents, as a decimal in quotes like "0.25". */
      readonly valueCents?: Amount | undefined;
      /** Dollars, as a decimal in quotes like "0.25". */
      readonly valueDollars?: Amount | undefined;
      /** A whole number from 0 to 10000 (how much is at risk, in ten-thousandths). */
      readonly riskBps: number;
      /** A whole number from 0 to 10000 (how sure the caller is, in ten-thousandths). */
      readonly confidenceBps: number;
      /** A whole number from 0 to 10000 (the floor: least acceptable quality). */
      readonly qualityMinBps: number;
      /** A whole number from 0 to 4294967295 (the most that may come back). */
      readonly outputTokens: number;
    };
  };
}

export interface PolicyRow {
  /** Counts from 1. */
  readonly policyId: number;
  /** What people call it. */
  readonly name: string;
  /** Grows with each change. */
  readonly policyEpoch: string;
  /** `calypol1`: what decides. */
  readonly policyDigest: string;
  /** Covers names, tiers and defaults as well. */
  readonly snapshotDigest: string;
  readonly candidates: readonly Candidate[];
  /** Whether the next decision is made under it. */
  readonly inForce: boolean;
}

export interface PolicySetRequest {
  readonly policy: PolicyFile;
  /** Text of 1 to 128 printable characters (the person who does it; kept in the journal). */
  readonly by: string;
}

export interface Proof {
  /** The entry as it stands in the journal: whoever has it can compute every hash again. */
  readonly line: string;
  /** Hash of the entry before; `genesis` for the first. */
  readonly previousHash: string;
  /** Hash of this one. */
  readonly entryHash: string;
  readonly head: {
    /** The last durable entry. */
    readonly sequence: number;
    /** Its hash. */
    readonly entryHash: string;
  };
}

export interface Ready {
  readonly status: "ready";
  /** The last durable entry. */
  readonly sequence: number;
  /** The policy in force. */
  readonly policyId: number;
}

export interface ReleaseRequest {
  /** A decision id, as it was answered. */
  readonly decisionId: string;
  /** Text of 1 to 128 printable characters (whose money it is; another's decision is refused). */
  readonly tenant?: string | undefined;
}

export interface Room {
  /** What there was room for, in microcents; $1 is 100,000,000. */
  readonly roomMicrocents: string;
  /** The request's own limit, in microcents; $1 is 100,000,000. */
  readonly askedMicrocents: string;
}

export interface Settlement {
  /** Names the decision for outcomes and settlements. */
  readonly decisionId: string;
  /** Whose money it was. */
  readonly tenant: string;
  readonly state: "settled" | "released" | "held" | "reconciled" | "corrected";
  /** Journal sequence of the entry that says so. */
  readonly sequence: number;
  /** What it cost, in microcents; $1 is 100,000,000. */
  readonly actualMicrocents: string;
  /** It was so before; nothing changed. */
  readonly repeated: boolean;
  readonly budget: TenantBudget;
}

export interface SettlementRequest {
  /** A decision id, as it was answered. */
  readonly decisionId: string;
  /** Text of 1 to 128 printable characters (whose money it is; another's decision is refused). */
  readonly tenant?: string | undefined;
  /** Whole microcents from 0 to 2^63−1, beyond 2^53 as digits in quotes (what it cost). */
  readonly actualMicrocents: Amount;
}

export interface TenantBudget {
  /** Its name. */
  readonly tenant: string;
  /** The tenant above. */
  readonly parent?: string | undefined;
  /** Whether this level holds money; one that does not lets everything through. */
  readonly metered: boolean;
  /** Most that may be reserved at once, in microcents; $1 is 100,000,000. */
  readonly exposureCapMicrocents?: string | undefined;
  /** Given so far, in microcents; $1 is 100,000,000. */
  readonly grantedMicrocents: string;
  /** Not reserved and not spent, in microcents; $1 is 100,000,000. */
  readonly remainingMicrocents: string;
  /** Held for decisions that are not settled, in microcents; $1 is 100,000,000. */
  readonly reservedMicrocents: string;
  /** Spent, in microcents; $1 is 100,000,000. */
  readonly settledMicrocents: string;
  /** Billed beyond what was granted, in microcents; $1 is 100,000,000. */
  readonly debtMicrocents: string;
  /** Billed since the period began; since ever where there is none, in microcents; $1 is 100,000,000. */
  readonly billedInPeriodMicrocents: string;
  readonly period?:
    | {
        readonly index: number;
        /** Microseconds. */
        readonly startsAt: number;
        /** Microseconds. */
        readonly endsAt: number;
      }
    | undefined;
  /** granted = remaining + reserved + settled, none below 0. */
  readonly conserved: boolean;
}

export interface TenantLimit {
  /** Text of 1 to 128 printable characters (the tenant above, whose money this one spends too). */
  readonly parent?: string | undefined;
  /** True or false (whether this level lets everything through; false when left out). */
  readonly unlimited?: boolean | undefined;
  /** Whole microcents; 1 cent is 1,000,000. */
  readonly exposureCapMicrocents?: Amount | undefined;
  /** Cents, as a decimal in quotes like "0.25". */
  readonly exposureCapCents?: Amount | undefined;
  /** Dollars, as a decimal in quotes like "0.25". */
  readonly exposureCapDollars?: Amount | undefined;
  readonly period?:
    | {
        /** "day", "week", "month", "quarter" (how often the allotment is granted anew). */
        readonly every: "day" | "week" | "month" | "quarter";
        /** The name of a time zone, like "Europe/Berlin" or "UTC" (periods begin at its midnight). */
        readonly timeZone: string;
        /** Whole microcents; 1 cent is 1,000,000. */
        readonly allotmentMicrocents?: Amount | undefined;
        /** Cents, as a decimal in quotes like "0.25". */
        readonly allotmentCents?: Amount | undefined;
        /** Dollars, as a decimal in quotes like "0.25". */
        readonly allotmentDollars?: Amount | undefined;
      }
    | undefined;
  /** "substitute", "reject" (what becomes of a request that there is no room for). */
  readonly whenShort?: "substitute" | "reject" | undefined;
  /** A whole number from 1 to 2678400 (how long a reservation may stay open). */
  readonly reservationSeconds?: number | undefined;
}

/** What each operation takes and answers. */
export interface Operations {
  readonly decide: { readonly body: DecisionRequest; readonly answer: Decision };
  readonly decideBatch: { readonly body: BatchRequest; readonly answer: Batch };
  readonly decision: { readonly body: undefined; readonly answer: ExplainedDecision };
  readonly observe: { readonly body: OutcomeRequest; readonly answer: Observation };
  readonly settle: { readonly body: SettlementRequest; readonly answer: Settlement };
  readonly release: { readonly body: ReleaseRequest; readonly answer: Settlement };
  readonly hold: { readonly body: HoldRequest; readonly answer: Settlement };
  readonly reconcile: { readonly body: CorrectionRequest; readonly answer: Settlement };
  readonly correct: { readonly body: CorrectionRequest; readonly answer: Settlement };
  readonly budget: { readonly body: undefined; readonly answer: TenantBudget };
  readonly setBudget: { readonly body: BudgetRequest; readonly answer: BudgetChange };
  readonly ledger: { readonly body: undefined; readonly answer: LedgerProof };
  readonly policies: { readonly body: undefined; readonly answer: Policies };
  readonly setPolicy: { readonly body: PolicySetRequest; readonly answer: PolicyChange };
  readonly checkPolicy: { readonly body: PolicyCheckRequest; readonly answer: PolicyCheck };
  readonly journalHead: { readonly body: undefined; readonly answer: JournalHead };
  readonly journalEntries: { readonly body: undefined; readonly answer: string };
  readonly health: { readonly body: undefined; readonly answer: Health };
  readonly ready: { readonly body: undefined; readonly answer: Ready };
  readonly metrics: { readonly body: undefined; readonly answer: string };
  readonly openapi: { readonly body: undefined; readonly answer: string };
  readonly docs: { readonly body: undefined; readonly answer: string };
}
/** Where each operation is. */
export const OPERATIONS: {
  readonly [Name in keyof Operations]: { readonly method: "GET" | "POST"; readonly path: string };
} = {
  decide: { method: "POST", path: "/v1/decisions" },
  decideBatch: { method: "POST", path: "/v1/decisions:batch" },
  decision: { method: "GET", path: "/v1/decisions/{id}" },
  observe: { method: "POST", path: "/v1/outcomes" },
  settle: { method: "POST", path: "/v1/settlements" },
  release: { method: "POST", path: "/v1/settlements/release" },
  hold: { method: "POST", path: "/v1/settlements/hold" },
  reconcile: { method: "POST", path: "/v1/settlements/reconcile" },
  correct: { method: "POST", path: "/v1/settlements/correct" },
  budget: { method: "GET", path: "/v1/tenants/{id}/budget" },
  setBudget: { method: "POST", path: "/v1/tenants/{id}/budget" },
  ledger: { method: "GET", path: "/v1/ledger" },
  policies: { method: "GET", path: "/v1/policies" },
  setPolicy: { method: "POST", path: "/v1/policies" },
  checkPolicy: { method: "POST", path: "/v1/policies/check" },
  journalHead: { method: "GET", path: "/v1/journal/head" },
  journalEntries: { method: "GET", path: "/v1/journal/entries" },
  health: { method: "GET", path: "/health" },
  ready: { method: "GET", path: "/ready" },
  metrics: { method: "GET", path: "/metrics" },
  openapi: { method: "GET", path: "/openapi.json" },
  docs: { method: "GET", path: "/docs" },
};
