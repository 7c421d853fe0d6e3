/**
 * The search for a retry that does not get its decision: requests of several tenants under few ids, sent again in every
 * way, while policies and limits change and processes end in between. A map from tenant and id to the first answer is all
 * that a client has to know, and all that is asked of the engine.
 * @module
 */
import { bps, createPolicy, type PolicySnapshot, samplePolicy, sequence } from "@calybris/kernel";
import type { Decided } from "../../src/engine.ts";
import { parseBudgets } from "../../src/intake/budgets-file.ts";
import type { ClientRequest } from "../../src/intake/client-request.ts";
import { type Outcome, CommandWorld, codeOf, learning } from "../support/command-world.ts";
import { type Chance, seededChance } from "../support/seeded-chance.ts";
import { withTimersHeld } from "../support/virtual-timers.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";
import { plainDecided } from "../../src/flows/decided.ts";

export interface RetryCounts {
  decided: number;
  /** Retries that got their decision, those of them under a policy that refuses the request, and those in flight. */
  repeated: number;
  outlived: number;
  inFlight: number;
  /** Ids refused for other content. */
  reused: number;
}

const STEPS = 120;

/** @throws Error with the seed and the step at which a request got another answer than its tenant had to expect. */
export async function searchRetries(seed: number, histories: number): Promise<RetryCounts> {
  const counts: RetryCounts = { decided: 0, repeated: 0, outlived: 0, inFlight: 0, reused: 0 };
  for (let number = seed; number < seed + histories; number++)
    await withTimersHeld(() => new Client(number, counts).live());
  return counts;
}

/** What was sent and answered first. */
interface First {
  readonly request: ClientRequest;
  readonly answer: Decided;
}

class Client {
  readonly #seed: number;
  readonly #counts: RetryCounts;
  readonly #chance: Chance;
  readonly #first = new Map<string, First>();
  #world!: CommandWorld;
  #epoch = 1;
  #policy: PolicySnapshot = EVERYTHING;

  constructor(seed: number, counts: RetryCounts) {
    this.#seed = seed;
    this.#counts = counts;
    this.#chance = seededChance(seed);
  }

  async live(): Promise<void> {
    this.#world = await CommandWorld.open({ policy: this.#policy });
    for (let step = 0; step < STEPS; step++) {
      try {
        await this.#step();
      } catch (error) {
        throw new Error(`seed ${this.#seed}, step ${step}: ${(error as Error).message}`, { cause: error });
      }
    }
    await this.#world.engine.close();
  }

  async #step(): Promise<void> {
    const kind = this.#chance(20);
    if (kind === 0) return this.#restart();
    if (kind === 1) return this.#setPolicy();
    if (kind === 2) return this.#limit();
    if (kind < 6) return this.#sendTogether();
    const request = this.#draw();
    this.#expect(request, await outcomeOf(this.#world.engine.decide(request)), false);
  }

  /** The same id several times before the first answer, with the same content and with other. */
  async #sendTogether(): Promise<void> {
    const request = this.#draw();
    const requests = [request, request, { ...request, inputTokens: request.inputTokens + 1 }, this.#draw()];
    const isMany = this.#chance(2) === 0;
    const outcomes = isMany ? await this.#many(requests) : await this.#each(requests);
    for (const [index, outcome] of outcomes.entries())
      this.#expect(requests[index] as ClientRequest, outcome, index > 0);
  }

  #each(requests: readonly ClientRequest[]): Promise<readonly Outcome[]> {
    return Promise.all(requests.map((request) => outcomeOf(this.#world.engine.decide(request))));
  }

  async #many(requests: readonly ClientRequest[]): Promise<readonly Outcome[]> {
    const results = await this.#world.engine.decideMany(requests);
    return results.map((result) => ("decided" in result ? { answer: result.decided } : result));
  }

  async #restart(): Promise<void> {
    if (this.#chance(2) === 0) await this.#world.engine.close();
    this.#world = await CommandWorld.open({}, this.#world.disk.copy());
  }

  async #setPolicy(): Promise<void> {
    this.#epoch += 1;
    const change = POLICIES[this.#chance(POLICIES.length)] as (epoch: bigint) => PolicySnapshot;
    this.#policy = change(BigInt(this.#epoch));
    await this.#world.engine.setPolicy(this.#policy);
  }

  /** From now on, a request that names a tenant without a limit may be refused. */
  async #limit(): Promise<void> {
    const named = ["default", "a", "b"].filter(() => this.#chance(2) === 0);
    const limits = named.map((tenant) => [tenant, this.#chance(2) === 0 ? {} : { unlimited: true }]);
    this.#world.engine.unknownTenants = this.#chance(2) === 0 ? "refuse" : "unmetered";
    await this.#world.engine.ledger.apply(parseBudgets({ tenants: Object.fromEntries(limits) }));
  }

  #draw(): ClientRequest {
    const chance = this.#chance;
    const known = [...this.#first.values()];
    if (known.length > 0 && chance(3) > 0) return (known[chance(known.length)] as First).request;
    const optional: readonly object[] = [
      {},
      { useCase: "special" },
      { requested: "better" },
      { capabilities: ["long"] },
      { features: { load: 3 } },
      { providers: ["second"] },
      { regions: ["here"] },
      { useCase: "nowhere" },
    ];
    const tenants = [undefined, "default", "a", "b"];
    const tenant = tenants[chance(tenants.length)];
    return {
      requestId: ["x", "default", "a", "a b", "b"][chance(5)] as string,
      ...(tenant === undefined ? {} : { tenant }),
      inputTokens: 1_000 + chance(2),
      ...optional[chance(optional.length)],
    };
  }

  #expect(request: ClientRequest, outcome: Outcome, mayBeInFlight: boolean): void {
    const key = `${request.tenant === undefined ? "none" : `tenant ${request.tenant}`}, id ${request.requestId}`;
    const first = this.#first.get(key);
    const code = codeOf(outcome);
    if (first === undefined) {
      this.#expectFirst(key, request, outcome);
      return;
    }
    if (contentOf(first.request) === contentOf(request)) {
      const expected = shown({ ...plainDecided(first.answer), repeated: true });
      const answer = "answer" in outcome ? shown(outcome.answer) : code;
      if (answer !== expected) throw new Error(`a retry (${key}) got ${answer}, where the first got ${expected}`);
      this.#counts.repeated += 1;
      if (mayBeInFlight) this.#counts.inFlight += 1;
      if (isRefusedBy(this.#policy, request)) this.#counts.outlived += 1;
      return;
    }
    if (code !== "CAL_REQUEST_ID_REUSED") throw new Error(`other content (${key}) got ${code ?? "a decision"}`);
    const { sequence: reported } = (outcome as { refused: { details: { sequence: number } } }).refused.details;
    if (reported !== first.answer.sequence)
      throw new Error(`${key} was decided in ${first.answer.sequence}, not in ${reported}`);
    this.#counts.reused += 1;
  }

  /** Nothing was decided under the id: it is free, whatever other tenants did, and whatever was refused. */
  #expectFirst(key: string, request: ClientRequest, outcome: Outcome): void {
    if ("answer" in outcome) {
      const answer = outcome.answer as Decided;
      if (answer.repeated) throw new Error(`the first decision of ${key} is called a repetition`);
      this.#first.set(key, { request, answer });
      this.#counts.decided += 1;
      return;
    }
    const code = codeOf(outcome);
    const isRefused = isRefusedBy(this.#policy, request);
    const expected = isRefused ? "CAL_REQUEST_INVALID" : "CAL_LEDGER_TENANT_UNKNOWN";
    if (code !== expected) throw new Error(`a first request (${key}) got ${code}, not ${expected}`);
  }
}

/** The policy that takes whatever is drawn here, but for one use case. */
const EVERYTHING = withEverything(1n);

function withEverything(epoch: bigint): PolicySnapshot {
  const snapshot = learning(epoch);
  const special = { ...snapshot.useCases["default"], qualityMinBps: bps(7_000) } as (typeof snapshot.useCases)[string];
  return { ...snapshot, useCases: { ...snapshot.useCases, special } };
}

const POLICIES: readonly ((epoch: bigint) => PolicySnapshot)[] = [
  withEverything,
  learning,
  sampleSnapshot,
  (epoch) => ({ ...withEverything(epoch), candidateNames: ["better", "cheaper"] }),
  (epoch) => ({ ...withEverything(epoch), capabilities: ["plain", "wide", "exact"], regions: ["east", "west"] }),
  (epoch) => ({ ...withEverything(epoch), providers: ["first", "third"], tiers: ["low", "high"] }),
  (epoch) => ({
    ...withEverything(epoch),
    policy: createPolicy({
      ...samplePolicy(),
      policyEpoch: sequence(epoch),
      candidates: samplePolicy().candidates.slice(1),
    }),
    candidateNames: ["cheaper"],
    candidateTiers: [0],
  }),
];

function isRefusedBy(policy: PolicySnapshot, request: ClientRequest): boolean {
  const { useCase = "default", requested, capabilities = [], providers = [], regions = [], features = {} } = request;
  return (
    !(useCase in policy.useCases) ||
    (requested !== undefined && !policy.candidateNames.includes(String(requested))) ||
    capabilities.some((name) => !policy.capabilities.includes(name)) ||
    providers.some((name) => !policy.providers.includes(name)) ||
    regions.some((name) => !policy.regions.includes(name)) ||
    Object.keys(features).some((name) => policy.learning?.features?.includes(name) !== true)
  );
}

async function outcomeOf(asked: Promise<unknown>): Promise<Outcome> {
  try {
    return { answer: await asked };
  } catch (refused) {
    return { refused };
  }
}

/** Whatever the order of the keys. */
function contentOf(request: ClientRequest): string {
  return JSON.stringify(Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function shown(answer: unknown): string {
  return JSON.stringify(answer, (_key, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}
