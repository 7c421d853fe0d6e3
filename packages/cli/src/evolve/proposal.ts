/**
 * Better quality floors, from a journal: chosen on one half of its decisions, valued on the other. Nothing is applied.
 *
 *     for each floor: every decision of half A under it → the cheapest that keeps success, by regime
 *     the chosen floors together: every decision of half B → PROMOTE, REVIEW or REJECT
 *
 * With a policy that learns, a proposed floor is that of a tier and replaces the learner's draw; the learner's exploration
 * shows its value. Otherwise it is the floor of a use case. Learned and certified floors still apply, so none is lowered.
 * Deterministic: the same journal gives the same proposal and the same digest.
 * @module
 */
import { createHash } from "node:crypto";
import { tierFloorsOf } from "@calybris/engine/internal";
import { BPS_MAX, bps, type PolicySnapshot, writeExact } from "@calybris/kernel";
import type { ReadEntry } from "../journal/entries.ts";
import { type EffectReport, whatIfReport, type WhatIfReport } from "../whatif/report.ts";
import { regimeName } from "../whatif/groups.ts";
import { WhatIf } from "../whatif/what-if.ts";

export interface EvolveSettings {
  readonly alpha: number;
  /** The decrease in success that still counts as kept. */
  readonly margin: number;
}

export type Verdict = "PROMOTE" | "REVIEW" | "REJECT";

/** The floor of a regime or of a use case, with the others that were tried. */
export interface ProposedFloor {
  readonly name: string;
  /** `null` for the learner's draw. */
  readonly fromBps: number | null;
  /** Equal to `fromBps` if no other floor is proposed. */
  readonly toBps: number | null;
  readonly tried: readonly {
    readonly floorBps: number;
    readonly savedMicrocents: bigint;
    readonly success: EffectReport;
  }[];
}

export interface Proposal {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly floors: readonly ProposedFloor[];
  /** The chosen floors, evaluated on the other half. */
  readonly valued: WhatIfReport;
  /** The share of cost that they save on that half. */
  readonly savedShare: number;
  /** SHA-256 in hexadecimal over all members above and the digest of the journal's last entry. */
  readonly digest: string;
}

/** The lowest floor that is proposed. */
export const FLOOR_LEAST_BPS = 2_000;
const SAVED_SHARE_MIN = 0.05;
/** Maximum number of floors tried. More would take longer and add little. */
const FLOORS_MAX = 12;

/**
 * Whether a decision is in half A, on which floors are chosen; half B evaluates them. An outcome is in its decision's half.
 */
export function isChoosing(decision: number): boolean {
  // Knuth's multiplicative hash, so that neighbours, often of one conversation, do not alternate between the halves.
  return ((Math.imul(decision, 2_654_435_761) >>> 16) & 1) === 0;
}

/** Replaces the floors of use cases in a policy. */
export function withFloors(snapshot: PolicySnapshot, floors: ReadonlyMap<string, number>): PolicySnapshot {
  const useCases = Object.entries(snapshot.useCases).map(([name, useCase]) => {
    const floor = floors.get(name);
    return [name, floor === undefined ? useCase : { ...useCase, qualityMinBps: bps(floor) }] as const;
  });
  return { ...snapshot, useCases: Object.fromEntries(useCases) };
}

/** The floors that change decisions: the qualities of the enabled candidates. */
export function floorsToTry({ policy }: PolicySnapshot): readonly number[] {
  const qualities = policy.candidates
    .filter(({ enabled }) => enabled === 1)
    .map(({ qualityBps }) => Number(qualityBps));
  const distinct = [...new Set(qualities)]
    .filter((floor) => floor >= FLOOR_LEAST_BPS)
    .sort((one, other) => one - other);
  if (distinct.length <= FLOORS_MAX) return distinct;
  return Array.from(
    { length: FLOORS_MAX },
    (_, at) => distinct[Math.round((at * (distinct.length - 1)) / (FLOORS_MAX - 1))] as number,
  );
}

/** A floor to try: that of a tier, or of every use case. */
interface TriedFloor {
  readonly floorBps: number;
  readonly tier: number | undefined;
  readonly fold: WhatIf;
}

/** Chooses floors on half A. */
export class FloorChoice {
  readonly #active: PolicySnapshot;
  readonly #settings: EvolveSettings;
  readonly #tried: readonly TriedFloor[];

  constructor(active: PolicySnapshot, settings: EvolveSettings) {
    this.#active = active;
    this.#settings = settings;
    const { alpha } = settings;
    const names = Object.keys(active.useCases);
    this.#tried =
      active.learning === undefined
        ? floorsToTry(active).map((floorBps) => {
            const other = withFloors(active, new Map(names.map((name) => [name, floorBps])));
            return { floorBps, tier: undefined, fold: new WhatIf({ other, alpha, by: "useCase" }) };
          })
        : tierFloorsOf(active).map((floor, tier) => ({
            floorBps: Math.max(floor, FLOOR_LEAST_BPS),
            tier,
            fold: new WhatIf({ other: active, alpha, by: "regime", tierOf: () => tier }),
          }));
  }

  add(read: ReadEntry): void {
    for (const { fold } of this.#tried) fold.add(read);
  }

  floors(): readonly ProposedFloor[] {
    const reports = this.#tried.map(({ floorBps, fold }) => ({
      floorBps,
      report: whatIfReport(fold.result(), { policy: "", alpha: this.#settings.alpha, list: undefined }),
    }));
    const names = new Set(reports.flatMap(({ report }) => report.groups.map(({ name }) => name)));
    return [...names]
      .filter((name) => !name.startsWith("("))
      .map((name) => {
        const tried = reports.flatMap(({ floorBps, report }) => {
          const group = report.groups.find((each) => each.name === name);
          return group === undefined
            ? []
            : [{ floorBps, savedMicrocents: group.savedMicrocents, success: group.success }];
        });
        const best = tried
          .filter(({ success }) => keeps(success, this.#settings.margin))
          .reduce<(typeof tried)[number] | undefined>(
            (so, one) => (one.savedMicrocents > (so?.savedMicrocents ?? 0n) ? one : so),
            undefined,
          );
        const { learning, useCases } = this.#active;
        const fromBps = learning === undefined ? (useCases[name]?.qualityMinBps ?? 0) : null;
        return { name, fromBps, toBps: best?.floorBps ?? fromBps, tried };
      });
  }

  /** The comparison of all chosen floors, for half B. */
  chosen(floors: readonly ProposedFloor[]): WhatIf {
    const { alpha } = this.#settings;
    const byName = new Map(floors.flatMap(({ name, toBps }) => (toBps === null ? [] : [[name, toBps] as const])));
    if (this.#active.learning === undefined)
      return new WhatIf({ other: withFloors(this.#active, byName), alpha, by: "useCase" });
    const tierOf = ({ regime }: { readonly regime: number }): number | undefined =>
      this.#tried.find(({ floorBps }) => floorBps === byName.get(regimeName(regime)))?.tier;
    return new WhatIf({ other: this.#active, alpha, by: "regime", tierOf });
  }
}

/** Whether the estimate of success is within the margin. The other half tests it. */
function keeps({ difference }: EffectReport, margin: number): boolean {
  return difference !== null && difference >= -margin;
}

/** The proposal for the chosen floors, from their results on half B. */
export function proposalOf(
  floors: readonly ProposedFloor[],
  valued: WhatIfReport,
  settings: EvolveSettings,
  lastEntryHash: string,
): Proposal {
  const { all } = valued;
  const savedShare =
    all.costMicrocents === 0n ? 0 : Number((all.savedMicrocents * 1_000_000n) / all.costMicrocents) / 1e6;
  const { verdict, reasons } = verdictOf(floors, valued, savedShare, settings.margin);
  const evidence = { verdict, reasons, floors, valued, savedShare };
  const digest = createHash("sha256")
    .update(`${writeExact(exact(evidence))}\n${lastEntryHash}`)
    .digest("hex");
  return { ...evidence, digest };
}

function verdictOf(
  floors: readonly ProposedFloor[],
  { all }: WhatIfReport,
  savedShare: number,
  margin: number,
): { readonly verdict: Verdict; readonly reasons: readonly string[] } {
  const { success } = all;
  const saved = `${(100 * savedShare).toFixed(1)} % of the estimated cost is saved on the half that did not choose`;
  if (floors.every(({ fromBps, toBps }) => fromBps === toBps))
    return { verdict: "REJECT", reasons: ["no other floor saves anything and keeps success on the half that chooses"] };
  if (all.newlyRejected > 0)
    return { verdict: "REJECT", reasons: [`${all.newlyRejected} decisions would no longer be served`] };
  if (success.difference === null)
    return { verdict: "REVIEW", reasons: [saved, ...success.refusals.map(({ explanation }) => explanation)] };
  const change = `success differs by ${success.difference.toFixed(4)}`;
  if (savedShare <= 0 || success.difference < -margin) return { verdict: "REJECT", reasons: [saved, change] };
  if (savedShare > SAVED_SHARE_MIN && success.interval !== null && success.interval.lower >= -margin)
    return { verdict: "PROMOTE", reasons: [saved, `${change}, and no lower by more than ${margin} is shown`] };
  return {
    verdict: "REVIEW",
    reasons: [saved, `${change}; that it is no lower by more than ${margin} is not shown, or less than 5 % is saved`],
  };
}

/** Writes non-integer numbers with 12 significant digits, for the digest. */
function exact(value: unknown): unknown {
  if (typeof value === "number" && !Number.isSafeInteger(value)) return value.toPrecision(12);
  if (Array.isArray(value)) return value.map(exact);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, exact(member)]));
  return value;
}

/** A floor as a share, for reports. */
export function floorText(floorBps: number | null): string {
  return floorBps === null ? "drawn" : (floorBps / BPS_MAX).toFixed(2);
}
