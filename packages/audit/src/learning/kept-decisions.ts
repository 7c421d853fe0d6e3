/**
 * Of the latest decisions that ran, what an outcome is compared with. A hundred thousand are kept, so they are in columns
 * of numbers and not in objects: a fraction of the memory, and nothing for the collector to walk.
 * @module
 */
import { type DecisionEntry, digestFromHex, type PolicySnapshot, type Recommendation } from "@calybris/kernel";

/** How many decisions are remembered for the outcomes that may follow. */
const DECISIONS_KEPT_MAX = 131_072;
const FIRST_CAPACITY = 1_024;
const IDENTITY_BYTES = 32;
/** Use cases are few; a log in which they are not is no reason to keep them all. */
const NAMES_MAX = 4_096;

/** A decision that ran. */
export interface KeptDecision {
  /** 32 bytes. */
  readonly identity: Uint8Array;
  readonly useCase: string;
  readonly learning: Recommendation | undefined;
  /** What else it might have been, as one text; of a recommended one. */
  readonly alternatives: string | undefined;
  readonly snapshot: PolicySnapshot;
  /** Microseconds since the Unix epoch. */
  readonly at: number;
  readonly selectedId: number;
  readonly selectedIndex: number;
  readonly costMicrocents: bigint;
  readonly valueMicrocents: bigint;
  readonly qualityMinBps: number;
}

/** What a decision is kept by beside its numbers. */
interface References {
  readonly useCase: string;
  readonly learning: Recommendation | undefined;
  readonly alternatives: string | undefined;
  readonly snapshot: PolicySnapshot;
}

export class KeptDecisions {
  /** The last decision that is no longer remembered. */
  forgotten = 0;
  readonly #keptMax: number;
  /** How many there ever were. Each goes to the place of its number, modulo the capacity. */
  #count = 0;
  #columns: Columns;
  readonly #references: References[] = [];
  /** What decisions without a recommendation have in common, by use case. */
  readonly #common = new Map<string, References>();

  constructor(keptMax: number = DECISIONS_KEPT_MAX) {
    this.#keptMax = keptMax;
    this.#columns = columnsOf(Math.min(FIRST_CAPACITY, keptMax));
  }

  /** Keeps the decision of an entry, which comes after all that are kept. */
  keep(sequence: number, at: number, entry: DecisionEntry, snapshot: PolicySnapshot, alternatives?: string): void {
    const { decision, request, learning } = entry;
    const place = this.#placeOfNext();
    const columns = this.#columns;
    columns.sequence[place] = sequence;
    columns.at[place] = at;
    columns.selectedId[place] = decision.selectedId;
    columns.selectedIndex[place] = decision.selectedIndex;
    columns.cost[place] = decision.costMicrocents;
    columns.value[place] = request.valueMicrocents;
    columns.qualityMin[place] = request.qualityMinBps;
    columns.hasOutcome[place] = 0;
    if (!digestFromHex(entry.identity, columns.identity, place * IDENTITY_BYTES))
      columns.identity.fill(0, place * IDENTITY_BYTES, (place + 1) * IDENTITY_BYTES);
    const shared = this.#shared(entry.useCase, snapshot);
    this.#references[place] = learning === undefined ? shared : { ...shared, learning, alternatives };
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
    const { sequence } = this.#columns;
    return index < this.#count ? (sequence[index % sequence.length] as number) : Number.POSITIVE_INFINITY;
  }

  /** The decision of an entry; `undefined` when none ran, or it is no longer remembered. */
  get(of: number): KeptDecision | undefined {
    const place = this.#find(of);
    const references = place === undefined ? undefined : this.#references[place];
    if (place === undefined || references === undefined) return undefined;
    const { at, selectedId, selectedIndex, cost, value, qualityMin, identity } = this.#columns;
    return {
      ...references,
      identity: identity.slice(place * IDENTITY_BYTES, (place + 1) * IDENTITY_BYTES),
      at: at[place] as number,
      selectedId: selectedId[place] as number,
      selectedIndex: selectedIndex[place] as number,
      costMicrocents: cost[place] as bigint,
      valueMicrocents: value[place] as bigint,
      qualityMinBps: qualityMin[place] as number,
    };
  }

  /** Marks the outcome of a decision as reported; false when it was already. */
  markReported(of: number): boolean {
    const place = this.#find(of);
    if (place === undefined || this.#columns.hasOutcome[place] === 1) return false;
    this.#columns.hasOutcome[place] = 1;
    return true;
  }

  /** Sequences only grow, so the place of one is found by halving. */
  #find(of: number): number | undefined {
    const { sequence } = this.#columns;
    let low = Math.max(0, this.#count - this.#keptMax);
    let high = this.#count;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((sequence[middle % sequence.length] as number) < of) low = middle + 1;
      else high = middle;
    }
    const place = low % sequence.length;
    return low < this.#count && sequence[place] === of ? place : undefined;
  }

  #placeOfNext(): number {
    const capacity = this.#columns.sequence.length;
    if (this.#count < capacity) return this.#count;
    if (capacity < this.#keptMax) {
      this.#columns = grown(this.#columns, Math.min(capacity * 2, this.#keptMax));
      return this.#count;
    }
    const place = this.#count % capacity;
    this.forgotten = this.#columns.sequence[place] as number;
    return place;
  }

  #shared(useCase: string, snapshot: PolicySnapshot): References {
    const known = this.#common.get(useCase);
    if (known?.snapshot === snapshot) return known;
    if (this.#common.size >= NAMES_MAX) this.#common.clear();
    // A piece of an entry's text would keep all of it; what is parsed is text of its own.
    const name = JSON.parse(JSON.stringify(useCase)) as string;
    const references = { useCase: name, learning: undefined, alternatives: undefined, snapshot };
    this.#common.set(name, references);
    return references;
  }
}

interface Columns {
  readonly sequence: Float64Array;
  readonly at: Float64Array;
  readonly selectedId: Uint32Array;
  readonly selectedIndex: Int32Array;
  readonly cost: BigUint64Array;
  readonly value: BigInt64Array;
  readonly qualityMin: Uint32Array;
  readonly hasOutcome: Uint8Array;
  readonly identity: Uint8Array;
}

function columnsOf(capacity: number): Columns {
  return {
    sequence: new Float64Array(capacity),
    at: new Float64Array(capacity),
    selectedId: new Uint32Array(capacity),
    selectedIndex: new Int32Array(capacity),
    cost: new BigUint64Array(capacity),
    value: new BigInt64Array(capacity),
    qualityMin: new Uint32Array(capacity),
    hasOutcome: new Uint8Array(capacity),
    identity: new Uint8Array(capacity * IDENTITY_BYTES),
  };
}

function grown(from: Columns, capacity: number): Columns {
  const to = columnsOf(capacity);
  to.sequence.set(from.sequence);
  to.at.set(from.at);
  to.selectedId.set(from.selectedId);
  to.selectedIndex.set(from.selectedIndex);
  to.cost.set(from.cost);
  to.value.set(from.value);
  to.qualityMin.set(from.qualityMin);
  to.hasOutcome.set(from.hasOutcome);
  to.identity.set(from.identity);
  return to;
}
