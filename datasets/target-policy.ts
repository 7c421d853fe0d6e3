/**
 * A target policy for a user's bandit log: fixed shares of the arms, or shares that depend on the text in a column.
 * @module
 */
import { checkShape, field, type LineOf, Mistakes, readJsonFile, text } from "@calybris/engine/internal";
import { CalybrisError } from "@calybris/kernel";
import { z } from "zod";

/** The probability of each arm; omitted arms have 0. */
export type ArmShares = Readonly<Record<string, number>>;

export interface TargetPolicy {
  readonly $schema?: string;
  /** The same shares for every row. */
  readonly shares?: ArmShares;
  /** The column whose text determines the shares. */
  readonly column?: string;
  /** The shares for each text. */
  readonly cases?: Readonly<Record<string, ArmShares>>;
  /** The shares for any other text. By default, rows with another text are skipped. */
  readonly otherwise?: ArmShares;
}

const CASES_MAX = 10_000;
/** Tolerance for the sum of shares. */
const SUM_TOLERANCE = 1e-6;

const share = field((value) => typeof value === "number" && value >= 0 && value <= 1, "a number from 0 to 1", {
  type: "number",
  minimum: 0,
  maximum: 1,
});
const sharesByArm = z.record(z.string().min(1), share);

export const targetPolicySchema: z.ZodType = z.strictObject({
  $schema: z.any().optional(),
  shares: sharesByArm.optional(),
  column: text(1_024, "the name of a column").optional(),
  cases: z.record(z.string(), sharesByArm).meta({ maxProperties: CASES_MAX }).optional(),
  otherwise: sharesByArm.optional(),
});

/** @throws CalybrisError `CAL_TABLE_INVALID` with every mistake, or `CAL_INPUT_MALFORMED` if it is not JSON. */
export async function readTargetPolicy(file: string): Promise<TargetPolicy> {
  const { value, lineOf } = await readJsonFile(file);
  if (isEnginePolicy(value))
    throw new CalybrisError("CAL_INPUT_MALFORMED", {
      file,
      problem:
        "is a policy of the engine, which decides on requests and not on rows of a log. For a journal, use `calybris whatif` or `calybris regret`; docs/estimate.md describes a target policy",
    });
  return parseTargetPolicy(value, file, lineOf);
}

/** @throws CalybrisError `CAL_TABLE_INVALID` with every mistake. */
export function parseTargetPolicy(value: unknown, file: string, lineOf?: LineOf): TargetPolicy {
  const mistakes = new Mistakes(lineOf);
  checkShape(targetPolicySchema, value, mistakes);
  if (mistakes.isEmpty) checkTargetPolicy(value as TargetPolicy, mistakes, []);
  if (!mistakes.isEmpty) throw new CalybrisError("CAL_TABLE_INVALID", { mistakes: mistakes.list, file });
  return value as TargetPolicy;
}

/** Checks beyond the schema. */
export function checkTargetPolicy(policy: TargetPolicy, mistakes: Mistakes, path: readonly string[]): void {
  const { shares, column, cases, otherwise } = policy;
  const isByColumn = shares === undefined && column !== undefined && cases !== undefined;
  const isFixed = shares !== undefined && column === undefined && cases === undefined && otherwise === undefined;
  if (isFixed === isByColumn)
    mistakes.add(
      [...path],
      "has neither `shares` alone nor `column` with `cases`",
      "Give the shares of every row, or a column with the shares for each of its texts.",
    );
  for (const [name, one] of [["shares", shares], ["otherwise", otherwise], ...Object.entries(cases ?? {})] as const) {
    if (one === undefined) continue;
    const sum = Object.values(one).reduce((total, part) => total + part, 0);
    if (Math.abs(sum - 1) > SUM_TOLERANCE)
      mistakes.add([...path, name], `has shares that sum to ${Number(sum.toPrecision(6))}`, "Shares sum to 1.");
  }
}

/** All arms that the policy names. */
export function armsOfPolicy({ shares = {}, cases = {}, otherwise = {} }: TargetPolicy): readonly string[] {
  return [...new Set([shares, otherwise, ...Object.values(cases)].flatMap((one) => Object.keys(one)))];
}

/** The shares for the text of a row, in the order of the arms; `undefined` if no case matches. */
export function sharesIn(
  policy: TargetPolicy,
  arms: readonly string[],
): (text: string) => readonly number[] | undefined {
  const listed = (one: ArmShares): readonly number[] =>
    arms.map((arm) => (Object.hasOwn(one, arm) ? (one[arm] ?? 0) : 0));
  const { shares, cases = {}, otherwise } = policy;
  const rest = shares ?? otherwise;
  const others = rest === undefined ? undefined : listed(rest);
  const byText = new Map(Object.entries(cases).map(([name, one]) => [name, listed(one)]));
  return (row) => byText.get(row) ?? others;
}

function isEnginePolicy(value: unknown): boolean {
  return typeof value === "object" && value !== null && ("candidates" in value || "catalog" in value);
}
