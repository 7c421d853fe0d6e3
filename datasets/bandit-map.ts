/**
 * The map of a user's bandit log: the columns of the arm that ran, its probability and its reward.
 * @module
 */
import { checkShape, field, type LineOf, Mistakes, readJsonFile, text } from "@calybris/engine/internal";
import { CalybrisError } from "@calybris/kernel";
import { z } from "zod";
import { armsOfPolicy, checkTargetPolicy, type TargetPolicy, targetPolicySchema } from "./target-policy.ts";

export interface BanditMap {
  readonly $schema?: string;
  readonly delimiter?: string;
  /** The column of the arm that ran. */
  readonly chosen: string;
  /** The column of the reward, with its range unless that is 0 to 1. An empty cell is a missing outcome. */
  readonly reward: string | { readonly column: string; readonly min: number; readonly max: number };
  /** The column of the probability of the arm that ran, or one column per arm. */
  readonly propensity: string | Readonly<Record<string, string>>;
  /** The column of the arm that the target policy chooses, or one column per arm with its probability. */
  readonly target?: string | Readonly<Record<string, string>>;
  /** The target policy, for `--target policy`. */
  readonly policy?: TargetPolicy;
  /** One column per arm: the reward predicted by a model. */
  readonly predicted?: Readonly<Record<string, string>>;
  /** All arms. Default: those of `propensity`, or those in the log. */
  readonly arms?: readonly string[];
}

export const ARMS_MAX = 1_024;
const column = text(1_024, "the name of a column");
const number = field((value) => typeof value === "number" && Number.isFinite(value), "a number", { type: "number" });
const byArm = z.record(z.string().min(1), column).meta({ maxProperties: ARMS_MAX });

export const banditMapSchema: z.ZodType = z.strictObject({
  $schema: z.any().optional(),
  delimiter: field((value) => typeof value === "string" && /^[,;\t|]$/.test(value), "one of , ; | and a tab", {
    type: "string",
  }).optional(),
  chosen: column,
  reward: z.union([column, z.strictObject({ column, min: number, max: number })]),
  propensity: z.union([column, byArm]),
  target: z.union([column, byArm]).optional(),
  policy: targetPolicySchema.optional(),
  predicted: byArm.optional(),
  arms: z.array(text(1_024, "the name of an arm")).min(1).max(ARMS_MAX).optional(),
});

/** @throws CalybrisError `CAL_TABLE_INVALID` with every mistake, or `CAL_INPUT_MALFORMED` if it is not JSON. */
export async function readBanditMap(file: string): Promise<BanditMap> {
  const { value, lineOf } = await readJsonFile(file);
  return parseBanditMap(value, file, lineOf);
}

export function parseBanditMap(value: unknown, file: string, lineOf?: LineOf): BanditMap {
  const mistakes = new Mistakes(lineOf);
  checkShape(banditMapSchema, value, mistakes);
  if (mistakes.isEmpty) checkMeaning(value as BanditMap, mistakes);
  if (!mistakes.isEmpty) throw new CalybrisError("CAL_TABLE_INVALID", { mistakes: mistakes.list, file });
  return value as BanditMap;
}

/** Checks beyond the schema. */
function checkMeaning(map: BanditMap, mistakes: Mistakes): void {
  const { reward } = map;
  if (typeof reward === "object" && reward.min >= reward.max)
    mistakes.add(
      ["reward"],
      "has a min that is not below its max",
      "Give the least and the greatest reward there can be.",
    );
  if (map.policy !== undefined) checkTargetPolicy(map.policy, mistakes, ["policy"]);
  checkColumns(map, mistakes);
  const arms = listedArms(map);
  if (arms === undefined) return;
  if (new Set(arms).size < arms.length) mistakes.add(["arms"], "name an arm twice", "Name each arm once.");
  if (arms.length > ARMS_MAX) mistakes.add(["propensity"], `name more than ${ARMS_MAX} arms`, "Group rare arms.");
  const unknown = map.policy === undefined ? undefined : unknownArm(map.policy, arms);
  if (unknown !== undefined)
    mistakes.add(
      ["policy"],
      `names ${JSON.stringify(unknown)}, which is not an arm`,
      `The arms are ${arms.slice(0, 8).join(", ")}.`,
    );
  for (const [name, columns] of [
    ["propensity", map.propensity],
    ["target", map.target],
    ["predicted", map.predicted],
  ] as const) {
    if (typeof columns !== "object") continue;
    const unknown = Object.keys(columns).find((arm) => !arms.includes(arm));
    if (unknown !== undefined)
      mistakes.add(
        [name],
        `names ${JSON.stringify(unknown)}, which is not an arm`,
        `The arms are ${arms.slice(0, 8).join(", ")}.`,
      );
    const missing = arms.find((arm) => !Object.hasOwn(columns, arm));
    if (missing !== undefined && name !== "target")
      mistakes.add([name], `has no column for the arm ${JSON.stringify(missing)}`, "Name a column for every arm.");
  }
}

/** The arm, its reward and its probability need different columns. */
function checkColumns({ chosen, reward, propensity }: BanditMap, mistakes: Mistakes): void {
  const columns = [
    chosen,
    typeof reward === "string" ? reward : reward.column,
    ...(typeof propensity === "string" ? [propensity] : Object.values(propensity)),
  ];
  const twice = columns.find((name, at) => columns.indexOf(name) < at);
  if (twice !== undefined)
    mistakes.add(
      [],
      `uses the column ${JSON.stringify(twice)} twice`,
      "The arm, its reward and each probability have a column of their own.",
    );
}

/** The arms that the map names; `undefined` if only the log contains them. */
export function listedArms({ arms, propensity }: BanditMap): readonly string[] | undefined {
  return arms ?? (typeof propensity === "object" ? Object.keys(propensity) : undefined);
}

/** An arm of the policy that is not in the list. */
export function unknownArm(policy: TargetPolicy, arms: readonly string[]): string | undefined {
  return armsOfPolicy(policy).find((arm) => !arms.includes(arm));
}

/** The column of the reward, and its range. */
export function rewardRange({ reward }: BanditMap): {
  readonly column: string;
  readonly min: number;
  readonly max: number;
} {
  return typeof reward === "string" ? { column: reward, min: 0, max: 1 } : reward;
}

/** All columns that the map names. */
export function banditColumns(map: BanditMap): readonly string[] {
  const of = (columns: string | Readonly<Record<string, string>> | undefined): readonly string[] =>
    columns === undefined ? [] : typeof columns === "string" ? [columns] : Object.values(columns);
  const reward = typeof map.reward === "string" ? map.reward : map.reward.column;
  return [
    map.chosen,
    reward,
    ...of(map.propensity),
    ...of(map.target),
    ...of(map.predicted),
    ...of(map.policy?.column),
  ];
}
