/**
 * Seeded random numbers: the same seed gives the same numbers on every machine. sfc32 (C. Doty-Humphrey, PractRand).
 * @module
 */

export interface Chance {
  /** Uniform in [0, 1). */
  readonly share: () => number;
  /** An integer from 0 up to, but not including, `limit`. */
  readonly below: (limit: number) => number;
  /** 32 bits. */
  readonly bits: () => number;
}

export function seededChance(seed: number, stream = 0): Chance {
  let [a, b, c, counter] = [seed | 0, 0x9e3779b9 ^ stream, 0x243f6a88 ^ Math.imul(stream, 0x85ebca6b), 1];
  const bits = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 15; round += 1) bits();
  const share = (): number => bits() / 4_294_967_296;
  return { bits, share, below: (limit) => Math.floor(share() * limit) };
}

/** The integers below `count`, in random order. */
export function shuffledRows(count: number, chance: Chance): Int32Array {
  const rows = Int32Array.from({ length: count }, (_, at) => at);
  for (let at = count - 1; at > 0; at -= 1) {
    const other = chance.below(at + 1);
    const row = rows[at] ?? 0;
    rows[at] = rows[other] ?? 0;
    rows[other] = row;
  }
  return rows;
}

/** `count` of the integers below `total`, ascending; all of them if there are fewer. */
export function sampledRows(total: number, count: number, chance: Chance): Int32Array {
  if (total <= count) return Int32Array.from({ length: total }, (_, at) => at);
  return shuffledRows(total, chance).slice(0, count).sort();
}

/** The fold of each row: folds are as equal in size as possible, and assigned at random. */
export function foldsOf(count: number, folds: number, chance: Chance): Uint8Array {
  const fold = new Uint8Array(count);
  shuffledRows(count, chance).forEach((row, at) => {
    fold[row] = at % folds;
  });
  return fold;
}
