/**
 * A map for a table that is not a known export, from common column names. A guess is used only if the names identify model
 * and tokens, or model and cost; the report lists the mapping.
 * @module
 */
import type { UsageMap } from "./usage-map.ts";

/** Names without characters other than letters and digits. The first that a table has is used. */
const MODEL = [
  "model",
  "modelname",
  "modelid",
  "llm",
  "llmmodel",
  "requestmodel",
  "genairequestmodel",
  "modelversion",
  "engine",
];
const INPUT = [
  "inputtokens",
  "prompttokens",
  "tokensin",
  "intokens",
  "contexttokens",
  "usageprompttokens",
  "usageinputtokens",
  "inputtokencount",
  "prompttokencount",
  "tokensprompt",
  "ninput",
  "input",
  "tokensinput",
  "genaiusageinputtokens",
  "totalinputtokens",
  "inputtokenstotal",
];
const OUTPUT = [
  "outputtokens",
  "completiontokens",
  "tokensout",
  "outtokens",
  "generatedtokens",
  "usagecompletiontokens",
  "usageoutputtokens",
  "outputtokencount",
  "completiontokencount",
  "candidatestokencount",
  "tokenscompletion",
  "noutput",
  "output",
  "tokensoutput",
  "genaiusageoutputtokens",
  "totaloutputtokens",
  "outputtokenstotal",
];
const PAID_DOLLARS = [
  "costusd",
  "usdcost",
  "costdollars",
  "totalcostusd",
  "spend",
  "spendusd",
  "cost",
  "totalcost",
  "amountusd",
  "priceusd",
  "billedusd",
];
const TIME = [
  "timestamp",
  "time",
  "date",
  "datetime",
  "createdat",
  "starttime",
  "startedat",
  "day",
  "usagedate",
  "requesttime",
  "created",
];
const TAG = [
  "tag",
  "tags",
  "team",
  "project",
  "projectname",
  "feature",
  "usecase",
  "application",
  "app",
  "customer",
  "user",
  "tenant",
  "apikeyname",
  "apikey",
];
const REQUESTS = ["requests", "requestcount", "numrequests", "nummodelrequests", "calls", "count"];

/** `map` if model and tokens or cost are identified; `start` is a map to complete, with `…` for each column to name. */
export function guessMap(
  columns: readonly string[],
  model: string | undefined,
): {
  readonly map: UsageMap | undefined;
  readonly start: Readonly<Record<string, unknown>>;
} {
  const byName = new Map<string, string>();
  for (const column of columns) {
    const name = column.toLowerCase().replace(/[^a-z0-9]/g, "");
    if (!byName.has(name)) byName.set(name, column);
  }
  const find = (names: readonly string[]): readonly string[] => {
    const found = names.find((name) => byName.has(name));
    return found === undefined ? [] : [byName.get(found) as string];
  };
  const [models, input, output] = [find(MODEL), find(INPUT), find(OUTPUT)];
  const [paid, time, tag, requests] = [find(PAID_DOLLARS), find(TIME), find(TAG), find(REQUESTS)];
  const optional = {
    ...(requests.length > 0 ? { requests } : {}),
    ...(paid.length > 0 ? { paid: { columns: paid, unit: "dollars" as const } } : {}),
    ...(time.length > 0 ? { time } : {}),
    ...(tag.length > 0 ? { tag } : {}),
  };
  const hasTokens = input.length > 0 && output.length > 0;
  const isPlain = (models.length > 0 || model !== undefined) && (hasTokens || paid.length > 0);
  const named = models.length > 0 ? models : { const: model ?? "" };
  const map = { model: named, ...(hasTokens ? { inputTokens: input, outputTokens: output } : {}), ...optional };
  const start = {
    model: models[0] ?? (model === undefined ? "…" : { const: model }),
    inputTokens: input[0] ?? "…",
    outputTokens: output[0] ?? "…",
    ...(paid.length > 0 ? { paid: { column: paid[0], unit: "dollars" } } : {}),
    ...(time.length > 0 ? { time: time[0] } : {}),
    ...(tag.length > 0 ? { tag: tag[0] } : {}),
  };
  return { map: isPlain ? map : undefined, start };
}
