/**
 * What outcomes are compared with: of the latest 131,072 decisions that ran, those that await their outcome. A decision is let go with
 * its outcome, so memory is that of what is open, and 12 bytes for each of the latest.
 * @module
 */
import type { DecisionEntry, PolicySnapshot } from "@calybris/kernel";
import { AwaitingDecisions, type KeptDecision } from "./awaiting-decisions.ts";

/** How many decisions are remembered for the outcomes that may follow. */
const DECISIONS_KEPT_MAX = 131_072;
const FIRST_CAPACITY = 1_024;
/** In place of a row: the outcome was reported. */
const REPORTED = -1;

export class KeptDecisions {
  /** The last decision that is no longer remembered. */
  forgotten = 0;
  readonly #keptMax: number;
  /** How many there ever were. Each goes to the place of its number, modulo the capacity. */
  #count = 0;
  #sequences: Float64Array;
  #rows: Int32Array;
  readonly #awaiting = new AwaitingDecisions();

  constructor(keptMax: number = DECISIONS_KEPT_MAX) {
    this.#keptMax = keptMax;
    const capacity = Math.min(FIRST_CAPACITY, keptMax);
    this.#sequences = new Float64Array(capacity);
    this.#rows = new Int32Array(capacity);
  }

  /** Keeps the decision of an entry, which comes after all that are kept. */
  keep(sequence: number, at: number, entry: DecisionEntry, snapshot: PolicySnapshot, alternatives?: string): void {
    const place = this.#placeOfNext();
    this.#sequences[place] = sequence;
    this.#rows[place] = this.#awaiting.add(at, entry, snapshot, alternatives);
    this.#count += 1;
  }

  /** How many decisions there were. */
  get count(): number {
    return this.#count;
  }

  /** The last decision that is no longer remembered once so many more were kept. */
  forgottenAfter(more: number): number {
    const index = this.#count + more - this.#keptMax - 1;
    if (more === 0 || index < 0) return this.forgotten;
    const sequences = this.#sequences;
    return index < this.#count ? (sequences[index % sequences.length] as number) : Number.POSITIVE_INFINITY;
  }

  /** The decision of an entry; `undefined` when none ran, its outcome was reported, or it is no longer remembered. */
  get(of: number): KeptDecision | undefined {
    const row = this.#rowOf(of);
    return row === undefined || row === REPORTED ? undefined : this.#awaiting.get(row);
  }

  /** Whether the outcome of a decision that is remembered was reported. */
  isReported(of: number): boolean {
    return this.#rowOf(of) === REPORTED;
  }

  /** The outcome of a decision is reported: it is let go. */
  report(of: number): void {
    const place = this.#find(of);
    if (place === undefined) return;
    this.#drop(place);
    this.#rows[place] = REPORTED;
  }

  #rowOf(of: number): number | undefined {
    const place = this.#find(of);
    return place === undefined ? undefined : this.#rows[place];
  }

  #drop(place: number): void {
    const row = this.#rows[place] as number;
    if (row !== REPORTED) this.#awaiting.drop(row);
  }

  /** Sequences only grow, so the place of one is found by halving. */
  #find(of: number): number | undefined {
    const sequences = this.#sequences;
    let low = Math.max(0, this.#count - this.#keptMax);
    let high = this.#count;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((sequences[middle % sequences.length] as number) < of) low = middle + 1;
      else high = middle;
    }
    const place = low % sequences.length;
    return low < this.#count && sequences[place] === of ? place : undefined;
  }

  #placeOfNext(): number {
    const capacity = this.#sequences.length;
    if (this.#count < capacity) return this.#count;
    if (capacity < this.#keptMax) {
      this.#grow(Math.min(capacity * 2, this.#keptMax));
      return this.#count;
    }
    const place = this.#count % capacity;
    this.forgotten = this.#sequences[place] as number;
    this.#drop(place);
    return place;
  }

  #grow(capacity: number): void {
    const [sequences, rows] = [this.#sequences, this.#rows];
    this.#sequences = new Float64Array(capacity);
    this.#sequences.set(sequences);
    this.#rows = new Int32Array(capacity);
    this.#rows.set(rows);
  }
}
