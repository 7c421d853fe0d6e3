/**
 * The map of a user's table: the columns of features, text and category, and for each tier its outcome and its cost. It is
 * checked completely before the table is opened.
 * @module
 */
import {
  checkShape,
  field,
  type LineOf,
  Mistakes,
  nameRemedy,
  oneOf,
  readJsonFile,
  showValue,
  text,
} from "@calybris/engine/internal";
import { CalybrisError, MONEY_UNITS, type MoneyUnit } from "@calybris/kernel";
import { TIERS_MAX } from "@calybris/learning";
import { z } from "zod";

export type CostUnit = MoneyUnit["name"];

export interface FeatureMap {
  readonly column: string;
  /** The type of the cells. Default: detected from the cells. */
  readonly as?: "number" | "code" | "date";
  /** The factor for numbers, instead of the detected one, so that two tables are converted alike. */
  readonly scale?: number;
  /** Codes are indexes into this list, instead of ranks by frequency. A word that is not in the list is unknown. */
  readonly words?: readonly string[];
}

export type CostMap =
  | { readonly column: string; readonly unit: CostUnit }
  | { readonly const: number; readonly unit: CostUnit }
  | {
      readonly inputPerMillion: number;
      readonly outputPerMillion?: number;
      readonly unit: CostUnit;
      /** A column, or one number for every row. */
      readonly inputTokens: string | number;
      readonly outputTokens?: string | number;
    };

export interface TierMap {
  readonly name: string;
  readonly outcome: string | { readonly column: string; readonly max: number };
  readonly cost: CostMap;
}

export interface TableMap {
  readonly $schema?: string;
  readonly name?: string;
  readonly delimiter?: string;
  readonly timeOrdered?: boolean;
  readonly features?: readonly (string | FeatureMap)[];
  readonly text?: string;
  readonly category?: string;
  readonly tiers: readonly TierMap[];
}

/** The value of one of each unit, in microcents. */
export const MICROCENTS_PER = Object.fromEntries(
  MONEY_UNITS.map(({ name, microcents }) => [name, Number(microcents)]),
) as Readonly<Record<CostUnit, number>>;
export const FEATURES_MAX = 64;
const AMOUNT_MAX = 1e12;
const [SCALE_MIN, SCALE_MAX] = [1e-9, 1e6];
const [WORDS_MAX, WORD_CHARACTERS_MAX] = [10_000, 1_024];

const column = text(1_024, "the name of a column");
const unit = oneOf(
  MONEY_UNITS.map(({ name }) => name),
  "the unit of the amounts",
);
const amount = field(
  (value) => typeof value === "number" && Number.isFinite(value) && value >= 0 && value <= AMOUNT_MAX,
  "a number from 0 on",
  { type: "number", minimum: 0 },
);
const columnOrNumber = field(
  (value) =>
    (typeof value === "string" && value !== "") || (typeof value === "number" && Number.isFinite(value) && value >= 0),
  "the name of a column, or a number from 0 on",
  { type: ["string", "number"] },
);

const cost = z
  .strictObject({
    column: column.optional(),
    const: amount.optional(),
    unit,
    inputPerMillion: amount.optional(),
    outputPerMillion: amount.optional(),
    inputTokens: columnOrNumber.optional(),
    outputTokens: columnOrNumber.optional(),
  })
  .superRefine((value, context) => {
    const has = (key: string): boolean => key in value;
    const kinds = [has("column"), has("const"), has("inputPerMillion")].filter(Boolean).length;
    const say = (message: string): void => context.addIssue({ code: "custom", message });
    if (kinds !== 1) say("one of `column`, `const` or `inputPerMillion`");
    if (has("inputPerMillion") && !has("inputTokens")) say("`inputTokens` beside `inputPerMillion`");
    if (has("outputPerMillion") !== has("outputTokens"))
      say("`outputPerMillion` and `outputTokens` together, or neither");
  });

const outcome = z.union([
  column,
  z.strictObject({
    column,
    max: field(
      (value) => typeof value === "number" && Number.isFinite(value) && value > 0,
      "the best score there is, above 0",
      {
        type: "number",
        exclusiveMinimum: 0,
      },
    ),
  }),
]);

const feature = z.union([
  column,
  z
    .strictObject({
      column,
      as: oneOf(["number", "code", "date"], "what the cells are").optional(),
      scale: field(
        (value) => typeof value === "number" && value >= SCALE_MIN && value <= SCALE_MAX,
        "what numbers are multiplied by, from 0.000000001 to 1000000",
        { type: "number", minimum: SCALE_MIN, maximum: SCALE_MAX },
      ).optional(),
      words: z.array(z.string().max(WORD_CHARACTERS_MAX)).min(1).max(WORDS_MAX).optional(),
    })
    .superRefine(({ as, scale, words }, context) => {
      const say = (message: string): void => context.addIssue({ code: "custom", message });
      if (scale !== undefined && (words !== undefined || (as !== undefined && as !== "number")))
        say("`scale` for numbers alone");
      if (words !== undefined && as !== undefined && as !== "code") say("`words` for codes alone");
      if (words !== undefined && new Set(words).size < words.length) say("each of the `words` once");
    }),
]);

export const tableMapSchema: z.ZodType = z.strictObject({
  $schema: z.any().optional(),
  name: text(64, "what the table is called in reports").optional(),
  delimiter: field((value) => typeof value === "string" && /^[,;\t|]$/.test(value), "one of , ; | and a tab", {
    type: "string",
  }).optional(),
  timeOrdered: field((value) => typeof value === "boolean", "true if rows are in time order, else false", {
    type: "boolean",
  }).optional(),
  features: z.array(feature).max(FEATURES_MAX).optional(),
  text: column.optional(),
  category: column.optional(),
  tiers: z
    .array(z.strictObject({ name: text(128, "the name of the tier"), outcome, cost }))
    .min(2)
    .max(TIERS_MAX),
});

/** The JSON Schema of a map, for editors. It is stored as datasets/table-map.schema.json. */
export function tableMapJsonSchema(): object {
  return {
    ...z.toJSONSchema(tableMapSchema, { unrepresentable: "any", io: "input" }),
    title: "Calybris table map",
    allowComments: true,
    allowTrailingCommas: true,
  };
}

/** @throws CalybrisError `CAL_TABLE_INVALID` with every mistake, or `CAL_INPUT_MALFORMED` if it is not JSON. */
export async function readTableMap(file: string): Promise<TableMap> {
  const { value, lineOf } = await readJsonFile(file);
  return parseTableMap(value, file, lineOf);
}

export function parseTableMap(value: unknown, file: string, lineOf?: LineOf): TableMap {
  const mistakes = new Mistakes(lineOf);
  checkShape(tableMapSchema, value, mistakes);
  if (mistakes.isEmpty) checkMeaning(value as TableMap, mistakes);
  if (!mistakes.isEmpty) throw new CalybrisError("CAL_TABLE_INVALID", { mistakes: mistakes.list, file });
  return value as TableMap;
}

/** Checks beyond the schema. */
function checkMeaning(map: TableMap, mistakes: Mistakes): void {
  const twice = duplicateIn(map.tiers.map(({ name }) => name));
  if (twice !== undefined)
    mistakes.add(["tiers"], `have a duplicate name ${showValue(twice)}`, "Give each tier a unique name.");
  const columns = featureColumns(map);
  const again = duplicateIn(columns);
  if (again !== undefined)
    mistakes.add(["features"], `have a duplicate column ${showValue(again)}`, "Name each column once.");
  const outcomes = new Set(map.tiers.map(outcomeColumn));
  const leaking = columns.find((name) => outcomes.has(name));
  if (leaking !== undefined)
    mistakes.add(
      ["features"],
      `name ${showValue(leaking)}, which is an outcome`,
      "Use only columns that are known before a tier is chosen.",
    );
  if (columns.length === 0 && map.text === undefined && map.category === undefined)
    mistakes.add([], "names no features, no text and no category", "Name at least one of them.");
}

function duplicateIn(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

export function featureColumns({ features = [] }: TableMap): readonly string[] {
  return features.map((each) => (typeof each === "string" ? each : each.column));
}

export function outcomeColumn({ outcome: from }: TierMap): string {
  return typeof from === "string" ? from : from.column;
}

export function costColumns({ cost: from }: TierMap): readonly string[] {
  if ("column" in from) return [from.column];
  if ("const" in from) return [];
  return [from.inputTokens, from.outputTokens].filter((each) => typeof each === "string");
}

/** Checks that every column named in the map exists. */
export function checkColumns(map: TableMap, header: readonly string[], file: string): void {
  const named = [...featureColumns(map), ...map.tiers.flatMap((tier) => [outcomeColumn(tier), ...costColumns(tier)])];
  if (map.text !== undefined) named.push(map.text);
  if (map.category !== undefined) named.push(map.category);
  const columns = new Set(header);
  const missing = named.find((name) => !columns.has(name));
  if (missing === undefined) return;
  const delimiter = header.length === 1 ? /[,;\t|]/.exec(header[0] ?? "")?.[0] : undefined;
  const hint =
    delimiter === undefined
      ? nameRemedy(missing, header)
      : `Its columns seem to be separated by ${JSON.stringify(delimiter)}: set \`delimiter\` in the map.`;
  throw new CalybrisError("CAL_INPUT_MALFORMED", {
    file,
    line: 1,
    problem: `has no column ${showValue(missing)}. ${hint}`,
  });
}
