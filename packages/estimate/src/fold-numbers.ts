/**
 * The numbers that a fold consists of, so that it can go on elsewhere from where it is. Each fold names them once, in `carry`, for
 * writing and for reading: a number cannot be written and then not be read.
 * @module
 */

/** Where the numbers go, or come from. */
export interface FoldNumbers {
  /**
   * Writes the number and returns it, or returns the one that was written in its place: the same bits, also of NaN, of −0 and of
   * infinity.
   *
   * @throws RangeError where there is none to read.
   */
  number(value: number): number;
}

/** A fold whose numbers can be carried over to another that was made with the same settings. */
export interface Carried {
  /** Gives every number in a fixed order, and takes what comes back. */
  carry(numbers: FoldNumbers): void;
}

/** A number that may not be there yet. */
export function carryOptional(numbers: FoldNumbers, value: number | undefined): number | undefined {
  const isThere = numbers.number(value === undefined ? 0 : 1) === 1;
  return isThere ? numbers.number(value ?? 0) : undefined;
}

/**
 * A count, or a key of a list: a whole number from 0 on.
 *
 * @throws RangeError for one that was read and is none.
 */
export function carryWhole(numbers: FoldNumbers, value: number, max: number = Number.MAX_SAFE_INTEGER): number {
  const whole = numbers.number(value);
  if (!Number.isInteger(whole) || whole < 0 || whole > max)
    throw new RangeError(`${whole} must be a whole number from 0 to ${max}`);
  return whole;
}
