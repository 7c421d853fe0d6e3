/**
 * Tables and statistics as a state snapshot holds them (docs/formats.md section 6).
 * @module
 */
import { type BeliefEntry, type SnapshotMembers, toBase64Url } from "@calybris/kernel";
import type { Usual } from "./usual.ts";

/** Subsets of eight tiers. A snapshot numbers its tables by subset. */
const TIER_SETS = 256;

/** An activated table. */
export interface TableFound {
  readonly sequence: number;
  readonly entry: BeliefEntry;
  /** Number of changes of its regime. */
  readonly changes: number;
}

/** Throws RangeError for an invalid table. */
export function tableIn(table: SnapshotMembers): TableFound {
  return { sequence: table.whole("sequence"), entry: beliefIn(table), changes: table.whole("changes") };
}

function beliefIn(table: SnapshotMembers): BeliefEntry {
  const regime = Math.floor(table.whole("key") / TIER_SETS);
  const tiers = table.integers("tiers");
  if (!table.has("method")) {
    const [alpha, beta] = [table.integers("alpha"), table.integers("beta")];
    return { kind: "belief", regime, tiers, alpha, beta, table: table.integers("table") };
  }
  const [means, deviations] = [table.integers("means"), table.integers("deviations")];
  const explorationBps = table.whole("explorationBps");
  const flat = table.has("flat") ? { flat: true as const } : {};
  return { kind: "belief", regime, tiers, means, deviations, explorationBps, ...flat, method: "offsets" };
}

/** A table as a snapshot holds it. */
export function tableRow({ sequence, entry, changes }: TableFound): object {
  const { regime, tiers } = entry;
  const key = regime * TIER_SETS + tiers.reduce((bits, tier) => bits | (1 << tier), 0);
  if (entry.method !== "offsets") {
    const { table, alpha, beta } = entry;
    return { key, sequence, tiers, table, alpha, beta, changes };
  }
  const { means, deviations, explorationBps, method, flat } = entry;
  return { key, sequence, tiers, means, deviations, explorationBps, method, changes, flat };
}

/** Sums as a snapshot holds them: 64-bit numbers, regime by regime. */
export function statisticsOf(usual: readonly Usual[]): object {
  const text = (values: readonly number[]): string => toBase64Url(new Uint8Array(Float64Array.from(values).buffer));
  const sums = usual.flatMap((each) => each.sums);
  return {
    requests: text(usual.map(({ requests }) => requests)),
    weights: text(sums.map(({ held }) => held)),
    sums: text(sums.map(({ sum }) => sum)),
    squares: text(sums.map(({ squares }) => squares)),
  };
}
