/**
 * The levels that a reservation took from, as a snapshot holds them: for each level of its tenant's path, from the top down,
 * the number of ended periods plus 1, or 0 if it took nothing.
 * @module
 */
import type { Account } from "./account.ts";

/** A level that a reservation took from, and the number of its periods that had ended at that time. */
export interface Part {
  readonly account: Account;
  readonly endedCount: number;
}

interface Levels {
  readonly level1: number;
  readonly level2: number;
  readonly level3: number;
  readonly level4: number;
}

export function levelsOf({ path }: Account, parts: readonly Part[]): Levels {
  const of = (level: number): number => {
    const part = parts.find(({ account }) => account === path[level]);
    return part === undefined ? 0 : part.endedCount + 1;
  };
  return { level1: of(0), level2: of(1), level3: of(2), level4: of(3) };
}

export function partsOf({ path }: Account, { level1, level2, level3, level4 }: Levels): readonly Part[] {
  const parts: Part[] = [];
  for (const [level, count] of [level1, level2, level3, level4].entries()) {
    if (count === 0) continue;
    const account = path[level];
    if (account === undefined) throw new RangeError("a reservation is on a level that its tenant does not have");
    parts.push({ account, endedCount: count - 1 });
  }
  return parts;
}
