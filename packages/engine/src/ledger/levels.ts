/**
 * The levels that a reservation took from, as a snapshot holds them: of each level of its tenant's path, from the top down,
 * how many periods had ended plus 1; 0 where it took nothing.
 * @module
 */
import type { Account } from "./account.ts";

/** A level that a reservation took from, and how many of its periods had ended then. */
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
