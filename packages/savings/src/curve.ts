/**
 * The cost at each quality floor, summed row by row. Only sums are kept: for each requested candidate, floor, and candidate
 * that would have run.
 * @module
 */
import type { Choices, ChoiceGroup } from "./choices.ts";
import { costOf } from "./prices.ts";
import { Sum } from "./sum.ts";

/** Requests for one candidate that would have run on another, or on the same. */
export interface Flow {
  /** Names of candidates. */
  readonly requested: string;
  readonly chosen: string;
  readonly requests: number;
  /** The cost that was paid. */
  readonly askedMicrocents: bigint;
  /** The cost that they would have had; never more. */
  readonly costMicrocents: bigint;
  /** The excess of the chosen candidate's catalog cost over the cost paid, where positive. No saving is counted there. */
  readonly excessMicrocents: bigint;
}

export interface CurvePoint {
  readonly floorBps: number;
  /** The floor of the policy to use: this one, or a higher one that costs less. */
  readonly policyFloorBps: number;
  readonly savedMicrocents: bigint;
  readonly excessMicrocents: bigint;
  readonly requests: number;
  readonly substitutedRequests: number;
  /** Requests that would get a candidate rated lower than the requested one. */
  readonly lowerRatedRequests: number;
  /** Requests that the policy would reject: the requested candidate is disabled, and every other costs more. */
  readonly rejectedRequests: number;
  /** The mean rating of the requested candidates and of those that would have run, by request. */
  readonly askedQualityBps: number;
  readonly qualityBps: number;
}

interface Accumulator {
  requests: number;
  readonly asked: Sum;
  readonly cost: Sum;
  readonly excess: Sum;
}

interface Group extends ChoiceGroup {
  readonly byChosen: Map<number, Accumulator>;
}

export class Curve {
  readonly #choices: Choices;
  readonly #groups: (readonly Group[] | undefined)[] = [];
  readonly #costs: Float64Array;

  constructor(choices: Choices) {
    this.#choices = choices;
    this.#costs = new Float64Array(choices.candidates.length);
  }

  /**
   * Adds a row.
   * @param asked - the cost that was paid, in microcents.
   * @param catalogCost - the cost of the requested candidate at catalog prices, which a substitute may not exceed.
   */
  add(
    requested: number,
    row: { readonly inputTokens: number; readonly outputTokens: number; readonly requests: number },
    asked: number,
    catalogCost: number,
  ): void {
    const { candidates } = this.#choices;
    const costs = this.#costs.fill(-1);
    this.#groups[requested] ??= this.#choices.groupsFor(requested).map((group) => ({ ...group, byChosen: new Map() }));
    const comparable = Math.min(asked, catalogCost);
    for (const group of this.#groups[requested]) {
      let chosen = -1;
      for (const index of group.candidates) {
        const candidate = candidates[index] as (typeof candidates)[number];
        if (chosen !== -1 && candidate.qualityBps < (candidates[chosen] as typeof candidate).qualityBps) break;
        if (costs[index] === -1) costs[index] = costOf(candidate, row.inputTokens, row.outputTokens);
        const cost = costs[index] as number;
        if (cost <= catalogCost && (chosen === -1 || cost < (costs[chosen] as number))) chosen = index;
      }
      const isKept = chosen === -1 || chosen === requested;
      const cost = isKept ? comparable : (costs[chosen] as number);
      let sums = group.byChosen.get(isKept ? requested : chosen);
      if (sums === undefined) {
        sums = { requests: 0, asked: new Sum(), cost: new Sum(), excess: new Sum() };
        group.byChosen.set(isKept ? requested : chosen, sums);
      }
      sums.requests += row.requests;
      sums.asked.add(asked);
      // A cost beyond the catalog's price (a longer context, a tool) is not saved by another candidate.
      sums.cost.add(asked - Math.max(0, comparable - cost));
      if (cost > comparable) sums.excess.add(cost - comparable);
    }
  }

  /** One point for each floor, highest first. A lower floor never costs more. */
  points(): readonly CurvePoint[] {
    let cheapest: CurvePoint | undefined;
    return this.#choices.floors.map((floorBps) => {
      const point = this.#pointAt(floorBps);
      if (cheapest === undefined || isCheaper(point, cheapest)) cheapest = point;
      return { ...cheapest, floorBps };
    });
  }

  /** The flows of requests at one of the floors, the most expensive first. */
  flowsAt(floorBps: number): readonly Flow[] {
    const name = (index: number): string => this.#choices.candidates[index]?.name ?? "";
    const flows = this.#movesAt(floorBps).map(
      ({ requested, chosen, sums }): Flow => ({
        requested: name(requested),
        chosen: name(chosen),
        requests: sums.requests,
        askedMicrocents: sums.asked.total,
        costMicrocents: sums.cost.total,
        excessMicrocents: sums.excess.total,
      }),
    );
    return flows.sort((a, b) => {
      if (a.askedMicrocents !== b.askedMicrocents) return a.askedMicrocents < b.askedMicrocents ? 1 : -1;
      return `${a.requested} ${a.chosen}` < `${b.requested} ${b.chosen}` ? -1 : 1;
    });
  }

  #movesAt(floorBps: number): readonly Move[] {
    const floor = this.#choices.floors.indexOf(floorBps);
    return this.#groups.flatMap((groups, requested) => {
      const group = groups?.find(({ floors }) => floors.includes(floor));
      return [...(group?.byChosen ?? [])].map(([chosen, sums]) => ({ requested, chosen, sums }));
    });
  }

  #pointAt(floorBps: number): CurvePoint {
    const moves = this.#movesAt(floorBps);
    const quality = (index: number): number => this.#choices.candidates[index]?.qualityBps ?? 0;
    const count = (of: readonly Move[]): number => of.reduce((sum, { sums }) => sum + sums.requests, 0);
    const requests = count(moves);
    const mean = (of: (move: Move) => number): number =>
      requests === 0 ? 0 : Math.round(moves.reduce((sum, move) => sum + of(move) * move.sums.requests, 0) / requests);
    return {
      floorBps,
      policyFloorBps: floorBps,
      savedMicrocents: moves.reduce((sum, { sums }) => sum + sums.asked.total - sums.cost.total, 0n),
      excessMicrocents: moves.reduce((sum, { sums }) => sum + sums.excess.total, 0n),
      requests,
      substitutedRequests: count(moves.filter(({ requested, chosen }) => chosen !== requested)),
      lowerRatedRequests: count(moves.filter(({ requested, chosen }) => quality(chosen) < quality(requested))),
      rejectedRequests: count(
        moves.filter(
          ({ requested, chosen }) => requested === chosen && !this.#choices.isChoosableAt(requested, floorBps),
        ),
      ),
      askedQualityBps: mean(({ requested }) => quality(requested)),
      qualityBps: mean(({ chosen }) => quality(chosen)),
    };
  }
}

/** Whether it saves more, or as much with less excess. */
function isCheaper(point: CurvePoint, other: CurvePoint): boolean {
  if (point.savedMicrocents !== other.savedMicrocents) return point.savedMicrocents > other.savedMicrocents;
  return point.excessMicrocents < other.excessMicrocents;
}

interface Move {
  readonly requested: number;
  readonly chosen: number;
  readonly sums: Accumulator;
}

/**
 * The default point: the cheapest at which no request gets a candidate rated lower than the requested one. The highest floor
 * always meets this condition.
 */
export function safePoint(points: readonly CurvePoint[]): CurvePoint | undefined {
  return ownPoint(
    points,
    points.findLast(({ lowerRatedRequests }) => lowerRatedRequests === 0),
  );
}

/** The point for any floor. Between two points, the higher one applies: the same candidates meet the floor there. */
export function pointAt(points: readonly CurvePoint[], floorBps: number): CurvePoint | undefined {
  return ownPoint(points, points.findLast((point) => point.floorBps >= floorBps) ?? points[0]);
}

/** Of several floors with the same result, the one whose policy it is. */
function ownPoint(points: readonly CurvePoint[], point: CurvePoint | undefined): CurvePoint | undefined {
  return points.find(({ floorBps }) => floorBps === point?.policyFloorBps);
}
