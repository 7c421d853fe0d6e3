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
     * @description 200 means that the decision is on disk. A refusal by policy or budget is also a decision: its `action` is `reject`, and its `reason` gives the cause. A `requestId` (or `idempotency-key` header) is decided once: a repeated request returns the same decision, also after a restart. With `?receipt=1`, the response contains a signed receipt.
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
     * @description The requests are decided in order, each as if it had been sent alone. 200 means that every decision in the response is on disk; a request that could not be decided has an error in its place. A batch stops once its requests have more than 100 mistakes in total: later requests are not decided. If the journal's queue has no room for the whole batch, no request is decided (429).
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
     * Get a decision, its explanation and its proof
     * @description With `?receipt=1`, the response contains a receipt: claims about the durable entry, signed with the key in `receipts.keyFile`, and an inclusion proof if the newest checkpoint covers the entry.
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
     * @description The learner uses the outcome. Reporting the same outcome again changes nothing; a different outcome for the same decision is refused.
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
    /** Report the cost of a decision */
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
    /** Report the cost of a held decision */
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
     * @description A row with a `request_id` states the cost of one attempt. A row with `from` and `to` is the bill for a time range, which is spread over the held decisions of that range, up to their reservations. Sending the same export again changes nothing. Exports are processed one at a time.
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
     * Set a tenant's limits, grant it money, or both
     * @description A grant id takes effect once. Requests that name no tenant are not metered until `default` has a limit; `budgets.unknownTenants` controls requests that name a tenant without a limit.
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
     * @description Lists keys that are not revoked, without their secrets. Keys of the configuration are not included.
     */
    readonly get: operations["keys"];
    readonly put?: never;
    /**
     * Create an API key
     * @description The secret is only in the response: the journal stores its SHA-256. The key works immediately, and survives a restart. It cannot have a scope that the creating key lacks; a key that is bound to tenants has only the scope `decide`. A `budget` sets the limits of the key's only tenant, before the key is created.
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
     * @description In one atomic journal write, creates a key with the same name and terms and revokes the old one, whose secret is refused from the next request on.
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
     * @description The key is refused from the next request on, also on open connections.
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
    /** List all policies of the journal, and when each was active */
    readonly get: operations["policies"];
    readonly put?: never;
    /**
     * Activate a policy, from the next decision on
     * @description The journal entry contains the whole policy and names the caller. Activating the active policy again changes nothing.
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
     * Stage a policy, which decides in shadow from the next decision on
     * @description Responses do not change. The entry of each decision records the staged policy's choice. Staging replaces a policy that was staged before.
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
     * @description Covers every entry since the policy was staged. `missing` lists the requirements that a promotion does not meet yet.
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
     * Activate the staged policy if it passes a gate
     * @description A gate needs at least 1,000 decisions in shadow. Gate a: at most 5 % of actions differ, and the reward is shown to be no worse. Gate b: the reward is shown to be better. `POST /v1/policies` activates a policy without gates.
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
     * @description A keyed hash selects the tenants; a larger share includes the tenants of a smaller one. Raising the share requires a passed gate, like a promotion. 0 ends the canary; the policy stays staged.
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
     * @description Also ends staging. Rolling back to the active policy only ends staging.
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
     * @description The prior's features must equal the policy's `learning.features`, in the same order. A certificate of another prior becomes void: no regime is served below the top tier until a new certificate is activated.
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
     * @description The given number of `regimes`, those with the lowest predicted gain, may be served below the top tier; 0 allows none. The prior that the certificate names must be active.
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
     * Compare the rewards of decisions with those of other policies
     * @description Estimated from every outcome of the journal, as `calybris regret` does; the intervals are anytime-valid. The first request after a start reads the entries after the newest state snapshot, or the whole journal if that snapshot has no estimates. After 2 seconds, a partial result is returned; `sequence` is the last entry that it covers.
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
     * @description Equivalent to SIGHUP. The reload is atomic: a mistake in any file is returned as an error, and nothing changes. The policy file is activated if it has changed since its last activation.
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
     * Stream the journal, one entry per line, byte for byte as on disk
     * @description Only durable entries are returned. The lines from entry 1 on are a journal that `calybris verify` accepts.
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
     * Prove that the newest checkpoint extends an earlier one
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
    /** Check that the process is alive */
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
    /** Check that decisions can be made durable now; 503 if they cannot */
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
     * @description Until then, or until the clock is corrected, every command returns 503 with `CAL_ENGINE_CLOCK`. A `clock` entry records the times and the caller; the entries after it keep their confirmed times permanently.
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
    /** Get counters and gauges in the Prometheus text format */
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
      /** @description Policy that is active from that entry on. */
      readonly policyId: number;
    };
    readonly Actor: {
      /** @description Sequence of the entry that introduced the key, or `system:` and the name of an operating system user. */
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
      /** @description Amount that the tenant can still reserve, in microcents; $1 is 100,000,000. */
      readonly remainingMicrocents: string;
    };
    readonly BudgetChange: {
      readonly budget: components["schemas"]["TenantBudget"];
      /** @description Whether the limits changed. */
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
      /** @description Text of 1 to 128 printable characters (the identity that the caller claims to act for; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (former name of onBehalfOf). */
      readonly by?: string | undefined;
      readonly limit?: components["schemas"]["TenantLimit"] | undefined;
      readonly grant?:
        | {
            /** @description Text of 1 to 128 printable characters (id of the grant, which takes effect once; default the idempotency key). */
            readonly id?: string | undefined;
            /** @description Whole microcents from 1 to 2^63−1, beyond 2^53 as digits in quotes (the amount granted). */
            readonly amountMicrocents: Amount;
          }
        | undefined;
    };
    readonly CalibrationCell: {
      /** @description 0 to 7, or 8 before regimes are known. */
      readonly regime: number;
      /** @description Index of the tier, cheapest first. */
      readonly tier: number;
      /** @description Outcomes. */
      readonly rows: number;
      /** @description Mean predicted reward. */
      readonly predicted: number;
      /** @description Mean observed reward. */
      readonly observed: number;
      /** @description Lower bound of observed minus predicted, anytime-valid. */
      readonly biasLower: number;
      /** @description Upper bound of observed minus predicted, anytime-valid. */
      readonly biasUpper: number;
      /** @description Whether a bias of more than 0.01 is shown. */
      readonly isBiased: boolean;
    };
    readonly CanaryRequest: {
      /** @description A whole number from 1 to 4294967295 (id of the staged policy). */
      readonly policyId: number;
      /** @description A whole number from 0 to 10000 (share of the tenants that the policy decides for, in basis points; 0 ends the canary). */
      readonly shareBps: number;
      readonly signature?: components["schemas"]["ChangeSignature"] | undefined;
      /** @description Text of 1 to 128 printable characters (the identity that the caller claims to act for; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (former name of onBehalfOf). */
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
      /** @description Share of decisions, in ten-thousandths, that use only the floor of their use case. */
      readonly holdoutBps: number;
    };
    readonly CertificateRequest: {
      /** @description A whole number from 0 to 8 (number of regimes that may be served below the top tier). */
      readonly regimes: number;
      /** @description A whole number from 1 to 9999 (the risk α). */
      readonly alphaBps: number;
      /** @description A whole number from 1 to 9999 (the failure probability δ). */
      readonly deltaBps: number;
      /** @description A whole number from 0 to 9007199254740991 (number of labelled requests that the certificate is based on). */
      readonly samples: number;
      /** @description Digest (`calypri1`) of the prior that the certificate belongs to; omitted without one. */
      readonly prior?: string | undefined;
      /** @description Text of 1 to 128 printable characters (the identity that the caller claims to act for; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (former name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly ChangeSignature: {
      /** @description The ID of a configured signer, at most 255 bytes without control characters. */
      readonly signer: string;
      /** @description A whole number from 0 to 9007199254740991 (milliseconds since the Unix epoch; the signature covers it). */
      readonly signedAtMs: number;
      /** @description A whole number from 1 to 9007199254740991 (sequence of the previous policy change; the signature covers it). */
      readonly follows: number;
      /** @description 128 hexadecimal digits in lower case (the Ed25519 signature). */
      readonly value: string;
    };
    readonly ClockConfirmation: {
      /** @description The confirmed step; null if no step was unconfirmed. */
      readonly confirmed: {
        /** @description Journal sequence of the `clock` entry. */
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
      /** @description The newest checkpoint, a signed note. Verify it with the log's key first. */
      readonly checkpoint: string;
    };
    readonly CorrectionRequest: {
      /** @description A decision id, as returned by the service. */
      readonly decisionId: string;
      /** @description Text of 1 to 128 printable characters (the tenant that pays; a decision of another tenant is refused). */
      readonly tenant?: string | undefined;
      /** @description Whole microcents from 0 to 2^63−1, beyond 2^53 as digits in quotes (the total cost). */
      readonly actualMicrocents: Amount;
      /** @description Text of 1 to 128 printable characters (the identity that the caller claims to act for; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (former name of onBehalfOf). */
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
      /** @description Requests per second. */
      readonly perSecond?: number | undefined;
      /** @description Use case of its calls that name none. */
      readonly useCase?: string | undefined;
      /** @description Whether it is refused because it has expired. */
      readonly expired: boolean;
      /** @description The secret. It is shown once, and not stored. */
      readonly key: string;
    };
    readonly Decision: {
      /** @description Id of the decision, for outcomes and settlements. */
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
      /** @description Maximum cost, which is reserved, in microcents; $1 is 100,000,000. */
      readonly costMicrocents: string;
      /** @description Utility of the selected candidate, in microcents; $1 is 100,000,000. */
      readonly utilityMicrocents: string;
      readonly counterfactual: components["schemas"]["Counterfactual"] | null;
      readonly requestedCostMicrocents: string | null;
      readonly savedMicrocents: string | null;
      readonly floor: components["schemas"]["Floor"];
      /** @description Candidates that were evaluated. */
      readonly evaluatedCount: number;
      /** @description Candidates that passed every gate. */
      readonly eligibleCount: number;
      /** @description Id of the policy that decided. */
      readonly policyId: number;
      /** @description The use case that supplied omitted values. */
      readonly useCase: string;
      /** @description Values that the client omitted; `tenant` means that `default` pays. */
      readonly defaulted: readonly ("value" | "risk" | "confidence" | "floor" | "output" | "tenant")[];
      readonly tenant: string | null;
      readonly budget: components["schemas"]["Budget"] | null;
      readonly shortfall: components["schemas"]["Shortfall"] | null;
      /** @description True if the request id was decided before; the response is that decision. */
      readonly repeated: boolean;
      /** @description With `?receipt=1`: `claims`, `signature`, `signer`, and `inclusion` if a checkpoint covers the entry; `calybris receipt verify` verifies it. */
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
      /** @description Digest of the policy (`calypol1`). */
      readonly policy: string;
      /** @description Digest of the request as it was decided (`calyinp1`). */
      readonly request: string;
      /** @description Digest of the decision (`calydcn1`). */
      readonly decision: string;
      /** @description Digest that binds the other three (`calyidn1`). */
      readonly identity: string;
    };
    readonly ErrorAnswer: {
      readonly error: {
        /** @description Stable error code; switch on it. `docs/errors.md` lists all codes. */
        readonly code: string;
        /** @description Human-readable description of the error. */
        readonly message: string;
        /** @description How to fix the error. */
        readonly remedy: string;
        readonly details: {
          readonly mistakes?: readonly components["schemas"]["Mistake"][] | undefined;
        } & {
          readonly [key: string]: unknown;
        };
      };
    };
    readonly ExplainedDecision: {
      /** @description Id of the decision, for outcomes and settlements. */
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
      /** @description Maximum cost, which is reserved, in microcents; $1 is 100,000,000. */
      readonly costMicrocents: string;
      /** @description Utility of the selected candidate, in microcents; $1 is 100,000,000. */
      readonly utilityMicrocents: string;
      readonly counterfactual: components["schemas"]["Counterfactual"] | null;
      readonly requestedCostMicrocents: string | null;
      readonly savedMicrocents: string | null;
      readonly floor: components["schemas"]["Floor"];
      /** @description Candidates that were evaluated. */
      readonly evaluatedCount: number;
      /** @description Candidates that passed every gate. */
      readonly eligibleCount: number;
      /** @description Id of the policy that decided. */
      readonly policyId: number;
      /** @description The use case that supplied omitted values. */
      readonly useCase: string;
      /** @description Values that the client omitted; `tenant` means that `default` pays. */
      readonly defaulted: readonly ("value" | "risk" | "confidence" | "floor" | "output" | "tenant")[];
      readonly tenant: string | null;
      readonly budget: components["schemas"]["Budget"] | null;
      readonly shortfall: components["schemas"]["Shortfall"] | null;
      /** @description True if the request id was decided before; the response is that decision. */
      readonly repeated: boolean;
      /** @description Microseconds since the Unix epoch. */
      readonly at: number;
      /** @description The caller that sent the request. */
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
      /** @description State of its reservation; null if nothing was reserved or is known. */
      readonly spending: {
        /** @description `in_flight`, `held`, `settled`, `released`, `expired`, `reconciled`, `corrected` or `finished`. */
        readonly state: string;
        /** @description Amount still reserved, in microcents; $1 is 100,000,000. */
        readonly reservedMicrocents: string;
        /** @description Known cost, in microcents; $1 is 100,000,000. */
        readonly costMicrocents: string;
      } | null;
      /** @description One row for each candidate, in catalog order; none after a hard limit. */
      readonly explanation: readonly components["schemas"]["Explanation"][];
      readonly proof: components["schemas"]["Proof"];
      /** @description With `?receipt=1`: `claims`, `signature`, `signer`, and `inclusion` if a checkpoint covers the entry; `calybris receipt verify` verifies it. */
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
          /** @description The candidate's value. */
          readonly measured: string;
          /** @description The limit that the value violates. */
          readonly limit: string;
        }
      | {
          readonly id: number;
          /** @description Its name in the policy. */
          readonly name: string;
          readonly refusedBy: null;
          /** @description Utility: quality minus risk, cost and latency, in microcents; $1 is 100,000,000. */
          readonly utilityMicrocents: string;
          /** @description Value of its quality, in microcents; $1 is 100,000,000. */
          readonly qualityMicrocents: string;
          /** @description Deduction for risk, in microcents; $1 is 100,000,000. */
          readonly riskMicrocents: string;
          /** @description Maximum cost, in microcents; $1 is 100,000,000. */
          readonly costMicrocents: string;
          /** @description Deduction for latency, in microcents; $1 is 100,000,000. */
          readonly latencyMicrocents: string;
        };
    readonly Floor: {
      /** @description Minimum quality, in ten-thousandths. */
      readonly qualityMinBps: number;
      /**
       * @description Source of the floor.
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
      /** @description Verification of the entries before the snapshot that the service started from; omitted without one. */
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
      /** @description Checkpoints of the journal; omitted if none are signed. */
      readonly checkpoint?:
        | {
            /** @description Entries that the newest checkpoint covers; 0 without one. */
            readonly treeSize: number;
            /** @description The reason that the last attempt to sign failed; null otherwise. */
            readonly problem: string | null;
          }
        | undefined;
    };
    readonly HoldRequest: {
      /** @description A decision id, as returned by the service. */
      readonly decisionId: string;
      /** @description Text of 1 to 128 printable characters (the tenant that pays; a decision of another tenant is refused). */
      readonly tenant?: string | undefined;
      /**
       * @description One of client_gone, stream_cut, timeout, unknown (reason that the cost is unknown).
       * @enum {unknown}
       */
      readonly cause: "client_gone" | "stream_cut" | "timeout" | "unknown";
      /** @description Whole microcents from 0 to 2^63−1, beyond 2^53 as digits in quotes (known part of the cost, settled immediately; at most the reservation). */
      readonly knownMicrocents?: Amount | undefined;
      /** @description Text of 1 to 128 printable characters (the identity that the caller claims to act for; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (former name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly InclusionProof: {
      /** @description Index of the leaf, from 0: the sequence minus 1. */
      readonly index: number;
      /** @description Hash of the entry. The leaf hash is the SHA-256 of a zero byte followed by these 32 bytes. */
      readonly entryHash: string;
      /** @description The path of the proof, from the leaf to the root. */
      readonly hashes: readonly string[];
      /** @description The newest checkpoint, a signed note. Verify it with the log's key first. */
      readonly checkpoint: string;
    };
    readonly JournalHead: {
      /** @description The last durable entry. */
      readonly sequence: number;
      /** @description Its hash; keep a copy elsewhere to detect truncation. */
      readonly entryHash: string;
      /** @description Whether verification of the chain needs a secret key. */
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
      /** @description Requests per second. */
      readonly perSecond?: number | undefined;
      /** @description Use case of its calls that name none. */
      readonly useCase?: string | undefined;
      /** @description Whether it is refused because it has expired. */
      readonly expired: boolean;
    };
    readonly KeyRequest: {
      /** @description Text of 1 to 128 printable characters (name of the key, unique among created keys). */
      readonly name: string;
      readonly scopes: readonly ("decide" | "operate" | "audit")[];
      readonly tenants?: readonly string[] | undefined;
      /** @description A whole number from 1 to 9007199254740991 (microseconds since the Unix epoch; default never). */
      readonly expiresAt?: number | undefined;
      readonly allowed?: readonly string[] | undefined;
      /** @description A whole number from 1 to 9999999 (requests per second; default `limits.perSecond`). */
      readonly perSecond?: number | undefined;
      /** @description The name of a use case. */
      readonly useCase?: string | undefined;
      readonly budget?: components["schemas"]["TenantLimit"] | undefined;
      /** @description Text of 1 to 128 printable characters (the identity that the caller claims to act for; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (former name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly KeyRevoked: {
      /** @description Id of the revoked key. */
      readonly id: number;
      /** @description Always true. */
      readonly revoked: boolean;
    };
    readonly Keys: {
      readonly keys: readonly components["schemas"]["Key"][];
    };
    readonly LedgerProof: {
      /** @description The last entry that the figures include. */
      readonly sequence: number;
      /** @description `calyldg1`, with that entry as its watermark. */
      readonly digest: string;
      /** @description Whether every tenant's amounts are conserved. */
      readonly conserved: boolean;
      readonly total: {
        /** @description Granted, in microcents; $1 is 100,000,000. */
        readonly grantedMicrocents: string;
        /** @description Neither reserved nor spent, in microcents; $1 is 100,000,000. */
        readonly remainingMicrocents: string;
        /** @description Reserved, in microcents; $1 is 100,000,000. */
        readonly reservedMicrocents: string;
        /** @description Spent, in microcents; $1 is 100,000,000. */
        readonly settledMicrocents: string;
        /** @description Billed beyond the granted amounts, in microcents; $1 is 100,000,000. */
        readonly debtMicrocents: string;
      };
      readonly tenants: readonly components["schemas"]["TenantBudget"][];
      readonly reservations: readonly {
        /** @description Id of the decision, for outcomes and settlements. */
        readonly decisionId: string;
        /** @description The tenant. */
        readonly tenant: string;
        /** @description The amount still reserved, in microcents; $1 is 100,000,000. */
        readonly amountMicrocents: string;
        /** @description Part of a held reservation that is settled, in microcents; $1 is 100,000,000. */
        readonly knownMicrocents: string;
        /** @description Microseconds since the Unix epoch, from when on it is settled in full. */
        readonly expiresAt: number;
        /** @enum {string} */
        readonly state: "open" | "held" | "overdue";
      }[];
    };
    readonly Mistake: {
      /** @description The field. */
      readonly path: string;
      /** @description The mistake in it. */
      readonly problem: string;
      /** @description How to fix it. */
      readonly remedy: string;
      readonly line?: number | undefined;
    };
    readonly NextChange: {
      /** @description Hash of the journal's first entry, hexadecimal. */
      readonly genesisHash: string;
      /** @description Journal sequence of the last policy change. */
      readonly follows: number;
      /** @description The id of the next policy to be staged or activated. */
      readonly nextPolicyId: number;
    };
    readonly Observation: {
      /** @description Id of the decision, for outcomes and settlements. */
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
      /** @description True if the same outcome was already reported; nothing changed. */
      readonly repeated: boolean;
    };
    readonly OutcomeRequest: {
      /** @description A decision id, as returned by the service. */
      readonly decisionId: string;
      /** @description A whole number from 0 to 9007199254740991 (microseconds since the Unix epoch; default now). */
      readonly observedAt?: number | undefined;
      /**
       * @description One of applied, abandoned, in_flight (whether the answer was used; default applied).
       * @enum {unknown}
       */
      readonly disposition?: ("applied" | "abandoned" | "in_flight") | undefined;
      /** @description True or false (whether the call succeeded; by default derived from the signals). */
      readonly succeeded?: boolean | undefined;
      readonly signals?: readonly ("slow" | "error" | "retried" | "aborted" | "truncated")[] | undefined;
      /** @description Whole microcents from 0 to 2^63−1, beyond 2^53 as digits in quotes (actual cost). */
      readonly costMicrocents?: Amount | undefined;
      /** @description A whole number from 0 to 4294967295 (latency of the call). */
      readonly latencyMs?: number | undefined;
      /** @description True or false (whether the cost also settles the decision's reservation; requires costMicrocents). */
      readonly settle?: boolean | undefined;
      /** @description Text of 1 to 128 printable characters (the identity that the caller claims to act for; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (former name of onBehalfOf). */
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
      /** @description True if it was already active; nothing changed. */
      readonly repeated: boolean;
    };
    readonly PolicyCheck: {
      /** @description Its name. */
      readonly name: string;
      /** @description `calypol1`. */
      readonly policyDigest: string;
      /** @description Also covers names, tiers and defaults. */
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
      /** @description A whole number from 1 to 4294967295 (id of a policy in the journal). */
      readonly policyId: number;
      readonly signature?: components["schemas"]["ChangeSignature"] | undefined;
      /** @description Text of 1 to 128 printable characters (the identity that the caller claims to act for; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (former name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly PolicyRegret: {
      /** @description `learner`, `base` (the floor of the use case alone), or `always` and a candidate. */
      readonly name: string;
      /** @description The doubly robust estimate of its mean reward. Null while unknown. */
      readonly value: number | null;
      /** @description Standard error of the value, for a single look. Null while unknown. */
      readonly standardError: number | null;
      readonly bySlope: {
        /** @description Doubly robust estimate with shrinkage; SLOPE chooses the constant. Null while unknown. */
        readonly value: number | null;
        /** @description The constant that SLOPE chose. Null while unknown. */
        readonly constant: number | null;
      };
      readonly interval: {
        /** @description Lower bound of an anytime-valid interval. */
        readonly lower: number;
        /** @description Upper bound of the same interval. */
        readonly upper: number;
        /** @description Outcomes that the interval covers. */
        readonly rows: number;
        /** @description Weight above which predictions are cut. */
        readonly k: number;
      } | null;
      /** @description Effective sample size: the number of equally weighted outcomes with the same information. */
      readonly effectiveRows: number;
      /** @description Share of its choices that had no probability to run. */
      readonly targetMassUnlogged: number;
      /** @description The largest weight of an outcome. */
      readonly maxWeight: number;
      /** @description Reasons not to act on its figures; empty if there are none. */
      readonly refusals: readonly {
        /** @description Machine-readable reason. */
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
      /** @description Increases with each change. */
      readonly policyEpoch: string;
      /** @description `calypol1`: covers everything that decides. */
      readonly policyDigest: string;
      /** @description Also covers names, tiers and defaults. */
      readonly snapshotDigest: string;
      readonly candidates: readonly components["schemas"]["Candidate"][];
      /** @description Whether it came from the configured policy file; true for the first policy. */
      readonly isFromFile: boolean;
      /** @description Whether it is the active policy. */
      readonly isActive: boolean;
      /** @description Journal sequence of the entry that contains it. */
      readonly sequence: number;
      readonly actor: components["schemas"]["Actor"] | null;
    };
    readonly PolicySetRequest: {
      readonly policy: components["schemas"]["PolicyFile"];
      readonly signature?: components["schemas"]["ChangeSignature"] | undefined;
      /** @description Text of 1 to 128 printable characters (the identity that the caller claims to act for; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (former name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly PriorChange: {
      /** @description Journal sequence of its entry. */
      readonly sequence: number;
      /** @description Whether the active certificate became void, because it belonged to another prior. */
      readonly isCertificateVoid: boolean;
    };
    readonly PriorRequest: {
      /** @description An object: the JSON written by `calybris train`, unmodified. */
      readonly prior: {
        readonly [name: string]: unknown;
      };
      /** @description Text of 1 to 128 printable characters (the identity that the caller claims to act for; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (former name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly Proof: {
      /** @description The journal line, byte for byte; every hash can be recomputed from it. */
      readonly line: string;
      /** @description Hash of the previous entry; `genesis` for the first. */
      readonly previousHash: string;
      /** @description Hash of this entry. */
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
      /** @description SHA-256 of the export, recorded in each entry. */
      readonly exportDigest: string;
      /** @description Held decisions that were reconciled. */
      readonly reconciled: readonly {
        /** @description Id of the decision, for outcomes and settlements. */
        readonly decisionId: string;
        /** @description Total cost, in microcents; $1 is 100,000,000. */
        readonly costMicrocents: string;
      }[];
      /** @description Decisions that stay held: an attempt has neither a row nor a known cost. */
      readonly stillHeld: readonly string[];
      /** @description Rows of decisions that are not held. */
      readonly otherRowCount: number;
      /** @description Rows that name no decision of this journal. */
      readonly unexplainedRowCount: number;
      /** @description Total cost of those rows, in microcents; $1 is 100,000,000. */
      readonly unexplainedMicrocents: string;
      /** @description Bills for time ranges, in the order of the export. */
      readonly buckets: readonly {
        /** @description Held decisions that the bill was spread over. */
        readonly callCount: number;
        /** @description Part of the bill that no decision explains, in microcents; $1 is 100,000,000. */
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
      /** @description Outcomes of all decisions. */
      readonly outcomes: number;
      /** @description Decisions without an outcome that counts. */
      readonly missing: number;
      /** @description The probability that an interval ever misses the true value. */
      readonly alpha: number;
      /** @description Largest loss that still counts as no worse. */
      readonly margin: number;
      readonly calibration: readonly components["schemas"]["CalibrationCell"][];
      readonly all: {
        /** @description Outcomes of the learner's own decisions. */
        readonly rows: number;
        /** @description Outcomes of other decisions. */
        readonly notLearned: number;
        /** @description Outcomes that were too late, or whose answers were not used. */
        readonly unusable: number;
        readonly ran: {
          /** @description Mean reward of the candidates that ran. Null while unknown. */
          readonly value: number | null;
          /** @description Standard error of the value. Null while unknown. */
          readonly standardError: number | null;
        };
        readonly policies: readonly components["schemas"]["PolicyRegret"][];
        /** @description The policy with the highest value among those without refusals. */
        readonly best: string | null;
        /** @description Value of the best policy minus the value of the candidates that ran; negative if the latter was better. Null while unknown. */
        readonly regret: number | null;
        readonly learnerIsBetterAt: number | null;
        readonly learnerIsNoWorseAt: number | null;
      };
    };
    readonly ReleaseRequest: {
      /** @description A decision id, as returned by the service. */
      readonly decisionId: string;
      /** @description Text of 1 to 128 printable characters (the tenant that pays; a decision of another tenant is refused). */
      readonly tenant?: string | undefined;
      /** @description Text of 1 to 128 printable characters (the identity that the caller claims to act for; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (former name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly Reload: {
      /** @description The policy that was activated; null if the file has not changed. */
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
      /** @description True if the change was already in effect; nothing changed. */
      readonly repeated: boolean;
    };
    readonly RolloutChoice: {
      /**
       * @description The actual or hypothetical action.
       * @enum {string}
       */
      readonly action: "execute" | "substitute" | "reject";
      /** @description Name of the candidate; null for a rejection. */
      readonly candidate: string | null;
    };
    readonly RolloutEffect: {
      /** @description The staged policy's mean minus the mean of the candidates that ran; null before the first outcome. */
      readonly difference: number | null;
      /** @description Lower bound of an anytime-valid interval. */
      readonly lower: number;
      /** @description Upper bound of the same interval. */
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
      /** @description Id of the decision, for outcomes and settlements. */
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
      /** @description Actual cost; while it is held, the amount still reserved, in microcents; $1 is 100,000,000. */
      readonly actualMicrocents: string;
      /** @description True if it was already in that state; nothing changed. */
      readonly repeated: boolean;
      readonly budget: components["schemas"]["TenantBudget"];
    };
    readonly SettlementRequest: {
      /** @description A decision id, as returned by the service. */
      readonly decisionId: string;
      /** @description Text of 1 to 128 printable characters (the tenant that pays; a decision of another tenant is refused). */
      readonly tenant?: string | undefined;
      /** @description Whole microcents from 0 to 2^63−1, beyond 2^53 as digits in quotes (actual cost). */
      readonly actualMicrocents: Amount;
      /** @description Text of 1 to 128 printable characters (the identity that the caller claims to act for; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (former name of onBehalfOf). */
      readonly by?: string | undefined;
    };
    readonly Shortfall: {
      /** @description The headroom, in microcents; $1 is 100,000,000. */
      readonly headroomMicrocents: string;
      /** @description The request's budget limit, in microcents; $1 is 100,000,000. */
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
      /** @description Decisions that it made for them; not included in other counts. */
      readonly canaryDecisions: number;
      /** @description Decisions that the staged policy also made, in shadow. */
      readonly decisions: number;
      /** @description Decisions with a different action. */
      readonly actionMismatches: number;
      /** @description Decisions with a different action or candidate. */
      readonly mismatches: number;
      readonly regimes: readonly {
        /** @description 0 to 7, or 8 before regimes are known. */
        readonly regime: number;
        /** @description Decisions that the staged policy also made, in shadow. */
        readonly decisions: number;
        /** @description Decisions with a different action. */
        readonly actionMismatches: number;
        /** @description Decisions with a different action or candidate. */
        readonly mismatches: number;
        readonly mismatchSequences: readonly number[];
      }[];
      readonly tenants: readonly {
        /** @description Null for decisions without a tenant; an empty name for all tenants beyond the first 1,000. */
        readonly tenant: string | null;
        /** @description Decisions that the staged policy also made, in shadow. */
        readonly decisions: number;
        /** @description Decisions with a different action. */
        readonly actionMismatches: number;
        /** @description Decisions with a different action or candidate. */
        readonly mismatches: number;
        readonly mismatchSequences: readonly number[];
      }[];
      readonly mismatchSequences: readonly number[];
      readonly mismatchExamples: readonly components["schemas"]["RolloutMismatch"][];
      /** @description Outcomes that are compared. */
      readonly outcomes: number;
      /** @description Outcomes whose draws are unknown. */
      readonly outcomesUnknown: number;
      readonly success: components["schemas"]["RolloutEffect"];
      readonly reward: components["schemas"]["RolloutEffect"];
      readonly isNoWorseAt: number | null;
      readonly isBetterAt: number | null;
      /** @description The gate that is passed: `a`, few actions differ and the reward is no worse; `b`, the reward is better. */
      readonly passes: ("a" | "b") | null;
      readonly missing: readonly string[];
    };
    readonly TenantBudget: {
      /** @description Its name. */
      readonly tenant: string;
      /** @description The parent tenant. */
      readonly parent?: string | undefined;
      /** @description Whether this level has a budget; a level without one limits nothing. */
      readonly metered: boolean;
      /** @description Maximum that may be reserved at once, in microcents; $1 is 100,000,000. */
      readonly exposureCapMicrocents?: string | undefined;
      /** @description Granted so far, in microcents; $1 is 100,000,000. */
      readonly grantedMicrocents: string;
      /** @description Neither reserved nor spent, in microcents; $1 is 100,000,000. */
      readonly remainingMicrocents: string;
      /** @description Reserved for decisions that are not settled, in microcents; $1 is 100,000,000. */
      readonly reservedMicrocents: string;
      /** @description Spent, in microcents; $1 is 100,000,000. */
      readonly settledMicrocents: string;
      /** @description Billed beyond the granted amount, in microcents; $1 is 100,000,000. */
      readonly debtMicrocents: string;
      /** @description Billed since the period began, or since the account was created, in microcents; $1 is 100,000,000. */
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
      /** @description Content of a usage export in JSON Lines; the journal entries record its SHA-256. */
      readonly usageExport: string;
      /** @description A whole number from 0 to 9007199254740991 (microseconds since the Unix epoch up to which the export contains every billed request; an earlier held call without a row cost nothing). */
      readonly completeUntil?: number | undefined;
      /** @description Text of 1 to 128 printable characters (the identity that the caller claims to act for; the journal records the key as the actor). */
      readonly onBehalfOf?: string | undefined;
      /** @description Text of 1 to 128 printable characters (former name of onBehalfOf). */
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
      /** @description Get a decision, its explanation and its proof. Requires a key with scope decide or audit. */
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
      /** @description Report the cost of a decision. Requires a key with scope decide. */
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
      /** @description Report the cost of a held decision. Requires a key with scope operate. */
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
      /** @description Set a tenant's limits, grant it money, or both. Requires a key with scope operate. */
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
      /** @description List all policies of the journal, and when each was active. Requires a key with scope decide or operate or audit. */
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
      /** @description Stage a policy, which decides in shadow from the next decision on. Requires a key with scope operate. */
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
      /** @description Activate the staged policy if it passes a gate. Requires a key with scope operate. */
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
      /** @description Compare the rewards of decisions with those of other policies. Requires a key with scope operate or audit. */
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
      /** @description Stream the journal, one entry per line, byte for byte as on disk. Requires a key with scope audit. */
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
      /** @description Prove that the newest checkpoint extends an earlier one. Requires a key with scope audit or operate or decide. */
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
      /** @description Check that the process is alive */
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
      /** @description Check that decisions can be made durable now; 503 if they cannot */
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
      /** @description Get counters and gauges in the Prometheus text format. Requires a key with scope operate or audit. */
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
