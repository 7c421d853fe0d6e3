/**
 * Times of decisions, by sequence. The newest are exact. For older decisions, each block keeps only its earliest time, so
 * that memory grows by 16 bytes for a thousand decisions.
 * @module
 */
import { carryCount, type MeasureBytes } from "./measure-bytes.ts";

const BLOCK = 1_024;
/** About a quarter of a million decisions, 4 MB. */
const EXACT_BLOCKS = 256;

interface Block {
  readonly sequences: Float64Array;
  readonly times: Float64Array;
  count: number;
}

export class DecisionTimes {
  /** The first sequence of each block, and its earliest time. */
  readonly #firsts: number[] = [];
  readonly #earliest: number[] = [];
  /** The newest blocks; only the last may be incomplete. */
  readonly #exact: Block[] = [];

  /** @param sequence - must be above that of the previous call. Times may decrease after a correction of the clock. */
  add(sequence: number, at: number): void {
    let block = this.#exact.at(-1);
    if (block === undefined || block.count === BLOCK) {
      block = newBlock();
      this.#exact.push(block);
      this.#firsts.push(sequence);
      this.#earliest.push(at);
      if (this.#exact.length > EXACT_BLOCKS) this.#exact.shift();
    }
    block.sequences[block.count] = sequence;
    block.times[block.count] = at;
    block.count += 1;
    const index = this.#earliest.length - 1;
    if (at < (this.#earliest[index] as number)) this.#earliest[index] = at;
  }

  /**
   * The time of a decision. For an old decision, it is the earliest time in its block: an outcome near the end of the window
   * may then count as late, but a late outcome never counts as on time. `Infinity` if the sequence is not of a decision.
   */
  of(sequence: number): number {
    const index = lastAtMost(this.#firsts, this.#firsts.length, sequence);
    if (index === -1) return Number.POSITIVE_INFINITY;
    const block = this.#exact[index - (this.#firsts.length - this.#exact.length)];
    if (block === undefined) return this.#earliest[index] as number;
    const at = lastAtMost(block.sequences, block.count, sequence);
    return block.sequences[at] === sequence ? (block.times[at] as number) : Number.POSITIVE_INFINITY;
  }

  /** Takes about 4 bytes for each decision with an exact time, and 6 for each earlier block. @throws RangeError. */
  carry(bytes: MeasureBytes): void {
    carryDifferences(bytes, this.#firsts);
    carryDifferences(bytes, this.#earliest);
    const count = carryCount(bytes, this.#exact.length);
    if (count > Math.min(EXACT_BLOCKS, this.#firsts.length) || this.#earliest.length !== this.#firsts.length)
      throw new RangeError("blocks of decisions are missing");
    for (let at = 0; at < count; at += 1) {
      const block = this.#exact[at] ?? newBlock();
      this.#exact[at] = block;
      block.count = carryCount(bytes, block.count);
      if (block.count > BLOCK) throw new RangeError("a block holds too many decisions");
      carryBlock(bytes, block, this.#firsts[this.#firsts.length - count + at] as number);
    }
  }
}

function newBlock(): Block {
  return { sequences: new Float64Array(BLOCK), times: new Float64Array(BLOCK), count: 0 };
}

function carryBlock(bytes: MeasureBytes, { sequences, times, count }: Block, first: number): void {
  let [sequence, at] = [first, 0];
  for (let index = 0; index < count; index += 1) {
    sequence += bytes.whole((sequences[index] as number) - sequence);
    at += bytes.whole((times[index] as number) - at);
    sequences[index] = sequence;
    times[index] = at;
  }
}

/** A list of close integers, as differences. Values that are read are appended. */
function carryDifferences(bytes: MeasureBytes, values: number[]): void {
  const count = carryCount(bytes, values.length);
  let before = 0;
  for (let at = 0; at < count; at += 1) {
    before += bytes.whole((values[at] ?? 0) - before);
    values[at] = before;
  }
}

/** The last index of an ascending list whose value is at most `value`; -1 if there is none. */
function lastAtMost(values: ArrayLike<number>, count: number, value: number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
