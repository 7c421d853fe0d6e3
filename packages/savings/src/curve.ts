/**
 * What each quality floor would have cost, added up row by row. Nothing is kept of a row but sums: from each candidate that
 * was asked for, at each floor, to each that would have run.
 * @module
 */
import type { Choices, ChoiceGroup } from "./choices.ts";
import { costOf } from "./prices.ts";
import { Sum } from "./sum.ts";

/** Requests that asked for one candidate and would have got another, or the same. */
export interface Flow {
  /** Names of candidates. */
  readonly requested: string;
  readonly chosen: string;
  readonly requests: number;
  /** What they cost as they were. */
  readonly askedMicrocents: bigint;
  /** What they would have cost; never more. */
  readonly costMicrocents: bigint;
  /** By how much the chosen candidate's catalog price exceeds what was paid, where it does. No saving is counted there. */
  readonly excessMicrocents: bigint;
}

export interface CurvePoint {
  readonly floorBps: number;
  /** The floor of the policy that does it: this one, or a higher one that costs less. */
  readonly policyFloorBps: number;
  readonly savedMicrocents: bigint;
  readonly excessMicrocents: bigint;
  readonly requests: number;
  readonly substitutedRequests: number;
  /** Requests whose candidate is rated lower than the one that was asked for. */
  readonly lowerRatedRequests: number;
  /** Requests that the policy would reject: what they asked for is disabled, and nothing else costs as little. */
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
   * @param asked - what it cost, in microcents.
   * @param catalogCost - what the requested candidate costs at catalog prices: the most that a substitute may cost.
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
      // What was paid beyond the catalog's price (a longer context, a tool) is not saved by another candidate.
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

  /** Which requests would have gone where at one of the floors; what cost most first. */
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

/** Saves more, or as much at a smaller risk. */
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
 * The point that is used where none is asked for: the cheapest at which no request gets a candidate that is rated lower
 * than the one it asked for. The highest floor always is such a point.
 */
export function safePoint(points: readonly CurvePoint[]): CurvePoint | undefined {
  return ownPoint(
    points,
    points.findLast(({ lowerRatedRequests }) => lowerRatedRequests === 0),
  );
}

/** The point of a floor that may lie between two: the next higher one, at which the same candidates are good enough. */
export function pointAt(points: readonly CurvePoint[], floorBps: number): CurvePoint | undefined {
  return ownPoint(points, points.findLast((point) => point.floorBps >= floorBps) ?? points[0]);
}

/** Of the floors that come to the same, the one whose policy it is. */
function ownPoint(points: readonly CurvePoint[], point: CurvePoint | undefined): CurvePoint | undefined {
  return points.find(({ floorBps }) => floorBps === point?.policyFloorBps);
}
