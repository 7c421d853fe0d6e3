/**
 * Finds the smallest change of one field with which the other policy would select a candidate, over a sample of the
 * journal's requests.
 *
 * The sample is every decision, then every second, every fourth and so on, so that it is spread evenly, is the same on every
 * run, and has a bounded size.
 * @module
 */
import { nameRemedy, showValue } from "@calybris/engine/internal";
import {
  CalybrisError,
  type ChangeKind,
  type GateName,
  type Kernel,
  lossOf,
  type PolicySnapshot,
  type Request,
  wasmKernel,
} from "@calybris/kernel";

export interface WinningShare {
  readonly kind: ChangeKind;
  /** Present value in the field's unit: basis points, milliseconds, or microcents per million tokens. */
  readonly from: bigint;
  /** The values with which the candidate wins 10 %, 50 % and 90 % of the requests that this change alone can win. */
  readonly tenth: bigint;
  readonly half: bigint;
  readonly nineTenths: bigint;
  readonly requests: number;
}

export interface Winning {
  readonly candidate: string;
  /** Requests in the sample, and those that the candidate already wins. */
  readonly requests: number;
  readonly wins: number;
  /** Requests that no change of a single field wins, and the gates that refuse the candidate. */
  readonly outOfReach: number;
  readonly refusedBy: Readonly<Partial<Record<GateName, number>>>;
  readonly changes: readonly WinningShare[];
}

const SAMPLE_MAX = 2_048;

export class WinningChanges {
  readonly #snapshot: PolicySnapshot;
  readonly #name: string;
  readonly #index: number;
  readonly #kernel: Kernel;
  #sample: Request[] = [];
  #stride = 1;
  #seen = 0;

  /** @throws CalybrisError `CAL_INPUT_MALFORMED` for a candidate that the policy does not have. */
  constructor(snapshot: PolicySnapshot, name: string) {
    this.#snapshot = snapshot;
    this.#name = name;
    this.#index = snapshot.candidateNames.indexOf(name);
    this.#kernel = wasmKernel(snapshot.policy);
    if (this.#index === -1)
      throw new CalybrisError("CAL_INPUT_MALFORMED", {
        file: `the policy ${snapshot.name}`,
        problem: `holds no candidate ${showValue(name)}. ${nameRemedy(name, snapshot.candidateNames)}`,
      });
  }

  add(request: Request): void {
    if (this.#seen % this.#stride === 0) this.#sample.push(request);
    this.#seen += 1;
    if (this.#sample.length <= SAMPLE_MAX) return;
    this.#sample = this.#sample.filter((_, index) => index % 2 === 0);
    this.#stride *= 2;
  }

  summary(): Winning {
    const { policy } = this.#snapshot;
    const refusedBy: Partial<Record<GateName, number>> = {};
    const needed = new Map<ChangeKind, { readonly from: bigint; readonly to: bigint[] }>();
    let [wins, outOfReach] = [0, 0];
    for (const request of this.#sample) {
      if (this.#kernel.prescribe(request).selectedIndex === this.#index) {
        wins += 1;
        continue;
      }
      const loss = lossOf(policy, request, this.#index);
      const changes = loss?.changes ?? [];
      for (const { kind, from, to } of changes) {
        const values = needed.get(kind) ?? { from, to: [] };
        values.to.push(to);
        needed.set(kind, values);
      }
      if (changes.length > 0) continue;
      outOfReach += 1;
      if (loss?.refusedBy !== undefined) refusedBy[loss.refusedBy] = (refusedBy[loss.refusedBy] ?? 0) + 1;
    }
    const changes = [...needed].map(([kind, { from, to }]) => shareOf(kind, from, to));
    return { candidate: this.#name, requests: this.#sample.length, wins, outOfReach, refusedBy, changes };
  }
}

/** The values that win 10 %, 50 % and 90 % of the requests, in order of the size of the change. */
function shareOf(kind: ChangeKind, from: bigint, values: readonly bigint[]): WinningShare {
  const distance = (value: bigint): bigint => (value > from ? value - from : from - value);
  const sorted = [...values].sort((one, other) => (distance(one) < distance(other) ? -1 : 1));
  const at = (share: number): bigint => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? from;
  return { kind, from, tenth: at(0.1), half: at(0.5), nineTenths: at(0.9), requests: sorted.length };
}
