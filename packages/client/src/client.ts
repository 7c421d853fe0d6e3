/**
 * A client of the decision service: one method for each operation, typed from the schemas that the service validates with.
 *
 * A call that fails in transit, or with a temporary error, is retried: every operation is idempotent. A decision request has
 * a request ID, generated if the caller gives none, so that it is decided once however often it is sent.
 * @module
 */
import { OPERATIONS, type Operations } from "./api.ts";
import type * as api from "./api.ts";
import { ServiceError } from "./failure.ts";
import { lines } from "./lines.ts";

export interface ClientOptions {
  /** Base URL of the service: `http://127.0.0.1:8787`. */
  readonly url: string;
  /** An API key; not needed for a service without keys. */
  readonly key?: string | undefined;
  /** Maximum attempts per call, 1 to 10. Default 3. */
  readonly attempts?: number | undefined;
  /** Time limit of one attempt. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** Replaces the platform's `fetch`. */
  readonly fetch?: typeof fetch | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

interface Parts {
  readonly id?: string;
  readonly query?: { readonly [name: string]: number | undefined };
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** The answer is streamed; the timeout covers only its head. */
  readonly isStreamed?: true;
}

/** Statuses of temporary errors. */
const RETRIED: ReadonlySet<number> = new Set([429, 502, 504]);
/** The codes of temporary errors with other statuses, such as 503. */
const RETRIED_CODES: ReadonlySet<string> = new Set(["CAL_GATEWAY_STOPPING"]);
const FIRST_WAIT_MS = 50;
const WAIT_MS_MAX = 5_000;

export class CalybrisClient {
  readonly #url: string;
  readonly #key: string | undefined;
  readonly #attempts: number;
  readonly #timeoutMs: number;
  readonly #fetch: typeof fetch;

  constructor(options: ClientOptions) {
    this.#url = options.url.replace(/\/+$/, "");
    this.#key = options.key;
    this.#attempts = Math.min(10, Math.max(1, options.attempts ?? 3));
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#fetch = options.fetch ?? fetch.bind(globalThis);
  }

  /**
   * Decides one request. A rejection is an answer whose `action` is `reject`. `receipt: true` requests a signed receipt.
   *
   * @throws ServiceError if there is no decision, or its outcome is unknown.
   */
  decide(
    request: api.DecisionRequest,
    { receipt = false, ...options }: CallOptions & { readonly receipt?: boolean } = {},
  ): Promise<api.Decision> {
    return this.#call("decide", { body: withId(request), query: { receipt: receipt ? 1 : undefined }, ...options });
  }

  /** Decides several requests. The result of a request that could not be decided is an {@link api.ErrorAnswer}. */
  decideBatch(requests: readonly api.DecisionRequest[], options: CallOptions = {}): Promise<api.Batch> {
    return this.#call("decideBatch", { body: { requests: requests.map(withId) }, ...options });
  }

  /** A past decision with its explanation and proof. `receipt: true` requests a signed receipt. */
  decision(
    decisionId: string,
    { receipt = false, ...options }: CallOptions & { readonly receipt?: boolean } = {},
  ): Promise<api.ExplainedDecision> {
    return this.#call("decision", { id: decisionId, query: { receipt: receipt ? 1 : undefined }, ...options });
  }

  /** Reports the outcome of a decision. */
  observe(outcome: api.OutcomeRequest, options: CallOptions = {}): Promise<api.Observation> {
    return this.#call("observe", { body: outcome, ...options });
  }

  /** Reports the cost of a decision. */
  settle(settlement: api.SettlementRequest, options: CallOptions = {}): Promise<api.Settlement> {
    return this.#call("settle", { body: settlement, ...options });
  }

  /** Reports that a decision was never executed. */
  release(release: api.ReleaseRequest, options: CallOptions = {}): Promise<api.Settlement> {
    return this.#call("release", { body: release, ...options });
  }

  /** Reports that the cost of a decision is not known yet. */
  hold(hold: api.HoldRequest, options: CallOptions = {}): Promise<api.Settlement> {
    return this.#call("hold", { body: hold, ...options });
  }

  /** Reports the cost of a held decision. */
  reconcile(correction: api.CorrectionRequest, options: CallOptions = {}): Promise<api.Settlement> {
    return this.#call("reconcile", { body: correction, ...options });
  }

  /** Corrects the cost of a settled decision. */
  correct(correction: api.CorrectionRequest, options: CallOptions = {}): Promise<api.Settlement> {
    return this.#call("correct", { body: correction, ...options });
  }

  /** Reconciles held decisions from a provider's usage export. Repeating an export changes nothing. */
  reconcileUsage(usage: api.UsageExportRequest, options: CallOptions = {}): Promise<api.ReconciledExport> {
    return this.#call("reconcileUsage", { body: usage, ...options });
  }

  /** A tenant's budget. */
  budget(tenant: string, options: CallOptions = {}): Promise<api.TenantBudget> {
    return this.#call("budget", { id: tenant, ...options });
  }

  /** Limits a tenant, grants it money, or both. */
  setBudget(tenant: string, change: api.BudgetRequest, options: CallOptions = {}): Promise<api.BudgetChange> {
    return this.#call("setBudget", { id: tenant, body: change, ...options });
  }

  /** The conservation proof of every tenant's money. */
  ledger(options: CallOptions = {}): Promise<api.LedgerProof> {
    return this.#call("ledger", options);
  }

  /** Creates an API key. Only this answer contains its secret. */
  createKey(key: api.KeyRequest, options: CallOptions = {}): Promise<api.CreatedKey> {
    return this.#call("createKey", { body: key, ...options });
  }

  /** The created keys that are not revoked. */
  keys(options: CallOptions = {}): Promise<api.Keys> {
    return this.#call("keys", options);
  }

  /** Replaces a key with one of the same name and terms; the old secret is refused from the next request on. */
  rotateKey(id: number, options: CallOptions = {}): Promise<api.CreatedKey> {
    return this.#call("rotateKey", { id: String(id), ...options });
  }

  /** Revokes a key: it is refused from the next request on. */
  revokeKey(id: number, options: CallOptions = {}): Promise<api.KeyRevoked> {
    return this.#call("revokeKey", { id: String(id), ...options });
  }

  policies(options: CallOptions = {}): Promise<api.Policies> {
    return this.#call("policies", options);
  }

  checkPolicy(check: api.PolicyCheckRequest, options: CallOptions = {}): Promise<api.PolicyCheck> {
    return this.#call("checkPolicy", { body: check, ...options });
  }

  setPolicy(change: api.PolicySetRequest, options: CallOptions = {}): Promise<api.PolicyChange> {
    return this.#call("setPolicy", { body: change, ...options });
  }

  /** Stages a policy: it decides in shadow, from the next decision on. */
  stagePolicy(change: api.PolicySetRequest, options: CallOptions = {}): Promise<api.RolloutChange> {
    return this.#call("stagePolicy", { body: change, ...options });
  }

  /** A comparison of the staged policy with the active one. */
  rollout(options: CallOptions = {}): Promise<api.Rollout> {
    return this.#call("rollout", options);
  }

  /** Activates the staged policy, once it passes a gate. */
  promotePolicy(change: api.PolicyNamedRequest, options: CallOptions = {}): Promise<api.RolloutChange> {
    return this.#call("promotePolicy", { body: change, ...options });
  }

  /** Lets the staged policy decide for a share of the tenants; 0 ends that. */
  canaryPolicy(change: api.CanaryRequest, options: CallOptions = {}): Promise<api.RolloutChange> {
    return this.#call("canaryPolicy", { body: change, ...options });
  }

  /** Activates an earlier policy, from the next decision on. */
  rollBackPolicy(change: api.PolicyNamedRequest, options: CallOptions = {}): Promise<api.RolloutChange> {
    return this.#call("rollBackPolicy", { body: change, ...options });
  }

  /** Activates a prior, from the next decision on. */
  setPrior(change: api.PriorRequest, options: CallOptions = {}): Promise<api.PriorChange> {
    return this.#call("setPrior", { body: change, ...options });
  }

  /** Activates a certificate, from the next decision on. */
  setCertificate(change: api.CertificateRequest, options: CallOptions = {}): Promise<api.CertificateChange> {
    return this.#call("setCertificate", { body: change, ...options });
  }

  /** The reward of the decisions, compared with the reward of other policies. */
  regret(options: CallOptions = {}): Promise<api.Regret> {
    return this.#call("regret", options);
  }

  /** Makes the service reload keys, TLS files, the policy file and budgets; all of them take effect, or none. */
  reload(options: CallOptions = {}): Promise<api.Reload> {
    return this.#call("reload", options);
  }

  /** The last durable entry. */
  journalHead(options: CallOptions = {}): Promise<api.JournalHead> {
    return this.#call("journalHead", options);
  }

  /** The lines of the journal, each without its newline, as they arrive. */
  async *journalEntries(
    range: { readonly from?: number | undefined; readonly to?: number | undefined } = {},
    options: CallOptions = {},
  ): AsyncGenerator<string, void, undefined> {
    const query = { from: range.from, to: range.to };
    const response = await this.#respond("journalEntries", { query, isStreamed: true, ...options });
    if (response.body !== null) yield* lines(response.body);
  }

  /** Proves that an entry is in the newest checkpoint of the journal. */
  inclusionProof(sequence: number, options: CallOptions = {}): Promise<api.InclusionProof> {
    return this.#call("inclusionProof", { query: { sequence }, ...options });
  }

  /** Proves that the newest checkpoint extends an earlier one with `from` entries. */
  consistencyProof(from: number, options: CallOptions = {}): Promise<api.ConsistencyProof> {
    return this.#call("consistencyProof", { query: { from }, ...options });
  }

  health(options: CallOptions = {}): Promise<api.Health> {
    return this.#call("health", options);
  }

  /** @throws ServiceError `CAL_GATEWAY_NOT_READY` if it is not. */
  ready(options: CallOptions = {}): Promise<api.Ready> {
    return this.#call("ready", options);
  }

  /** Confirms that the system clock is correct after it moved forward by more than 7 days. */
  confirmClock(options: CallOptions = {}): Promise<api.ClockConfirmation> {
    return this.#call("confirmClock", options);
  }

  /** In the text format of Prometheus. */
  metrics(options: CallOptions = {}): Promise<string> {
    return this.#respond("metrics", options).then((response) => response.text());
  }

  async #call<Name extends keyof Operations>(name: Name, parts: Parts): Promise<Operations[Name]["answer"]> {
    const response = await this.#respond(name, parts);
    return (await response.json()) as Operations[Name]["answer"];
  }

  async #respond(name: keyof Operations, parts: Parts): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const isLast = attempt >= this.#attempts;
      const waitMs = Math.min(WAIT_MS_MAX, FIRST_WAIT_MS * 2 ** (attempt - 1));
      let response: Response;
      try {
        response = await this.#once(name, parts);
      } catch (error) {
        if (isLast || parts.signal?.aborted === true) throw error;
        await pause(waitMs, parts.signal);
        continue;
      }
      if (response.ok) return response;
      const failure = await ServiceError.of(response);
      const isRetried = RETRIED.has(response.status) || RETRIED_CODES.has(failure.code);
      if (isLast || !isRetried) throw failure;
      await pause(Math.min(WAIT_MS_MAX, (failure.retryAfterSeconds ?? 0) * 1_000) || waitMs, parts.signal);
    }
  }

  async #once(name: keyof Operations, parts: Parts): Promise<Response> {
    const { method, path } = OPERATIONS[name];
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(parts.query ?? {})) if (value !== undefined) query.set(key, `${value}`);
    const target = `${this.#url}${path.replace("{id}", encodeURIComponent(parts.id ?? ""))}${query.size > 0 ? `?${query}` : ""}`;
    const headers: Record<string, string> = {};
    if (this.#key !== undefined) headers["authorization"] = `Bearer ${this.#key}`;
    if (parts.body !== undefined) headers["content-type"] = "application/json";
    const clock = new AbortController();
    const timer = setTimeout(() => clock.abort(new DOMException("no answer in time", "TimeoutError")), this.#timeoutMs);
    const signal = parts.signal === undefined ? clock.signal : AbortSignal.any([parts.signal, clock.signal]);
    const body = parts.body === undefined ? {} : { body: exactJson(parts.body) };
    try {
      const response = await this.#fetch(target, { method, headers, signal, ...body });
      // Read before the timeout is cleared, so that it also covers a body that stalls.
      if (parts.isStreamed === true && response.ok) return response;
      return new Response(await response.arrayBuffer(), response);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The request with an ID, which all attempts share. */
function withId(request: api.DecisionRequest): api.DecisionRequest {
  return request.requestId === undefined ? { ...request, requestId: randomId() } : request;
}

function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A `bigint` becomes a string of digits. */
function exactJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (typeof member === "bigint" ? member.toString() : member));
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
