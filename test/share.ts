/**
 * How much of a property, of an exhaustive test or of a list of planted bugs `npm test` tries, and which tests it leaves out.
 * All of it is one of the long searches: `npm run torture -- whole-tests`, or `CALYBRIS_CASES=all` for one file.
 * @module
 */
import { test } from "vitest";

const IS_WHOLE: boolean = process.env["CALYBRIS_CASES"] === "all";
const PLANTED: string | undefined = process.env["CALYBRIS_PLANTED"];
/** A property that holds for a fifth of its cases on every commit has been tried with all of them within a week. */
const SHARE = 5;

/** Of so many cases, how many are tried. */
export function caseCount(whole: number, share: number = Math.ceil(whole / SHARE)): number {
  return IS_WHOLE ? whole : share;
}

/** Some of a list whose members are tried one by one: the first, and one of each `step` after it. */
export function someOf<Member>(all: readonly Member[], step: number): readonly Member[] {
  return all.filter((_member, index) => index % stride(step) === 0);
}

/**
 * Some of a list of planted bugs. All of them take hours: `CALYBRIS_PLANTED=3/15`, which the long search sets, has only the
 * fourth of each fifteen tried.
 */
export function somePlanted<Bug>(all: readonly Bug[], step: number): readonly Bug[] {
  const [part, parts] = PLANTED?.split("/").map(Number) ?? [];
  if (part === undefined || parts === undefined) return someOf(all, step);
  return all.filter((_bug, index) => index % parts === part);
}

/** The step of a loop over places that are all alike: 1 where every place is tried. */
export function stride(step: number): number {
  return IS_WHOLE ? 1 : step;
}

/** A test of many seconds whose promise a shorter one of `npm test` makes too: skipped there, and run by the long search. */
export const longTest: typeof test.only = IS_WHOLE ? test : test.skip;
