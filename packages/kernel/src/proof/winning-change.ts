/**
 * Counterfactuals: for a candidate that was not selected, the smallest change of one of its fields with which the kernel
 * selects it, all else equal. At the boundary it wins; one step short it does not.
 *
 * Each field is monotone: better quality, lower latency, a lower price or a higher risk ceiling never makes a candidate lose.
 * So the boundary is found by binary search, in at most 64 steps.
 * @module
 */
import { utility } from "../arithmetic.ts";
import type { GateName } from "../gates.ts";
import type { Candidate, Policy } from "../policy.ts";
import { firstRefusal, prescribe, type Scored } from "../prescribe.ts";
import type { Request } from "../request.ts";
import { BPS_MAX } from "../units.ts";
import { bestOther, isPreferred } from "./certificate.ts";

export type ChangeKind = "quality" | "latency" | "input_price" | "output_price" | "risk_ceiling";

/** The fields that may change, and the best value of each. */
const CHANGES: readonly {
  readonly kind: ChangeKind;
  readonly field: "qualityBps" | "latencyP95Ms" | "inputPriceMicrocents" | "outputPriceMicrocents" | "riskCeilingBps";
  readonly best: number;
}[] = Object.freeze([
  { kind: "quality", field: "qualityBps", best: BPS_MAX },
  { kind: "latency", field: "latencyP95Ms", best: 0 },
  { kind: "input_price", field: "inputPriceMicrocents", best: 0 },
  { kind: "output_price", field: "outputPriceMicrocents", best: 0 },
  { kind: "risk_ceiling", field: "riskCeilingBps", best: BPS_MAX },
] as const);

/** A change of one field. */
export interface WinningChange {
  readonly kind: ChangeKind;
  /** In the unit of the field: basis points, milliseconds, microcents for a million tokens. */
  readonly from: bigint;
  readonly to: bigint;
}

/** The reason that a candidate was not selected. */
export interface Loss {
  readonly index: number;
  readonly candidate: Candidate;
  /** The first gate that refuses it; left out for an eligible one. */
  readonly refusedBy?: GateName;
  /** The selected candidate's utility less its own; left out if nothing was selected, or a gate refuses it. */
  readonly lostByMicrocents?: bigint;
  /** At most one of each kind, the smallest relative change first. */
  readonly changes: readonly WinningChange[];
}

/**
 * The reason that a candidate was not selected, and the single changes with which it would be; `undefined` for the selected
 * one. After a hard limit no change wins.
 *
 * @example
 * ```ts
 * import { lossOf, samplePolicy, sampleRequest } from "@calybris/kernel";
 * const loss = lossOf(samplePolicy(), sampleRequest(), 1);
 * loss?.lostByMicrocents; // 13280n
 * loss?.changes[0]; // { kind: "quality", from: 7500n, to: 8976n }
 * ```
 */
export function lossOf(policy: Policy, request: Request, index: number): Loss | undefined {
  const candidate = policy.candidates[index];
  const { decision } = prescribe(policy, request);
  if (candidate === undefined || decision.selectedIndex === index) return undefined;
  const refusedBy = firstRefusal(policy, request, candidate);
  const isRejected = decision.action === "reject";
  const isLimited = isRejected && decision.evaluatedCount === 0;
  return {
    index,
    candidate,
    ...(refusedBy === undefined ? {} : { refusedBy }),
    ...(isRejected || refusedBy !== undefined
      ? {}
      : { lostByMicrocents: decision.utilityMicrocents - utility(policy, request, candidate).utilityMicrocents }),
    changes: isLimited ? [] : winningChanges(policy, request, { candidate, index }),
  };
}

/** The selected candidate's utility less that of the best other; `undefined` if fewer than two candidates were eligible. */
export function marginMicrocents(policy: Policy, request: Request): bigint | undefined {
  const { decision } = prescribe(policy, request);
  return decision.eligibleCount < 2 ? undefined : decision.utilityMicrocents - decision.counterfactualUtilityMicrocents;
}

function winningChanges(policy: Policy, request: Request, of: Pick<Scored, "candidate" | "index">): WinningChange[] {
  const other = bestOther(policy, request, of.index);
  const wins = (candidate: Candidate): boolean =>
    firstRefusal(policy, request, candidate) === undefined &&
    (other === undefined || isPreferred({ ...of, candidate, ...utility(policy, request, candidate) }, other));
  const changes = CHANGES.flatMap(({ kind, field, best }): WinningChange[] => {
    const from = of.candidate[field];
    const isNumber = typeof from === "number";
    const winsAt = (value: bigint): boolean =>
      wins({ ...of.candidate, [field]: isNumber ? Number(value) : value } as Candidate);
    const to = boundary(BigInt(from), BigInt(best), winsAt);
    return to === undefined ? [] : [{ kind, from: BigInt(from), to }];
  });
  return changes.sort(byShare);
}

/** The value nearest to `from` at which it wins, on the way to `best`; `undefined` if it never wins, or is beyond `best`. */
function boundary(from: bigint, best: bigint, winsAt: (value: bigint) => boolean): bigint | undefined {
  const isUpward = best !== 0n;
  if (from === best || (isUpward && from > best) || !winsAt(best)) return undefined;
  let [loses, wins] = [from, best];
  while (loses - wins > 1n || wins - loses > 1n) {
    const middle = (loses + wins) / 2n;
    if (winsAt(middle)) wins = middle;
    else loses = middle;
  }
  return wins;
}

/** Order by relative change, then by the order of the fields above. A field that is 0 comes last. */
function byShare(a: WinningChange, b: WinningChange): number {
  if (a.from === 0n || b.from === 0n) return Number(a.from === 0n) - Number(b.from === 0n);
  const [one, two] = [distance(a) * b.from, distance(b) * a.from];
  return one < two ? -1 : one > two ? 1 : 0;
}

function distance({ from, to }: WinningChange): bigint {
  return from > to ? from - to : to - from;
}
