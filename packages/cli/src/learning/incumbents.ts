/**
 * Costs of other selection rules ("incumbents") on the same requests. Only cost is compared: the value of each choice was
 * not measured.
 *
 * Each incumbent is compared over the requests that both it and the decision would run, so that a rejection never counts as
 * a saving. All costs are upper bounds: the input and the maximum output that the request allows.
 * @module
 */
import { type Candidate, cost, type Decision, firstRefusal, type PolicySnapshot, type Request } from "@calybris/kernel";

export interface IncumbentCost {
  readonly name: string;
  /** Requests that both would run. */
  readonly requests: number;
  readonly incumbentMicrocents: bigint;
  /** Cost of the decisions on the same requests. */
  readonly chosenMicrocents: bigint;
  readonly savedMicrocents: bigint;
}

export interface CostSummary {
  readonly chosenMicrocents: bigint;
  /** Rejected requests, and the cost of running the candidates that they requested. Not part of any saving. */
  readonly rejected: { readonly requests: number; readonly askedMicrocents: bigint };
  readonly incumbents: readonly [IncumbentCost, IncumbentCost, IncumbentCost];
}

interface Tally {
  requests: number;
  incumbentMicrocents: bigint;
  chosenMicrocents: bigint;
}

/** Sums costs decision by decision, in constant memory. */
export class CostComparison {
  /** The floor of the second incumbent: the highest of all use cases in the policy. */
  readonly staticFloorBps: number;
  readonly #snapshot: PolicySnapshot;
  readonly #asked: Tally = { requests: 0, incumbentMicrocents: 0n, chosenMicrocents: 0n };
  readonly #static: Tally = { requests: 0, incumbentMicrocents: 0n, chosenMicrocents: 0n };
  readonly #cheapest: Tally = { requests: 0, incumbentMicrocents: 0n, chosenMicrocents: 0n };
  readonly #rejected = { requests: 0, askedMicrocents: 0n };
  #chosenMicrocents = 0n;

  constructor(snapshot: PolicySnapshot) {
    this.#snapshot = snapshot;
    this.staticFloorBps = Math.max(0, ...Object.values(snapshot.useCases).map((useCase) => useCase.qualityMinBps));
  }

  add(request: Request, decision: Decision): void {
    const asked = this.#snapshot.policy.candidates.find((candidate) => candidate.id === request.requestedId);
    const askedMicrocents = asked === undefined ? undefined : cost(request, asked);
    if (decision.action === "reject") {
      this.#rejected.requests += 1;
      this.#rejected.askedMicrocents += askedMicrocents ?? 0n;
      return;
    }
    const chosenMicrocents = decision.costMicrocents;
    this.#chosenMicrocents += chosenMicrocents;
    const byCost = this.#byCost(request);
    const qualityMinBps = this.staticFloorBps as Request["qualityMinBps"];
    count(this.#asked, askedMicrocents, chosenMicrocents);
    count(this.#static, this.#cheapestOf(byCost, { ...request, qualityMinBps }), chosenMicrocents);
    count(this.#cheapest, this.#cheapestOf(byCost, request), chosenMicrocents);
  }

  summary(): CostSummary {
    return {
      chosenMicrocents: this.#chosenMicrocents,
      rejected: { ...this.#rejected },
      incumbents: [
        costOf("always the requested candidate", this.#asked),
        costOf(`one static floor (${this.staticFloorBps} bps)`, this.#static),
        costOf("cheapest eligible", this.#cheapest),
      ],
    };
  }

  #byCost(request: Request): readonly (readonly [Candidate, bigint])[] {
    const priced = this.#snapshot.policy.candidates.map((candidate) => [candidate, cost(request, candidate)] as const);
    return priced.sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0));
  }

  #cheapestOf(byCost: readonly (readonly [Candidate, bigint])[], request: Request): bigint | undefined {
    return byCost.find(([candidate]) => firstRefusal(this.#snapshot.policy, request, candidate) === undefined)?.[1];
  }
}

function count(tally: Tally, incumbentMicrocents: bigint | undefined, chosenMicrocents: bigint): void {
  if (incumbentMicrocents === undefined) return;
  tally.requests += 1;
  tally.incumbentMicrocents += incumbentMicrocents;
  tally.chosenMicrocents += chosenMicrocents;
}

function costOf(name: string, tally: Tally): IncumbentCost {
  return { name, ...tally, savedMicrocents: tally.incumbentMicrocents - tally.chosenMicrocents };
}
