/**
 * What the decision service takes and answers. Written from its OpenAPI document by `npm run build:client`; do not edit.
 * @module
 */

/** Microcents, exact: beyond 2^53 a `bigint` or digits in quotes. */
export type Amount = number | bigint | string;

export interface paths {
  readonly "/v1/decisions": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Decide one request
     * @description 200 means that the decision is on the disk. A refusal by policy or budget is a decision too: its `action` is `reject` and its `reason` says why. The same `requestId` (or `idempotency-key` header) is decided once, and gets the same decision again, also after a restart. With `?receipt=1` the answer has a signed receipt.
     */
    readonly post: operations["decide"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/decisions:batch": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Decide many requests
     * @description Each request is decided on its own, in order, as if it had been sent alone. 200 means that every decision in the answer is on the disk; a request that could not be decided has an error in its place. A batch stops once its requests have more than 100 mistakes: those after are not decided. When the queue of the journal cannot take all of them, none is decided (429).
     */
    readonly post: operations["decideBatch"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/decisions/{id}": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Get a decision, why it was made, and its proof
     * @description With `?receipt=1` the answer has a receipt: claims about the durable entry, signed by the key of `receipts.keyFile`, and the proof of inclusion where the newest checkpoint covers the entry.
     */
    readonly get: operations["decision"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/outcomes": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Report the outcome of a decision
     * @description The learner takes it in. The same outcome reported again changes nothing; a different one for the same decision is refused.
     */
    readonly post: operations["observe"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/settlements": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /** Report what a decision cost */
    readonly post: operations["settle"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/settlements/release": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /** Report that a decision was never executed */
    readonly post: operations["release"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/settlements/hold": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /** Report that the cost of a decision is not known yet */
    readonly post: operations["hold"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/settlements/reconcile": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /** Report what a held decision cost */
    readonly post: operations["reconcile"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/settlements/correct": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /** Correct the cost of a settled decision */
    readonly post: operations["correct"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/ledger/reconcile": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Reconcile held decisions from a provider's usage export
     * @description Rows with a `request_id` state what one attempt cost; rows with `from` and `to` are a bill of a time, which is spread over its held decisions and never beyond what is reserved for them. The same export again changes nothing. One export is worked on at a time.
     */
    readonly post: operations["reconcileUsage"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/tenants/{id}/budget": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Get a tenant's budget */
    readonly get: operations["budget"];
    readonly put?: never;
    /**
     * Limit a tenant, grant it money, or both
     * @description A grant id grants once. A request that names no tenant is not metered until `default` has a limit; `budgets.unknownTenants` says what becomes of one that names a tenant without a limit.
     */
    readonly post: operations["setBudget"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/ledger": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Get the conservation proof of every tenant's money */
    readonly get: operations["ledger"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/keys": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List the created API keys
     * @description Those that are not revoked, without their secrets; keys of the configuration are not among them.
     */
    readonly get: operations["keys"];
    readonly put?: never;
    /**
     * Create an API key
     * @description The secret is in the answer and nowhere else: only its SHA-256 is kept, in the journal. The key works at once, also after a restart. It has no scope that the key which creates it lacks; one that is bound to tenants has only the scope `decide`. A `budget` limits the one tenant that the key acts for, before the key exists.
     */
    readonly post: operations["createKey"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/keys/{id}/rotate": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Replace the secret of an API key
     * @description In one step of the journal, a key with the same name and terms is created and the old one revoked: its secret is refused from the next request on.
     */
    readonly post: operations["rotateKey"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/keys/{id}": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    readonly post?: never;
    /**
     * Revoke an API key
     * @description The key is refused from the next request on, also on connections that are open.
     */
    readonly delete: operations["revokeKey"];
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/policies": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** List every policy that was ever active */
    readonly get: operations["policies"];
    readonly put?: never;
    /**
     * Activate a policy, from the next decision on
     * @description The entry holds the whole policy and names the person. Activating the active policy again changes nothing.
     */
    readonly post: operations["setPolicy"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/policies/check": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /** Check a policy without activating it; all mistakes are reported at once */
    readonly post: operations["checkPolicy"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/rollout/stage": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Stage a policy: it decides in shadow, from the next decision on
     * @description No answer changes. Each decision's entry holds what the staged policy would have decided. It replaces the policy that was staged before.
     */
    readonly post: operations["stagePolicy"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/rollout": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Compare the staged policy with the active one
     * @description Reads every entry since the staging. `missing` says what a promotion still needs.
     */
    readonly get: operations["rollout"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/rollout/promote": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Activate the staged policy, once it passes a gate
     * @description At least 1,000 decisions in shadow, and either at most 5 % of actions differ and its reward is shown to be no worse, or its reward is shown to be better. `POST /v1/policies` activates a policy without gates.
     */
    readonly post: operations["promotePolicy"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/rollout/canary": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Let the staged policy decide for a share of the tenants
     * @description A keyed hash names the tenants; a larger share keeps those of a smaller one. A share that grows needs a gate, as a promotion does. 0 ends the canary; the policy stays staged.
     */
    readonly post: operations["canaryPolicy"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/rollout/back": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Activate an earlier policy, from the next decision on
     * @description Ends the staging. Rolling back to the active policy ends the staging alone.
     */
    readonly post: operations["rollBackPolicy"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/priors": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Activate a prior, from the next decision on
     * @description The prior must read the same features in the same order as the policy's `learning.features`. A certificate of another prior becomes void: nothing is served below the top tier until a new one is activated.
     */
    readonly post: operations["setPrior"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/certificates": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Activate a certificate, from the next decision on
     * @description The `regimes` with the lowest predicted gain may be served below the top tier; 0 allows none. The prior that it names must be active.
     */
    readonly post: operations["setCertificate"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/regret": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * What decisions earned, beside what other policies would have earned
     * @description From every outcome of the journal, as `calybris regret` says it; intervals are valid however often they are looked at. The first question after a start measures the entries after the newest state snapshot, or the whole journal where that snapshot holds no measure. After 2 seconds the answer covers a part, and `sequence` says how far.
     */
    readonly get: operations["regret"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/reload": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Read keys, TLS files, the policy file and budgets again
     * @description As SIGHUP does. All of it takes effect, or nothing: a mistake in any file is answered as its error, and the service goes on as before. The policy file is activated when it has changed since it was last activated.
     */
    readonly post: operations["reload"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/journal/head": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Get the last durable entry */
    readonly get: operations["journalHead"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/journal/entries": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Stream the journal, one entry a line, byte for byte as on the disk
     * @description Only durable entries are shown. The lines from 1 on, concatenated, are a journal that `calybris verify` accepts.
     */
    readonly get: operations["journalEntries"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/proofs/inclusion": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Prove that an entry is in the newest checkpoint
     * @description Returns `CAL_PROOF_UNCOVERED` while no checkpoint covers the entry.
     */
    readonly get: operations["inclusionProof"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/proofs/consistency": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Prove that the newest checkpoint continues an earlier one
     * @description Returns `CAL_PROOF_UNCOVERED` while the newest checkpoint has fewer entries.
     */
    readonly get: operations["consistencyProof"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/health": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Whether the process is alive */
    readonly get: operations["health"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/ready": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Whether decisions can be made durable now; 503 when they cannot */
    readonly get: operations["ready"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/v1/clock/confirm": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Confirm that the system clock is right after it went forward by more than 7 days
     * @description Until then, or until the clock is corrected, every command is answered 503 with `CAL_ENGINE_CLOCK`. A `clock` entry records the times and the caller; entries after it keep the confirmed time for good.
     */
    readonly post: operations["confirmClock"];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly "/metrics": {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Counters and gauges, in the text format of Prometheus */
    readonly get: operations["metrics"];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    readonly Activation: {
      /** @description Journal sequence. */
      readonly sequence: number;
      /** @description Active from there on. */
      readonly policyId: number;
    };
    readonly Actor: {
      /** @description Sequence of the entry that introduced the key, or `system:` and a user of the operating system. */
      readonly actor: string;
      readonly keyName: string | null;
      readonly claimedOnBehalfOf: string | null;
    };
    readonly Batch: {
      /** @description In the order of the requests: a decision, or the error in its place. */
      readonly results: readonly (components["schemas"]["Decision"] | components["schemas"]["ErrorAnswer"])[];
    };
    readonly BatchRequest: {
      /** @description As many as `limits.batchMax` allows. */
      readonly requests: readonly components["schemas"]["DecisionRequest"][];
    };
    readonly Budget: {
      /** @description What the tenant can still reserve, in microcents; $1 is 100,000,000. */
      readonly remainingMicrocents: string;
    };
    readonly BudgetChange: {
      readonly budget: components["schemas"]["TenantBudget"];
      /** @description Whether the limits differ from those before. */
      readonly limitChanged: boolean;
      readonly grant: {
        /** @description Its id. */
        readonly id: string;
        /** @description Its entry. */
        readonly sequence: number;
        /** @description True if it was granted before. */
        readonly repeated: boolean;
      } | null;
    };
    readonly BudgetRequest: {
      /** @description Text of 1 to 128 printable characters (on whose behalf, as the caller claims; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (the older name of onBehalfOf). */
      readonly by?: string | undefined;
      readonly limit?: components["schemas"]["TenantLimit"] | undefined;
      readonly grant?:
        | {
            /** @description Text of 1 to 128 printable characters (the same id grants once; default the idempotency key). */
            readonly id?: string | undefined;
            /** @description Whole microcents from 1 to 2^63−1, beyond 2^53 as digits in quotes (the amount granted). */
            readonly amountMicrocents: Amount;
          }
        | undefined;
    };
    readonly CalibrationCell: {
      /** @description 0 to 7, or 8 before regimes are known. */
      readonly regime: number;
      /** @description Its index, cheapest first. */
      readonly tier: number;
      /** @description Outcomes. */
      readonly rows: number;
      /** @description Mean of the predicted rewards. */
      readonly predicted: number;
      /** @description Mean of the observed ones. */
      readonly observed: number;
      /** @description Observed less predicted is above it, valid however often it is looked at. */
      readonly biasLower: number;
      /** @description And below it. */
      readonly biasUpper: number;
      /** @description Whether a bias of more than 0.01 is shown. */
      readonly isBiased: boolean;
    };
    readonly CanaryRequest: {
      /** @description A whole number from 1 to 4294967295 (the id of the staged policy). */
      readonly policyId: number;
      /** @description A whole number from 0 to 10000 (the share of the tenants that it decides for, in basis points; 0 ends the canary). */
      readonly shareBps: number;
      readonly signature?: components["schemas"]["ChangeSignature"] | undefined;
      /** @description Text of 1 to 128 printable characters (on whose behalf, as the caller claims; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (the older name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly Candidate: {
      readonly id: number;
      /** @description Its name in the policy. */
      readonly name: string;
    };
    readonly CertificateChange: {
      /** @description Journal sequence of its entry. */
      readonly sequence: number;
      /** @description Share of decisions, in ten-thousandths, that use the floor of their use case only. */
      readonly holdoutBps: number;
    };
    readonly CertificateRequest: {
      /** @description A whole number from 0 to 8 (how many regimes may be served below the top tier). */
      readonly regimes: number;
      /** @description A whole number from 1 to 9999 (the risk α). */
      readonly alphaBps: number;
      /** @description A whole number from 1 to 9999 (the failure probability δ). */
      readonly deltaBps: number;
      /** @description A whole number from 0 to 9007199254740991 (labelled requests that it is based on). */
      readonly samples: number;
      /** @description The digest (`calypri1`) of the prior that it belongs to; left out without one. */
      readonly prior?: string | undefined;
      /** @description Text of 1 to 128 printable characters (on whose behalf, as the caller claims; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (the older name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly ChangeSignature: {
      /** @description The ID of a configured signer, at most 255 bytes without control characters. */
      readonly signer: string;
      /** @description A whole number from 0 to 9007199254740991 (milliseconds since the Unix epoch; the signature covers it). */
      readonly signedAtMs: number;
      /** @description A whole number from 1 to 9007199254740991 (sequence of the change of policy before it; the signature covers it). */
      readonly follows: number;
      /** @description 128 hexadecimal digits in lower case (the Ed25519 signature). */
      readonly value: string;
    };
    readonly ClockConfirmation: {
      /** @description The step that was confirmed; null when none was unconfirmed. */
      readonly confirmed: {
        /** @description Of the `clock` entry. */
        readonly sequence: number;
        /** @description The time without the step, microseconds since the Unix epoch. */
        readonly from: number;
        /** @description The time from which entries continue, microseconds since the Unix epoch. */
        readonly to: number;
      } | null;
    };
    readonly ConsistencyProof: {
      /** @description Number of entries of the earlier tree. */
      readonly from: number;
      /** @description The path of the proof, from the leaf to the root. */
      readonly hashes: readonly string[];
      /** @description The newest checkpoint, a signed note. Verify it by the log's key first. */
      readonly checkpoint: string;
    };
    readonly CorrectionRequest: {
      /** @description A decision id, as it was returned. */
      readonly decisionId: string;
      /** @description Text of 1 to 128 printable characters (the tenant that pays; a decision of another tenant is refused). */
      readonly tenant?: string | undefined;
      /** @description Whole microcents from 0 to 2^63−1, beyond 2^53 as digits in quotes (the total cost). */
      readonly actualMicrocents: Amount;
      /** @description Text of 1 to 128 printable characters (on whose behalf, as the caller claims; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (the older name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly Counterfactual: {
      readonly id: number;
      /** @description Its name in the policy. */
      readonly name: string;
      /** @description Its utility, in microcents; $1 is 100,000,000. */
      readonly utilityMicrocents: string;
    };
    readonly CreatedKey: {
      /** @description Sequence of the entry that created it. */
      readonly id: number;
      /** @description Its name. */
      readonly name: string;
      readonly scopes: readonly ("decide" | "operate" | "audit")[];
      readonly tenants?: readonly string[] | undefined;
      /** @description Microseconds since the Unix epoch. */
      readonly expiresAt?: number | undefined;
      readonly allowed?: readonly string[] | undefined;
      /** @description Requests a second. */
      readonly perSecond?: number | undefined;
      /** @description Of its calls that name none. */
      readonly useCase?: string | undefined;
      /** @description Whether it is refused because its time is over. */
      readonly expired: boolean;
      /** @description The secret: it is shown once, and not stored. */
      readonly key: string;
    };
    readonly Decision: {
      /** @description Names the decision for outcomes and settlements. */
      readonly decisionId: string;
      readonly requestId: string | null;
      /** @description Journal sequence of its entry. */
      readonly sequence: number;
      /** @description Hash of its entry; the next entry is chained to it. */
      readonly entryHash: string;
      readonly digests: components["schemas"]["Digests"];
      /** @enum {string} */
      readonly action: "execute" | "substitute" | "reject";
      /** @enum {string} */
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
      readonly selected: components["schemas"]["Candidate"] | null;
      /** @description Most it can cost, which is reserved, in microcents; $1 is 100,000,000. */
      readonly costMicrocents: string;
      /** @description Its worth less its cost, in microcents; $1 is 100,000,000. */
      readonly utilityMicrocents: string;
      readonly counterfactual: components["schemas"]["Counterfactual"] | null;
      readonly requestedCostMicrocents: string | null;
      readonly savedMicrocents: string | null;
      readonly floor: components["schemas"]["Floor"];
      /** @description Candidates that were evaluated. */
      readonly evaluatedCount: number;
      /** @description Candidates that passed every gate. */
      readonly eligibleCount: number;
      /** @description The policy it was decided under. */
      readonly policyId: number;
      /** @description The use case that values left out were taken from. */
      readonly useCase: string;
      /** @description Values that the client left out; `tenant` means that `default` pays. */
      readonly defaulted: readonly ("value" | "risk" | "confidence" | "floor" | "output" | "tenant")[];
      readonly tenant: string | null;
      readonly budget: components["schemas"]["Budget"] | null;
      readonly shortfall: components["schemas"]["Shortfall"] | null;
      /** @description True if the request id was decided before; this is that decision. */
      readonly repeated: boolean;
      /** @description With `?receipt=1`: `claims`, `signature`, `signer`, and `inclusion` where a checkpoint covers the entry; `calybris receipt verify` reads it. */
      readonly receipt?:
        | {
            readonly [key: string]: unknown;
          }
        | undefined;
    };
    readonly DecisionRequest: {
      /** @description Text of 1 to 128 printable characters (the same id is decided once). */
      readonly requestId?: string | undefined;
      /** @description Text of 1 to 128 printable characters (whose money it is). */
      readonly tenant?: string | undefined;
      /** @description A whole number from 1 to 2678400 (how long a reservation may stay open). */
      readonly reservationSeconds?: number | undefined;
      /** @description Text of 1 to 64 printable characters (a use case of the policy). */
      readonly useCase?: string | undefined;
      /** @description The requested candidate: name or id. */
      readonly requested?: (string | number) | undefined;
      /** @description A whole number from 0 to 4294967295 (tokens, or units of work, that go in). */
      readonly inputTokens: number;
      /** @description A whole number from 0 to 4294967295 (the most that may come back). */
      readonly outputTokens?: number | undefined;
      /** @description Whole microcents; 1 cent is 1,000,000. */
      readonly valueMicrocents?: Amount | undefined;
      /** @description Cents, as a decimal in quotes like "0.25". */
      readonly valueCents?: Amount | undefined;
      /** @description Dollars, as a decimal in quotes like "0.25". */
      readonly valueDollars?: Amount | undefined;
      /** @description Whole microcents; 1 cent is 1,000,000. */
      readonly budgetMicrocents?: Amount | undefined;
      /** @description Cents, as a decimal in quotes like "0.25". */
      readonly budgetCents?: Amount | undefined;
      /** @description Dollars, as a decimal in quotes like "0.25". */
      readonly budgetDollars?: Amount | undefined;
      /** @description A whole number from 0 to 10000 (how much is at risk). */
      readonly riskBps?: number | undefined;
      /** @description A whole number from 0 to 10000 (how sure the caller is). */
      readonly confidenceBps?: number | undefined;
      /** @description A whole number from 0 to 10000 (the floor). */
      readonly qualityMinBps?: number | undefined;
      /** @description A whole number from 0 to 4294967295 (p95; 0 means no limit). */
      readonly latencyMaxMs?: number | undefined;
      readonly capabilities?: readonly string[] | undefined;
      readonly providers?: readonly string[] | undefined;
      readonly regions?: readonly string[] | undefined;
      /** @description Whole numbers under the names that the policy's `learning.features` lists. */
      readonly features?:
        | {
            readonly [key: string]: number;
          }
        | undefined;
      /** @description A whole number from -2147483647 to 2147483647 (what the prior makes of the text). */
      readonly textScore?: number | undefined;
      /** @description Text of 1 to 128 printable characters (on whose behalf, as the caller claims; recorded as claimed). */
      readonly onBehalfOf?: string | undefined;
      /** @description What requests are counted by: an object of up to 16 texts of 1 to 128 printable characters, each under a name of 1 to 64 letters, digits, _, ., : and -. */
      readonly tags?:
        | {
            readonly [key: string]: string;
          }
        | undefined;
      /** @description Text of 1 to 128 printable characters (the conversation that the request belongs to). */
      readonly session?: string | undefined;
      /** @description A SHA-256 digest as 43 characters of base64url (of the prompt). */
      readonly promptDigest?: string | undefined;
    };
    readonly Digests: {
      /** @description Of the policy (`calypol1`). */
      readonly policy: string;
      /** @description Of the request as it was decided (`calyinp1`). */
      readonly request: string;
      /** @description Of the decision (`calydcn1`). */
      readonly decision: string;
      /** @description Binds the other three (`calyidn1`). */
      readonly identity: string;
    };
    readonly ErrorAnswer: {
      readonly error: {
        /** @description Stable; switch on it. `docs/errors.md` lists them. */
        readonly code: string;
        /** @description What happened, for a person. */
        readonly message: string;
        /** @description What to do about it. */
        readonly remedy: string;
        readonly details: {
          readonly mistakes?: readonly components["schemas"]["Mistake"][] | undefined;
        } & {
          readonly [key: string]: unknown;
        };
      };
    };
    readonly ExplainedDecision: {
      /** @description Names the decision for outcomes and settlements. */
      readonly decisionId: string;
      readonly requestId: string | null;
      /** @description Journal sequence of its entry. */
      readonly sequence: number;
      /** @description Hash of its entry; the next entry is chained to it. */
      readonly entryHash: string;
      readonly digests: components["schemas"]["Digests"];
      /** @enum {string} */
      readonly action: "execute" | "substitute" | "reject";
      /** @enum {string} */
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
      readonly selected: components["schemas"]["Candidate"] | null;
      /** @description Most it can cost, which is reserved, in microcents; $1 is 100,000,000. */
      readonly costMicrocents: string;
      /** @description Its worth less its cost, in microcents; $1 is 100,000,000. */
      readonly utilityMicrocents: string;
      readonly counterfactual: components["schemas"]["Counterfactual"] | null;
      readonly requestedCostMicrocents: string | null;
      readonly savedMicrocents: string | null;
      readonly floor: components["schemas"]["Floor"];
      /** @description Candidates that were evaluated. */
      readonly evaluatedCount: number;
      /** @description Candidates that passed every gate. */
      readonly eligibleCount: number;
      /** @description The policy it was decided under. */
      readonly policyId: number;
      /** @description The use case that values left out were taken from. */
      readonly useCase: string;
      /** @description Values that the client left out; `tenant` means that `default` pays. */
      readonly defaulted: readonly ("value" | "risk" | "confidence" | "floor" | "output" | "tenant")[];
      readonly tenant: string | null;
      readonly budget: components["schemas"]["Budget"] | null;
      readonly shortfall: components["schemas"]["Shortfall"] | null;
      /** @description True if the request id was decided before; this is that decision. */
      readonly repeated: boolean;
      /** @description Microseconds since the Unix epoch. */
      readonly at: number;
      /** @description Who asked. */
      readonly actor: components["schemas"]["Actor"] | null;
      /** @description The request as it was decided, with the values taken from the use case. */
      readonly request: {
        readonly [key: string]: unknown;
      };
      readonly requested: components["schemas"]["Candidate"] | null;
      /** @description How the learner chose the floor and the tier. */
      readonly learning: {
        readonly [key: string]: unknown;
      } | null;
      /** @description What became of its money; null where nothing was reserved or is known. */
      readonly spending: {
        /** @description `in_flight`, `held`, `settled`, `released`, `expired`, `reconciled`, `corrected` or `finished`. */
        readonly state: string;
        /** @description What is still reserved, in microcents; $1 is 100,000,000. */
        readonly reservedMicrocents: string;
        /** @description What it cost, as far as is known, in microcents; $1 is 100,000,000. */
        readonly costMicrocents: string;
      } | null;
      /** @description One row for each candidate, in catalog order; none after a hard limit. */
      readonly explanation: readonly components["schemas"]["Explanation"][];
      readonly proof: components["schemas"]["Proof"];
      /** @description With `?receipt=1`: `claims`, `signature`, `signer`, and `inclusion` where a checkpoint covers the entry; `calybris receipt verify` reads it. */
      readonly receipt?:
        | {
            readonly [key: string]: unknown;
          }
        | undefined;
    };
    readonly Explanation:
      | {
          readonly id: number;
          /** @description Its name in the policy. */
          readonly name: string;
          /** @description The first gate that refused it. */
          readonly refusedBy: string;
          /** @description What was measured. */
          readonly measured: string;
          /** @description The limit it was measured against. */
          readonly limit: string;
        }
      | {
          readonly id: number;
          /** @description Its name in the policy. */
          readonly name: string;
          readonly refusedBy: null;
          /** @description Its utility: quality less risk, cost and latency, in microcents; $1 is 100,000,000. */
          readonly utilityMicrocents: string;
          /** @description Value of its quality, in microcents; $1 is 100,000,000. */
          readonly qualityMicrocents: string;
          /** @description Deduction for risk, in microcents; $1 is 100,000,000. */
          readonly riskMicrocents: string;
          /** @description Most it can cost, in microcents; $1 is 100,000,000. */
          readonly costMicrocents: string;
          /** @description Deduction for latency, in microcents; $1 is 100,000,000. */
          readonly latencyMicrocents: string;
        };
    readonly Floor: {
      /** @description Least acceptable quality, in ten-thousandths. */
      readonly qualityMinBps: number;
      /**
       * @description Where it came from.
       * @enum {string}
       */
      readonly source:
        | "client"
        | "use_case"
        | "tracker"
        | "certified"
        | "quality"
        | "anomaly"
        | "warm_start"
        | "requested";
    };
    readonly Health: {
      /** @constant */
      readonly status: "alive";
      /** @description Verification of the entries before the snapshot of the start; left out without one. */
      readonly olderEntries?:
        | {
            /** @enum {string} */
            readonly state: "running" | "intact" | "incomplete" | "broken";
            /** @description The last entry that was verified. */
            readonly verifiedSequence: number;
            /** @description The last entry before the snapshot. */
            readonly untilSequence: number;
          }
        | undefined;
      /** @description Checkpoints of the journal; left out where none are signed. */
      readonly checkpoint?:
        | {
            /** @description Entries that the newest checkpoint covers; 0 without one. */
            readonly treeSize: number;
            /** @description Why the last attempt to sign failed; null otherwise. */
            readonly problem: string | null;
          }
        | undefined;
    };
    readonly HoldRequest: {
      /** @description A decision id, as it was returned. */
      readonly decisionId: string;
      /** @description Text of 1 to 128 printable characters (the tenant that pays; a decision of another tenant is refused). */
      readonly tenant?: string | undefined;
      /**
       * @description One of client_gone, stream_cut, timeout, unknown (why the cost is not known).
       * @enum {unknown}
       */
      readonly cause: "client_gone" | "stream_cut" | "timeout" | "unknown";
      /** @description Whole microcents from 0 to 2^63−1, beyond 2^53 as digits in quotes (what is known of it, which is settled at once; at most what was reserved). */
      readonly knownMicrocents?: Amount | undefined;
      /** @description Text of 1 to 128 printable characters (on whose behalf, as the caller claims; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (the older name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly InclusionProof: {
      /** @description Number of the leaf, from 0: the sequence less 1. */
      readonly index: number;
      /** @description Hash of the entry. The leaf is SHA-256 of a zero byte and its 32 bytes. */
      readonly entryHash: string;
      /** @description The path of the proof, from the leaf to the root. */
      readonly hashes: readonly string[];
      /** @description The newest checkpoint, a signed note. Verify it by the log's key first. */
      readonly checkpoint: string;
    };
    readonly JournalHead: {
      /** @description The last durable entry. */
      readonly sequence: number;
      /** @description Its hash; keep a copy elsewhere to notice a removed end. */
      readonly entryHash: string;
      /** @description Whether verifying the chain needs a secret key. */
      readonly keyed: boolean;
    };
    readonly Key: {
      /** @description Sequence of the entry that created it. */
      readonly id: number;
      /** @description Its name. */
      readonly name: string;
      readonly scopes: readonly ("decide" | "operate" | "audit")[];
      readonly tenants?: readonly string[] | undefined;
      /** @description Microseconds since the Unix epoch. */
      readonly expiresAt?: number | undefined;
      readonly allowed?: readonly string[] | undefined;
      /** @description Requests a second. */
      readonly perSecond?: number | undefined;
      /** @description Of its calls that name none. */
      readonly useCase?: string | undefined;
      /** @description Whether it is refused because its time is over. */
      readonly expired: boolean;
    };
    readonly KeyRequest: {
      /** @description Text of 1 to 128 printable characters (its name, which no other created key has). */
      readonly name: string;
      readonly scopes: readonly ("decide" | "operate" | "audit")[];
      readonly tenants?: readonly string[] | undefined;
      /** @description A whole number from 1 to 9007199254740991 (microseconds since the Unix epoch; default never). */
      readonly expiresAt?: number | undefined;
      readonly allowed?: readonly string[] | undefined;
      /** @description A whole number from 1 to 9999999 (requests a second; default `limits.perSecond`). */
      readonly perSecond?: number | undefined;
      /** @description The name of a use case. */
      readonly useCase?: string | undefined;
      readonly budget?: components["schemas"]["TenantLimit"] | undefined;
      /** @description Text of 1 to 128 printable characters (on whose behalf, as the caller claims; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (the older name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly KeyRevoked: {
      /** @description Of the key that was revoked. */
      readonly id: number;
      /** @description Always true. */
      readonly revoked: boolean;
    };
    readonly Keys: {
      readonly keys: readonly components["schemas"]["Key"][];
    };
    readonly LedgerProof: {
      /** @description The entry up to which everything here counts. */
      readonly sequence: number;
      /** @description `calyldg1`, with that entry as its watermark. */
      readonly digest: string;
      /** @description Of every tenant. */
      readonly conserved: boolean;
      readonly total: {
        /** @description Given, in microcents; $1 is 100,000,000. */
        readonly grantedMicrocents: string;
        /** @description Left, in microcents; $1 is 100,000,000. */
        readonly remainingMicrocents: string;
        /** @description Held, in microcents; $1 is 100,000,000. */
        readonly reservedMicrocents: string;
        /** @description Spent, in microcents; $1 is 100,000,000. */
        readonly settledMicrocents: string;
        /** @description Owed, in microcents; $1 is 100,000,000. */
        readonly debtMicrocents: string;
      };
      readonly tenants: readonly components["schemas"]["TenantBudget"][];
      readonly reservations: readonly {
        /** @description Names the decision for outcomes and settlements. */
        readonly decisionId: string;
        /** @description The tenant. */
        readonly tenant: string;
        /** @description The amount still reserved, in microcents; $1 is 100,000,000. */
        readonly amountMicrocents: string;
        /** @description Settled already, of a held reservation, in microcents; $1 is 100,000,000. */
        readonly knownMicrocents: string;
        /** @description Microseconds; from then on it is settled in full. */
        readonly expiresAt: number;
        /** @enum {string} */
        readonly state: "open" | "held" | "overdue";
      }[];
    };
    readonly Mistake: {
      /** @description The field. */
      readonly path: string;
      /** @description What is wrong with it. */
      readonly problem: string;
      /** @description What to do. */
      readonly remedy: string;
      readonly line?: number | undefined;
    };
    readonly NextChange: {
      /** @description Hash of the journal's first entry, hexadecimal. */
      readonly genesisHash: string;
      /** @description Journal sequence of the last change of policy. */
      readonly follows: number;
      /** @description The id of a policy that is staged or activated next. */
      readonly nextPolicyId: number;
    };
    readonly Observation: {
      /** @description Names the decision for outcomes and settlements. */
      readonly decisionId: string;
      /** @description Journal sequence of its entry. */
      readonly sequence: number;
      /** @description Quality in ten-thousandths, as reported or derived from the signals. */
      readonly successBps: number;
      /** @description The reward, in ten-thousandths. */
      readonly rewardBps: number;
      /** @description Whether the learner used it. */
      readonly learned: boolean;
      /** @description `calyout1`. */
      readonly digest: string;
      readonly settlement: components["schemas"]["Settlement"] | null;
      /** @description True if it was reported before; nothing changed. */
      readonly repeated: boolean;
    };
    readonly OutcomeRequest: {
      /** @description A decision id, as it was returned. */
      readonly decisionId: string;
      /** @description A whole number from 0 to 9007199254740991 (microseconds since the Unix epoch; default now). */
      readonly observedAt?: number | undefined;
      /**
       * @description One of applied, abandoned, in_flight (whether it was used; default applied).
       * @enum {unknown}
       */
      readonly disposition?: ("applied" | "abandoned" | "in_flight") | undefined;
      /** @description True or false (whether it succeeded; derived from the signals by default). */
      readonly succeeded?: boolean | undefined;
      readonly signals?: readonly ("slow" | "error" | "retried" | "aborted" | "truncated")[] | undefined;
      /** @description Whole microcents from 0 to 2^63−1, beyond 2^53 as digits in quotes (actual cost). */
      readonly costMicrocents?: Amount | undefined;
      /** @description A whole number from 0 to 4294967295 (how long it took). */
      readonly latencyMs?: number | undefined;
      /** @description True or false (whether the cost, which is required then, settles the decision's reservation too). */
      readonly settle?: boolean | undefined;
      /** @description Text of 1 to 128 printable characters (on whose behalf, as the caller claims; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (the older name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly Policies: {
      readonly activations: readonly components["schemas"]["Activation"][];
      readonly staged: number | null;
      readonly policies: readonly components["schemas"]["PolicyRow"][];
    };
    readonly PolicyChange: {
      /** @description Its id. */
      readonly policyId: number;
      readonly sequence: number | null;
      /** @description Digest of the active policy. */
      readonly snapshotDigest: string;
      /** @description True if it was active already; nothing changed. */
      readonly repeated: boolean;
    };
    readonly PolicyCheck: {
      /** @description Its name. */
      readonly name: string;
      /** @description `calypol1`. */
      readonly policyDigest: string;
      /** @description Covers names, tiers and defaults as well. */
      readonly snapshotDigest: string;
      /** @description Number of candidates. */
      readonly candidateCount: number;
      /** @description Whether it is the active policy. */
      readonly isActive: boolean;
    };
    readonly PolicyCheckRequest: {
      readonly policy: components["schemas"]["PolicyFile"];
    };
    readonly PolicyFile: {
      /** @description Text of 1 to 2000 printable characters (a schema for editors). */
      readonly $schema?: string | undefined;
      /** @description Text of 1 to 128 printable characters (what people call the policy). */
      readonly name: string;
      /** @description A whole number from 0 to 2^64−1 (grows with each change of the policy). */
      readonly epoch: Amount;
      /** @description The name of a built-in catalog, the path of a catalog file, or a catalog. */
      readonly catalog:
        | string
        | {
            readonly [name: string]: unknown;
          };
      /** @description A whole number from 0 to 9600 (at this risk nothing runs; a policy may be stricter than governance, never looser). */
      readonly riskHardLimitBps: number;
      /** @description A whole number from 5500 to 10000 (below this confidence nothing runs; a policy may be stricter than governance, never looser). */
      readonly confidenceMinBps: number;
      /** @description A whole number from 0 to 50000 (how much of the value at risk is taken off). */
      readonly riskPenaltyMultiplierBps: number;
      /** @description Whole microcents; 1 cent is 1,000,000. */
      readonly latencyPenaltyMicrocentsPerMs?: Amount | undefined;
      /** @description Cents, as a decimal in quotes like "0.25". */
      readonly latencyPenaltyCentsPerMs?: Amount | undefined;
      /** @description Dollars, as a decimal in quotes like "0.25". */
      readonly latencyPenaltyDollarsPerMs?: Amount | undefined;
      /**
       * @description "requested" or "none" ("requested": nothing runs whose estimated cost is above that of the requested candidate).
       * @enum {unknown}
       */
      readonly spendLimit?: ("requested" | "none") | undefined;
      /** @description "any", "requestedProvider", or a list of providers that may take the place of the requested one's. */
      readonly substituteWithin?: (("any" | "requestedProvider") | readonly string[]) | undefined;
      readonly learning?:
        | {
            readonly features?: readonly string[] | undefined;
            /**
             * @description "regimes", "offsets" (`regimes`: eight regimes with Beta beliefs, as published; `offsets`: the prior's score decides within a regime).
             * @enum {unknown}
             */
            readonly method?: ("regimes" | "offsets") | undefined;
            /** @description A whole number from 0 to 10000 (spread evenly over the tiers that may be drawn; 0 explores in shadow only). */
            readonly explorationBps?: number | undefined;
            /** @description A whole number from 0 to 10000 (left alone by the learner). */
            readonly holdoutBps?: number | undefined;
            /** @description A whole number from 1 to 9999 (the share of failures that floors settle at; a third when left out). */
            readonly targetFailureBps?: number | undefined;
            /** @description A whole number from 1 to 1000000 (how much of the past is kept at each outcome, in millionths). */
            readonly discountPpm?: number | undefined;
            /** @description A whole number from 8 to 1000000 (requests before the regimes are frozen). */
            readonly warmUpRequests?: number | undefined;
            /** @description A whole number from 0 to 10000 (how far an anomalous request is lifted above its use case's floor). */
            readonly anomalyRaiseBps?: number | undefined;
            /** @description A whole number from 0 to 10000 (the share of requests that may be lifted). */
            readonly anomalyShareBps?: number | undefined;
            /** @description A whole number from 1 to 31536000 (an outcome later than this teaches nothing). */
            readonly attributionSeconds?: number | undefined;
          }
        | undefined;
      readonly disabled?: readonly string[] | undefined;
      /** @description What a request of each kind gets where the client says nothing. `default` has to be there. */
      readonly useCases: {
        readonly [key: string]: {
          /** @description Whole microcents; 1 cent is 1,000,000. */
          readonly valueMicrocents?: Amount | undefined;
          /** @description Cents, as a decimal in quotes like "0.25". */
          readonly valueCents?: Amount | undefined;
          /** @description Dollars, as a decimal in quotes like "0.25". */
          readonly valueDollars?: Amount | undefined;
          /** @description A whole number from 0 to 10000 (how much is at risk, in ten-thousandths). */
          readonly riskBps: number;
          /** @description A whole number from 0 to 10000 (how sure the caller is, in ten-thousandths). */
          readonly confidenceBps: number;
          /** @description A whole number from 0 to 10000 (the floor: least acceptable quality). */
          readonly qualityMinBps: number;
          /** @description A whole number from 0 to 4294967295 (the most that may come back). */
          readonly outputTokens: number;
        };
      };
    };
    readonly PolicyNamedRequest: {
      /** @description A whole number from 1 to 4294967295 (the id of a policy of the journal). */
      readonly policyId: number;
      readonly signature?: components["schemas"]["ChangeSignature"] | undefined;
      /** @description Text of 1 to 128 printable characters (on whose behalf, as the caller claims; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (the older name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly PolicyRegret: {
      /** @description `learner`, `base` (the floor of the use case alone), or `always` and a candidate. */
      readonly name: string;
      /** @description The doubly robust estimate of its mean reward. Null while unknown. */
      readonly value: number | null;
      /** @description Of the value, for one look. Null while unknown. */
      readonly standardError: number | null;
      readonly bySlope: {
        /** @description DR with shrinkage, its constant chosen by SLOPE. Null while unknown. */
        readonly value: number | null;
        /** @description That constant. Null while unknown. */
        readonly constant: number | null;
      };
      readonly interval: {
        /** @description Valid however often it is looked at. */
        readonly lower: number;
        /** @description Likewise. */
        readonly upper: number;
        /** @description Outcomes that it covers. */
        readonly rows: number;
        /** @description Where predictions are cut. */
        readonly k: number;
      } | null;
      /** @description As many equally weighted outcomes would tell as much. */
      readonly effectiveRows: number;
      /** @description The share of its choices that were never going to run. */
      readonly targetMassUnlogged: number;
      /** @description The largest weight of an outcome. */
      readonly maxWeight: number;
      /** @description Why its figures are not fit to act on; empty if they are. */
      readonly refusals: readonly {
        /** @description A word for programs. */
        readonly reason: string;
        /** @description The reason as a sentence. */
        readonly explanation: string;
      }[];
    };
    readonly PolicyRow: {
      /** @description Counts from 1. */
      readonly policyId: number;
      /** @description Its name. */
      readonly name: string;
      /** @description Grows with each change. */
      readonly policyEpoch: string;
      /** @description `calypol1`: what decides. */
      readonly policyDigest: string;
      /** @description Covers names, tiers and defaults as well. */
      readonly snapshotDigest: string;
      readonly candidates: readonly components["schemas"]["Candidate"][];
      /** @description Whether it came from the configured policy file; true of the first. */
      readonly isFromFile: boolean;
      /** @description Whether it is the active policy. */
      readonly isActive: boolean;
      /** @description Journal sequence of the entry that brought it. */
      readonly sequence: number;
      readonly actor: components["schemas"]["Actor"] | null;
    };
    readonly PolicySetRequest: {
      readonly policy: components["schemas"]["PolicyFile"];
      readonly signature?: components["schemas"]["ChangeSignature"] | undefined;
      /** @description Text of 1 to 128 printable characters (on whose behalf, as the caller claims; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (the older name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly PriorChange: {
      /** @description Journal sequence of its entry. */
      readonly sequence: number;
      /** @description Whether the active certificate belonged to another prior and became void. */
      readonly isCertificateVoid: boolean;
    };
    readonly PriorRequest: {
      /** @description An object: the unmodified JSON that `calybris train` wrote. */
      readonly prior: {
        readonly [name: string]: unknown;
      };
      /** @description Text of 1 to 128 printable characters (on whose behalf, as the caller claims; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (the older name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly Proof: {
      /** @description The journal line, byte for byte: every hash can be recomputed from it. */
      readonly line: string;
      /** @description Hash of the entry before; `genesis` for the first. */
      readonly previousHash: string;
      /** @description Hash of this one. */
      readonly entryHash: string;
      readonly head: {
        /** @description The last durable entry. */
        readonly sequence: number;
        /** @description Its hash. */
        readonly entryHash: string;
      };
    };
    readonly Ready: {
      /** @constant */
      readonly status: "ready";
      /** @description The last durable entry. */
      readonly sequence: number;
      /** @description The active policy. */
      readonly policyId: number;
    };
    readonly ReconciledExport: {
      /** @description SHA-256 of the export; each entry names it. */
      readonly exportDigest: string;
      /** @description Decisions that were held. */
      readonly reconciled: readonly {
        /** @description Names the decision for outcomes and settlements. */
        readonly decisionId: string;
        /** @description What it cost in total, in microcents; $1 is 100,000,000. */
        readonly costMicrocents: string;
      }[];
      /** @description An attempt of theirs has neither a row nor a known cost. */
      readonly stillHeld: readonly string[];
      /** @description Rows of decisions that are not held. */
      readonly otherRowCount: number;
      /** @description Rows that name no decision of this journal. */
      readonly unexplainedRowCount: number;
      /** @description What those rows cost together, in microcents; $1 is 100,000,000. */
      readonly unexplainedMicrocents: string;
      /** @description In the order of the export. */
      readonly buckets: readonly {
        /** @description Held decisions that it was spread over. */
        readonly callCount: number;
        /** @description What of it no decision explains, in microcents; $1 is 100,000,000. */
        readonly unexplainedMicrocents: string;
      }[];
    };
    readonly Regret: {
      /** @description The last entry that the figures cover. */
      readonly sequence: number;
      /** @description The last durable entry; more than `sequence` while the service catches up. */
      readonly headSequence: number;
      /** @description Decisions. */
      readonly decisions: number;
      /** @description Outcomes of any decision. */
      readonly outcomes: number;
      /** @description Decisions without an outcome that counts. */
      readonly missing: number;
      /** @description The probability that an interval misses at any time. */
      readonly alpha: number;
      /** @description How much worse still counts as no worse. */
      readonly margin: number;
      readonly calibration: readonly components["schemas"]["CalibrationCell"][];
      readonly all: {
        /** @description Outcomes of the learner's own decisions. */
        readonly rows: number;
        /** @description Outcomes of other decisions. */
        readonly notLearned: number;
        /** @description Outcomes that came too late, or of answers that were not used. */
        readonly unusable: number;
        readonly ran: {
          /** @description Mean reward of what ran. Null while unknown. */
          readonly value: number | null;
          /** @description Of the value. Null while unknown. */
          readonly standardError: number | null;
        };
        readonly policies: readonly components["schemas"]["PolicyRegret"][];
        /** @description The policy with the highest value that is not refused. */
        readonly best: string | null;
        /** @description Its value less that of what ran; below 0, what ran was better. Null while unknown. */
        readonly regret: number | null;
        readonly learnerIsBetterAt: number | null;
        readonly learnerIsNoWorseAt: number | null;
      };
    };
    readonly ReleaseRequest: {
      /** @description A decision id, as it was returned. */
      readonly decisionId: string;
      /** @description Text of 1 to 128 printable characters (the tenant that pays; a decision of another tenant is refused). */
      readonly tenant?: string | undefined;
      /** @description Text of 1 to 128 printable characters (on whose behalf, as the caller claims; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (the older name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly Reload: {
      /** @description The policy that was activated; null when the file has not changed. */
      readonly policy: {
        /** @description Its id. */
        readonly policyId: number;
        /** @description Journal sequence of its entry. */
        readonly sequence: number;
        /** @description Its digest, as `calybris policy check` prints it. */
        readonly snapshotDigest: string;
      } | null;
      readonly tenantsChanged: readonly string[];
      /** @description Keys that are accepted from now on. */
      readonly keyCount: number;
      readonly restartNeeded: readonly string[];
    };
    readonly Rollout: {
      /** @description The active policy. */
      readonly activePolicyId: number;
      readonly nextChange: components["schemas"]["NextChange"] | null;
      readonly staged: components["schemas"]["StagedPolicy"] | null;
    };
    readonly RolloutChange: {
      /** @description Its id. */
      readonly policyId: number;
      /** @description Journal sequence of the entry that made the change. */
      readonly sequence: number;
      /** @description True if it was so already; nothing changed. */
      readonly repeated: boolean;
    };
    readonly RolloutChoice: {
      /**
       * @description What was decided, or would have been.
       * @enum {string}
       */
      readonly action: "execute" | "substitute" | "reject";
      /** @description Name of the candidate; null for a rejection. */
      readonly candidate: string | null;
    };
    readonly RolloutEffect: {
      /** @description The staged policy's mean less that of what ran; null before the first outcome. */
      readonly difference: number | null;
      /** @description Valid however often it is looked at. */
      readonly lower: number;
      /** @description Likewise. */
      readonly upper: number;
    };
    readonly RolloutMismatch: {
      /** @description Journal sequence of the decision. */
      readonly sequence: number;
      /** @description Its tenant; null for none. */
      readonly tenant: string | null;
      readonly regime: number | null;
      readonly active: components["schemas"]["RolloutChoice"];
      readonly staged: components["schemas"]["RolloutChoice"];
    };
    readonly Settlement: {
      /** @description Names the decision for outcomes and settlements. */
      readonly decisionId: string;
      /** @description The tenant that paid. */
      readonly tenant: string;
      /**
       * @description A cost beyond the tenant's overrun factor is held for an operator.
       * @enum {string}
       */
      readonly state: "settled" | "released" | "held" | "reconciled" | "corrected";
      /** @description Journal sequence of its entry. */
      readonly sequence: number;
      /** @description What it cost; while it is held, what is still reserved, in microcents; $1 is 100,000,000. */
      readonly actualMicrocents: string;
      /** @description True if it was in that state before; nothing changed. */
      readonly repeated: boolean;
      readonly budget: components["schemas"]["TenantBudget"];
    };
    readonly SettlementRequest: {
      /** @description A decision id, as it was returned. */
      readonly decisionId: string;
      /** @description Text of 1 to 128 printable characters (the tenant that pays; a decision of another tenant is refused). */
      readonly tenant?: string | undefined;
      /** @description Whole microcents from 0 to 2^63−1, beyond 2^53 as digits in quotes (actual cost). */
      readonly actualMicrocents: Amount;
      /** @description Text of 1 to 128 printable characters (on whose behalf, as the caller claims; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (the older name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly Shortfall: {
      /** @description The headroom, in microcents; $1 is 100,000,000. */
      readonly headroomMicrocents: string;
      /** @description The request's own limit, in microcents; $1 is 100,000,000. */
      readonly askedMicrocents: string;
    };
    readonly StagedPolicy: {
      /** @description Its id. */
      readonly policyId: number;
      /** @description Its name. */
      readonly name: string;
      /** @description Journal sequence of the entry that staged it. */
      readonly since: number;
      /** @description Journal sequence of the last entry that is compared. */
      readonly comparedSequence: number;
      /** @description The share of the tenants that it decides for, in basis points. */
      readonly canaryBps: number;
      /** @description Decisions that it made for them; in no other count. */
      readonly canaryDecisions: number;
      /** @description Decisions that were made in shadow, too. */
      readonly decisions: number;
      /** @description Those with another action. */
      readonly actionMismatches: number;
      /** @description Those with another action or candidate. */
      readonly mismatches: number;
      readonly regimes: readonly {
        /** @description 0 to 7, or 8 before regimes are known. */
        readonly regime: number;
        /** @description Decisions that were made in shadow, too. */
        readonly decisions: number;
        /** @description Those with another action. */
        readonly actionMismatches: number;
        /** @description Those with another action or candidate. */
        readonly mismatches: number;
        readonly mismatchSequences: readonly number[];
      }[];
      readonly tenants: readonly {
        /** @description Null for no tenant; an empty name for all beyond 1,000. */
        readonly tenant: string | null;
        /** @description Decisions that were made in shadow, too. */
        readonly decisions: number;
        /** @description Those with another action. */
        readonly actionMismatches: number;
        /** @description Those with another action or candidate. */
        readonly mismatches: number;
        readonly mismatchSequences: readonly number[];
      }[];
      readonly mismatchSequences: readonly number[];
      readonly mismatchExamples: readonly components["schemas"]["RolloutMismatch"][];
      /** @description Outcomes that are compared. */
      readonly outcomes: number;
      /** @description Outcomes whose draws are not known. */
      readonly outcomesUnknown: number;
      readonly success: components["schemas"]["RolloutEffect"];
      readonly reward: components["schemas"]["RolloutEffect"];
      readonly isNoWorseAt: number | null;
      readonly isBetterAt: number | null;
      /** @description The gate that is passed: few differ and no worse, or better. */
      readonly passes: ("a" | "b") | null;
      readonly missing: readonly string[];
    };
    readonly TenantBudget: {
      /** @description Its name. */
      readonly tenant: string;
      /** @description The tenant above. */
      readonly parent?: string | undefined;
      /** @description Whether this level has a budget; a level without one limits nothing. */
      readonly metered: boolean;
      /** @description Maximum that may be reserved at once, in microcents; $1 is 100,000,000. */
      readonly exposureCapMicrocents?: string | undefined;
      /** @description Granted so far, in microcents; $1 is 100,000,000. */
      readonly grantedMicrocents: string;
      /** @description Not reserved and not spent, in microcents; $1 is 100,000,000. */
      readonly remainingMicrocents: string;
      /** @description Held for decisions that are not settled, in microcents; $1 is 100,000,000. */
      readonly reservedMicrocents: string;
      /** @description Spent, in microcents; $1 is 100,000,000. */
      readonly settledMicrocents: string;
      /** @description Billed beyond what was granted, in microcents; $1 is 100,000,000. */
      readonly debtMicrocents: string;
      /** @description Billed since the period began, or since account creation, in microcents; $1 is 100,000,000. */
      readonly billedInPeriodMicrocents: string;
      readonly period?:
        | {
            readonly index: number;
            /** @description Microseconds. */
            readonly startsAt: number;
            /** @description Microseconds. */
            readonly endsAt: number;
          }
        | undefined;
      /** @description granted = remaining + reserved + settled, none below 0. */
      readonly conserved: boolean;
    };
    readonly TenantLimit: {
      /** @description Text of 1 to 128 printable characters (the tenant above, whose money this one spends too). */
      readonly parent?: string | undefined;
      /** @description True or false (whether this level lets everything through; false when left out). */
      readonly unlimited?: boolean | undefined;
      /** @description Whole microcents; 1 cent is 1,000,000. */
      readonly exposureCapMicrocents?: Amount | undefined;
      /** @description Cents, as a decimal in quotes like "0.25". */
      readonly exposureCapCents?: Amount | undefined;
      /** @description Dollars, as a decimal in quotes like "0.25". */
      readonly exposureCapDollars?: Amount | undefined;
      readonly period?:
        | {
            /**
             * @description "day", "week", "month", "quarter" (how often the allotment is granted anew).
             * @enum {unknown}
             */
            readonly every: "day" | "week" | "month" | "quarter";
            /** @description The name of a time zone, like "Europe/Berlin" or "UTC" (periods begin at its midnight). */
            readonly timeZone: string;
            /** @description Whole microcents; 1 cent is 1,000,000. */
            readonly allotmentMicrocents?: Amount | undefined;
            /** @description Cents, as a decimal in quotes like "0.25". */
            readonly allotmentCents?: Amount | undefined;
            /** @description Dollars, as a decimal in quotes like "0.25". */
            readonly allotmentDollars?: Amount | undefined;
          }
        | undefined;
      /**
       * @description "substitute", "reject" (for a request above the headroom: substitute or reject).
       * @enum {unknown}
       */
      readonly onShortfall?: ("substitute" | "reject") | undefined;
      /** @description A whole number from 1 to 2678400 (how long a reservation may stay open). */
      readonly reservationSeconds?: number | undefined;
      /** @description A whole number from 1 to 1000000 (a cost above so many times its reservation is held for an operator; default 10). */
      readonly overrunFactor?: number | undefined;
      /** @description Whole microcents; 1 cent is 1,000,000. */
      readonly overrunFloorMicrocents?: Amount | undefined;
      /** @description Cents, as a decimal in quotes like "0.25". */
      readonly overrunFloorCents?: Amount | undefined;
      /** @description Dollars, as a decimal in quotes like "0.25". */
      readonly overrunFloorDollars?: Amount | undefined;
    };
    readonly UsageExportRequest: {
      /** @description The text of an export, JSON Lines; entries name its SHA-256. */
      readonly usageExport: string;
      /** @description A whole number from 0 to 9007199254740991 (microseconds since the Unix epoch, up to which the export has every request that was billed; a held call of before without a row cost nothing). */
      readonly completeUntil?: number | undefined;
      /** @description Text of 1 to 128 printable characters (on whose behalf, as the caller claims; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (the older name of onBehalfOf). */
      readonly by?: string | undefined;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type Activation = components["schemas"]["Activation"];
export type Actor = components["schemas"]["Actor"];
export type Batch = components["schemas"]["Batch"];
export type BatchRequest = components["schemas"]["BatchRequest"];
export type Budget = components["schemas"]["Budget"];
export type BudgetChange = components["schemas"]["BudgetChange"];
export type BudgetRequest = components["schemas"]["BudgetRequest"];
export type CalibrationCell = components["schemas"]["CalibrationCell"];
export type CanaryRequest = components["schemas"]["CanaryRequest"];
export type Candidate = components["schemas"]["Candidate"];
export type CertificateChange = components["schemas"]["CertificateChange"];
export type CertificateRequest = components["schemas"]["CertificateRequest"];
export type ChangeSignature = components["schemas"]["ChangeSignature"];
export type ClockConfirmation = components["schemas"]["ClockConfirmation"];
export type ConsistencyProof = components["schemas"]["ConsistencyProof"];
export type CorrectionRequest = components["schemas"]["CorrectionRequest"];
export type Counterfactual = components["schemas"]["Counterfactual"];
export type CreatedKey = components["schemas"]["CreatedKey"];
export type Decision = components["schemas"]["Decision"];
export type DecisionRequest = components["schemas"]["DecisionRequest"];
export type Digests = components["schemas"]["Digests"];
export type ErrorAnswer = components["schemas"]["ErrorAnswer"];
export type ExplainedDecision = components["schemas"]["ExplainedDecision"];
export type Explanation = components["schemas"]["Explanation"];
export type Floor = components["schemas"]["Floor"];
export type Health = components["schemas"]["Health"];
export type HoldRequest = components["schemas"]["HoldRequest"];
export type InclusionProof = components["schemas"]["InclusionProof"];
export type JournalHead = components["schemas"]["JournalHead"];
export type Key = components["schemas"]["Key"];
export type KeyRequest = components["schemas"]["KeyRequest"];
export type KeyRevoked = components["schemas"]["KeyRevoked"];
export type Keys = components["schemas"]["Keys"];
export type LedgerProof = components["schemas"]["LedgerProof"];
export type Mistake = components["schemas"]["Mistake"];
export type NextChange = components["schemas"]["NextChange"];
export type Observation = components["schemas"]["Observation"];
export type OutcomeRequest = components["schemas"]["OutcomeRequest"];
export type Policies = components["schemas"]["Policies"];
export type PolicyChange = components["schemas"]["PolicyChange"];
export type PolicyCheck = components["schemas"]["PolicyCheck"];
export type PolicyCheckRequest = components["schemas"]["PolicyCheckRequest"];
export type PolicyFile = components["schemas"]["PolicyFile"];
export type PolicyNamedRequest = components["schemas"]["PolicyNamedRequest"];
export type PolicyRegret = components["schemas"]["PolicyRegret"];
export type PolicyRow = components["schemas"]["PolicyRow"];
export type PolicySetRequest = components["schemas"]["PolicySetRequest"];
export type PriorChange = components["schemas"]["PriorChange"];
export type PriorRequest = components["schemas"]["PriorRequest"];
export type Proof = components["schemas"]["Proof"];
export type Ready = components["schemas"]["Ready"];
export type ReconciledExport = components["schemas"]["ReconciledExport"];
export type Regret = components["schemas"]["Regret"];
export type ReleaseRequest = components["schemas"]["ReleaseRequest"];
export type Reload = components["schemas"]["Reload"];
export type Rollout = components["schemas"]["Rollout"];
export type RolloutChange = components["schemas"]["RolloutChange"];
export type RolloutChoice = components["schemas"]["RolloutChoice"];
export type RolloutEffect = components["schemas"]["RolloutEffect"];
export type RolloutMismatch = components["schemas"]["RolloutMismatch"];
export type Settlement = components["schemas"]["Settlement"];
export type SettlementRequest = components["schemas"]["SettlementRequest"];
export type Shortfall = components["schemas"]["Shortfall"];
export type StagedPolicy = components["schemas"]["StagedPolicy"];
export type TenantBudget = components["schemas"]["TenantBudget"];
export type TenantLimit = components["schemas"]["TenantLimit"];
export type UsageExportRequest = components["schemas"]["UsageExportRequest"];
export type $defs = Record<string, never>;
export interface operations {
  readonly decide: {
    readonly parameters: {
      readonly query?:
        | {
            readonly receipt?: "1" | undefined;
          }
        | undefined;
      readonly header?:
        | {
            /** @description The `requestId`, sent as a header. */
            readonly "idempotency-key"?: string | undefined;
          }
        | undefined;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["DecisionRequest"];
      };
    };
    readonly responses: {
      /** @description Decide one request. Requires a key with scope decide. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Decision"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly decideBatch: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["BatchRequest"];
      };
    };
    readonly responses: {
      /** @description Decide many requests. Requires a key with scope decide. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Batch"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly decision: {
    readonly parameters: {
      readonly query?:
        | {
            readonly receipt?: "1" | undefined;
          }
        | undefined;
      readonly header?: never;
      readonly path: {
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Get a decision, why it was made, and its proof. Requires a key with scope decide or audit. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ExplainedDecision"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly observe: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["OutcomeRequest"];
      };
    };
    readonly responses: {
      /** @description Report the outcome of a decision. Requires a key with scope decide. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Observation"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly settle: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["SettlementRequest"];
      };
    };
    readonly responses: {
      /** @description Report what a decision cost. Requires a key with scope decide. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Settlement"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly release: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["ReleaseRequest"];
      };
    };
    readonly responses: {
      /** @description Report that a decision was never executed. Requires a key with scope decide. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Settlement"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly hold: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["HoldRequest"];
      };
    };
    readonly responses: {
      /** @description Report that the cost of a decision is not known yet. Requires a key with scope decide. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Settlement"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly reconcile: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["CorrectionRequest"];
      };
    };
    readonly responses: {
      /** @description Report what a held decision cost. Requires a key with scope operate. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Settlement"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly correct: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["CorrectionRequest"];
      };
    };
    readonly responses: {
      /** @description Correct the cost of a settled decision. Requires a key with scope operate. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Settlement"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly reconcileUsage: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["UsageExportRequest"];
      };
    };
    readonly responses: {
      /** @description Reconcile held decisions from a provider's usage export. Requires a key with scope operate. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ReconciledExport"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly budget: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Get a tenant's budget. Requires a key with scope decide or operate or audit. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["TenantBudget"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly setBudget: {
    readonly parameters: {
      readonly query?: never;
      readonly header?:
        | {
            /** @description The id of the grant, sent as a header. */
            readonly "idempotency-key"?: string | undefined;
          }
        | undefined;
      readonly path: {
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["BudgetRequest"];
      };
    };
    readonly responses: {
      /** @description Limit a tenant, grant it money, or both. Requires a key with scope operate. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["BudgetChange"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly ledger: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Get the conservation proof of every tenant's money. Requires a key with scope operate or audit. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["LedgerProof"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly keys: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description List the created API keys. Requires a key with scope operate or audit. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Keys"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly createKey: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["KeyRequest"];
      };
    };
    readonly responses: {
      /** @description Create an API key. Requires a key with scope operate. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["CreatedKey"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly rotateKey: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Replace the secret of an API key. Requires a key with scope operate. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["CreatedKey"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly revokeKey: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Revoke an API key. Requires a key with scope operate. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["KeyRevoked"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly policies: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description List every policy that was ever active. Requires a key with scope decide or operate or audit. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Policies"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly setPolicy: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["PolicySetRequest"];
      };
    };
    readonly responses: {
      /** @description Activate a policy, from the next decision on. Requires a key with scope operate. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["PolicyChange"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly checkPolicy: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["PolicyCheckRequest"];
      };
    };
    readonly responses: {
      /** @description Check a policy without activating it; all mistakes are reported at once. Requires a key with scope decide or operate or audit. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["PolicyCheck"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly stagePolicy: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["PolicySetRequest"];
      };
    };
    readonly responses: {
      /** @description Stage a policy: it decides in shadow, from the next decision on. Requires a key with scope operate. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["RolloutChange"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly rollout: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Compare the staged policy with the active one. Requires a key with scope operate or audit. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Rollout"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly promotePolicy: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["PolicyNamedRequest"];
      };
    };
    readonly responses: {
      /** @description Activate the staged policy, once it passes a gate. Requires a key with scope operate. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["RolloutChange"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly canaryPolicy: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["CanaryRequest"];
      };
    };
    readonly responses: {
      /** @description Let the staged policy decide for a share of the tenants. Requires a key with scope operate. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["RolloutChange"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly rollBackPolicy: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["PolicyNamedRequest"];
      };
    };
    readonly responses: {
      /** @description Activate an earlier policy, from the next decision on. Requires a key with scope operate. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["RolloutChange"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly setPrior: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["PriorRequest"];
      };
    };
    readonly responses: {
      /** @description Activate a prior, from the next decision on. Requires a key with scope operate. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["PriorChange"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly setCertificate: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly "application/json": components["schemas"]["CertificateRequest"];
      };
    };
    readonly responses: {
      /** @description Activate a certificate, from the next decision on. Requires a key with scope operate. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["CertificateChange"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly regret: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description What decisions earned, beside what other policies would have earned. Requires a key with scope operate or audit. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Regret"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly reload: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Read keys, TLS files, the policy file and budgets again. Requires a key with scope operate. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Reload"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly journalHead: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Get the last durable entry. Requires a key with scope audit. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["JournalHead"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly journalEntries: {
    readonly parameters: {
      readonly query?:
        | {
            readonly from?: number | undefined;
            readonly to?: number | undefined;
          }
        | undefined;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Stream the journal, one entry a line, byte for byte as on the disk. Requires a key with scope audit. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/jsonl": string;
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly inclusionProof: {
    readonly parameters: {
      readonly query: {
        readonly sequence: number;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Prove that an entry is in the newest checkpoint. Requires a key with scope audit or operate or decide. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["InclusionProof"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly consistencyProof: {
    readonly parameters: {
      readonly query: {
        readonly from: number;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Prove that the newest checkpoint continues an earlier one. Requires a key with scope audit or operate or decide. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ConsistencyProof"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly health: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Whether the process is alive */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Health"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly ready: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Whether decisions can be made durable now; 503 when they cannot */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["Ready"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly confirmClock: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Confirm that the system clock is right after it went forward by more than 7 days. Requires a key with scope operate. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ClockConfirmation"];
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
  readonly metrics: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Counters and gauges, in the text format of Prometheus. Requires a key with scope operate or audit. */
      readonly 200: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "text/plain; version=0.0.4; charset=utf-8": string;
        };
      };
      /** @description Error response. */
      readonly default: {
        headers: {
          readonly [name: string]: unknown;
        };
        content: {
          readonly "application/json": components["schemas"]["ErrorAnswer"];
        };
      };
    };
  };
}

type BodyOf<Operation> = Operation extends {
  readonly requestBody: { readonly content: { readonly "application/json": infer Body } };
}
  ? Body
  : undefined;
type AnswerOf<Operation> = Operation extends {
  readonly responses: { readonly 200: { readonly content: { readonly "application/json": infer Answer } } };
}
  ? Answer
  : string;

/** What each operation takes and answers. */
export type Operations = {
  readonly [Name in keyof operations]: {
    readonly body: BodyOf<operations[Name]>;
    readonly answer: AnswerOf<operations[Name]>;
  };
};

/** Where each operation is. */
export const OPERATIONS: {
  readonly [Name in keyof Operations]: { readonly method: "GET" | "POST" | "DELETE"; readonly path: string };
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
  reconcileUsage: { method: "POST", path: "/v1/ledger/reconcile" },
  budget: { method: "GET", path: "/v1/tenants/{id}/budget" },
  setBudget: { method: "POST", path: "/v1/tenants/{id}/budget" },
  ledger: { method: "GET", path: "/v1/ledger" },
  createKey: { method: "POST", path: "/v1/keys" },
  keys: { method: "GET", path: "/v1/keys" },
  rotateKey: { method: "POST", path: "/v1/keys/{id}/rotate" },
  revokeKey: { method: "DELETE", path: "/v1/keys/{id}" },
  policies: { method: "GET", path: "/v1/policies" },
  setPolicy: { method: "POST", path: "/v1/policies" },
  checkPolicy: { method: "POST", path: "/v1/policies/check" },
  stagePolicy: { method: "POST", path: "/v1/rollout/stage" },
  rollout: { method: "GET", path: "/v1/rollout" },
  promotePolicy: { method: "POST", path: "/v1/rollout/promote" },
  canaryPolicy: { method: "POST", path: "/v1/rollout/canary" },
  rollBackPolicy: { method: "POST", path: "/v1/rollout/back" },
  setPrior: { method: "POST", path: "/v1/priors" },
  setCertificate: { method: "POST", path: "/v1/certificates" },
  regret: { method: "GET", path: "/v1/regret" },
  reload: { method: "POST", path: "/v1/reload" },
  journalHead: { method: "GET", path: "/v1/journal/head" },
  journalEntries: { method: "GET", path: "/v1/journal/entries" },
  inclusionProof: { method: "GET", path: "/v1/proofs/inclusion" },
  consistencyProof: { method: "GET", path: "/v1/proofs/consistency" },
  health: { method: "GET", path: "/health" },
  ready: { method: "GET", path: "/ready" },
  confirmClock: { method: "POST", path: "/v1/clock/confirm" },
  metrics: { method: "GET", path: "/metrics" },
};
