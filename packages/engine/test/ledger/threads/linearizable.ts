/**
 * Whether a whole history is linearizable: whether each operation could have happened at one moment between its first and
 * its last ticket, so that a single number, changed one operation at a time, gives every answer that was given.
 *
 * The whole history is decided, without windows, in one pass over its tickets (Wing and Gong's search, made incremental
 * as by Lowe): kept is every set of operations under way that may have happened already. When one begins, nothing happens
 * yet; when one ends, it must have happened by then. What the number is follows from the set, because every operation's
 * effect is known from its answer; so there are at most 2^threads sets, whatever the length. A refusal that may happen now
 * changes nothing for the others, so it happens now, and only the rest is searched in every order.
 * @module
 */
import { CREDITED, type History, REFUSED, RESERVED, UNDONE } from "./history.ts";

export interface Linearized {
  readonly operations: number;
  /** What the number is at the end. */
  readonly value: number;
  /** Most operations that were under way at once. */
  readonly overlapMax: number;
  /** How many were not alone while they were under way. */
  readonly overlapped: number;
}

/** @throws Error that shows the operations under way where no order explains the answers. */
export function linearize(histories: readonly History[], initial: number): Linearized {
  const underWay = new UnderWay(histories.length, initial);
  const position = histories.map(() => 0);
  let [operations, overlapMax, overlapped] = [0, 0, 0];
  for (;;) {
    const thread = nextThread(histories, position, underWay);
    if (thread === undefined) return { operations, value: underWay.value, overlapMax, overlapped };
    const history = histories[thread] as History;
    const index = position[thread] as number;
    if (!underWay.has(thread)) {
      underWay.begin(thread, history.kind(index), history.amount(index));
      if (underWay.count > overlapMax) overlapMax = underWay.count;
      continue;
    }
    if (underWay.end(thread)) overlapped += 1;
    position[thread] = index + 1;
    operations += 1;
  }
}

/** Whose next ticket is the least. */
function nextThread(
  histories: readonly History[],
  position: readonly number[],
  underWay: UnderWay,
): number | undefined {
  let next: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let thread = 0; thread < histories.length; thread++) {
    const history = histories[thread] as History;
    const index = position[thread] as number;
    if (index >= history.count) continue;
    const ticket = underWay.has(thread) ? history.ended(index) : history.began(index);
    if (ticket < least) {
      next = thread;
      least = ticket;
    }
  }
  return next;
}

/** The operations that have begun and not ended, one a thread, and which of them may have happened. Sets are bit masks. */
class UnderWay {
  /** What the number is when everything that has ended has happened, and nothing else. */
  value: number;
  count = 0;
  #members = 0;
  #possible: number[] = [0];
  readonly #kinds: number[];
  readonly #amounts: number[];
  readonly #overlapped: boolean[];
  /** In which search a set was last seen. */
  readonly #seenIn: Int32Array;
  #search = 0;

  constructor(threads: number, initial: number) {
    this.value = initial;
    this.#kinds = Array.from({ length: threads }, () => 0);
    this.#amounts = Array.from({ length: threads }, () => 0);
    this.#overlapped = Array.from({ length: threads }, () => false);
    this.#seenIn = new Int32Array(2 ** threads);
  }

  has(thread: number): boolean {
    return (this.#members & (1 << thread)) !== 0;
  }

  begin(thread: number, kind: number, amount: number): void {
    this.#members |= 1 << thread;
    this.#kinds[thread] = kind;
    this.#amounts[thread] = amount;
    this.count += 1;
    this.#overlapped[thread] = false;
    if (this.count > 1) this.#overlapped.fill(true);
  }

  /** Whether it was not alone. */
  end(thread: number): boolean {
    const bit = 1 << thread;
    const ended: number[] = [];
    this.#search += 1;
    const sets = this.#possible;
    for (const set of sets) this.#seenIn[set] = this.#search;
    for (let at = 0; at < sets.length; at++) {
      const value = this.#valueIn(sets[at] as number);
      const set = this.#withRefusals(sets[at] as number, value);
      if ((set & bit) !== 0) ended.push(set & ~bit);
      else this.#extend(set, value, sets);
    }
    if (ended.length === 0) throw new Error(`no order explains ${this.#shown()}, from ${this.value}`);
    this.#possible = [...new Set(ended)];
    this.value += this.#effect(thread);
    this.#members &= ~bit;
    this.count -= 1;
    return this.#overlapped[thread] === true;
  }

  #withRefusals(set: number, value: number): number {
    let more = set;
    for (let thread = 0; thread < this.#kinds.length; thread++) {
      const isWaiting = this.has(thread) && this.#kinds[thread] === REFUSED;
      if (isWaiting && value < (this.#amounts[thread] as number)) more |= 1 << thread;
    }
    return more;
  }

  /** What may happen next, refusals apart. */
  #extend(set: number, value: number, sets: number[]): void {
    for (let thread = 0; thread < this.#kinds.length; thread++) {
      const bit = 1 << thread;
      if (!this.has(thread) || (set & bit) !== 0 || this.#kinds[thread] === REFUSED) continue;
      if (this.#kinds[thread] === RESERVED && value < (this.#amounts[thread] as number)) continue;
      if (this.#seenIn[set | bit] === this.#search) continue;
      this.#seenIn[set | bit] = this.#search;
      sets.push(set | bit);
    }
  }

  #valueIn(set: number): number {
    let value = this.value;
    for (let thread = 0; thread < this.#kinds.length; thread++)
      if ((set & (1 << thread)) !== 0) value += this.#effect(thread);
    return value;
  }

  #effect(thread: number): number {
    const amount = this.#amounts[thread] as number;
    switch (this.#kinds[thread]) {
      case RESERVED:
        return -amount;
      case UNDONE:
      case CREDITED:
        return amount;
      default:
        return 0;
    }
  }

  #shown(): string {
    const names = ["", "reserved", "refused", "undone", "credited"];
    return this.#kinds
      .map((kind, thread) => ({ thread, text: `thread ${thread} ${names[kind]} ${this.#amounts[thread]}` }))
      .filter(({ thread }) => this.has(thread))
      .map(({ text }) => text)
      .join(", ");
  }
}
