/**
 * Decisions to compare outcomes with: those of the latest 131,072 that ran and still await their outcome. A decision is
 * dropped with its outcome, so memory is that of the awaiting decisions, and 12 bytes for each of the latest.
 * @module
 */
import type { DecisionEntry, PolicySnapshot } from "@calybris/kernel";
import { AwaitingDecisions, type KeptDecision } from "./awaiting-decisions.ts";

/** Number of decisions remembered for later outcomes. */
const DECISIONS_KEPT_MAX = 131_072;
const FIRST_CAPACITY = 1_024;
/** In place of a row: the outcome was already reported. */
const REPORTED = -1;

export class KeptDecisions {
  /** The last decision that is no longer remembered. */
  forgotten = 0;
  readonly #keptMax: number;
  /** Number of decisions so far. Each is stored at its number modulo the capacity. */
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

  /** Keeps the decision of an entry; its sequence must be above all that are kept. */
  keep(sequence: number, at: number, entry: DecisionEntry, snapshot: PolicySnapshot, alternatives?: string): void {
    const place = this.#placeOfNext();
    this.#sequences[place] = sequence;
    this.#rows[place] = this.#awaiting.add(at, entry, snapshot, alternatives);
    this.#count += 1;
  }

  /** Number of decisions so far. */
  get count(): number {
    return this.#count;
  }

  /** The last decision that is no longer remembered after `more` further decisions. */
  forgottenAfter(more: number): number {
    const index = this.#count + more - this.#keptMax - 1;
    if (more === 0 || index < 0) return this.forgotten;
    const sequences = this.#sequences;
    return index < this.#count ? (sequences[index % sequences.length] as number) : Number.POSITIVE_INFINITY;
  }

  /** The decision of an entry; `undefined` if none ran, its outcome was reported, or it is no longer remembered. */
  get(of: number): KeptDecision | undefined {
    const row = this.#rowOf(of);
    return row === undefined || row === REPORTED ? undefined : this.#awaiting.get(row);
  }

  /** Whether the outcome of a remembered decision was reported. */
  isReported(of: number): boolean {
    return this.#rowOf(of) === REPORTED;
  }

  /** Marks a decision's outcome as reported, and drops the decision. */
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

  /** Sequences are ascending, so this is a binary search. */
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
