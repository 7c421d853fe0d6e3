/**
 * The numbers of a fold's state, so that it can be continued elsewhere. Each fold lists them once, in `carry`, for both
 * writing and reading, so that no number can be written but not read.
 * @module
 */

/** The destination, or the source, of the numbers. */
export interface FoldNumbers {
  /**
   * Writes the number and returns it, or reads and returns a number that was written: with the same bits, including NaN, −0
   * and infinity.
   *
   * @throws RangeError if no number is left to read.
   */
  number(value: number): number;
}

/** A fold whose state can be transferred to another fold with the same settings. */
export interface Carried {
  /** Passes every number in a fixed order, and takes the returned ones. */
  carry(numbers: FoldNumbers): void;
}

/** A number that may be `undefined`. */
export function carryOptional(numbers: FoldNumbers, value: number | undefined): number | undefined {
  const isThere = numbers.number(value === undefined ? 0 : 1) === 1;
  return isThere ? numbers.number(value ?? 0) : undefined;
}

/**
 * A count, or the key of a list: an integer from 0.
 *
 * @throws RangeError if the number read is not such an integer.
 */
export function carryWhole(numbers: FoldNumbers, value: number, max: number = Number.MAX_SAFE_INTEGER): number {
  const whole = numbers.number(value);
  if (!Number.isInteger(whole) || whole < 0 || whole > max)
    throw new RangeError(`${whole} must be a whole number from 0 to ${max}`);
  return whole;
}
