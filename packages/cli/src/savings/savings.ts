/**
 * `calybris savings`: reports the cost of exported usage, and its cost at each quality floor.
 * @module
 */
import { statSync } from "node:fs";
import { type CatalogFile, loadCatalog } from "@calybris/engine";
import { nameRemedy, readJsonFile, showValue, STANDARD_INPUT, streamFile } from "@calybris/engine/internal";
import { CalybrisError } from "@calybris/kernel";
import { parseUsageMap, savings, savingsPolicy, type Within } from "@calybris/savings";
import { Command, InvalidArgumentError } from "commander";
import { catalogReference, schemaPath } from "../init/init.ts";
import { jsonText } from "../terminal/json-text.ts";
import { startProgress } from "../terminal/progress.ts";
import { savingsHtml } from "./html.ts";
import { savingsText } from "./text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { writeOutput } from "../terminal/write-output.ts";

interface SavingsCommandOptions {
  readonly catalog: string;
  readonly map?: string;
  readonly model?: string;
  readonly tag?: string;
  readonly delimiter?: string;
  readonly exclude?: readonly string[];
  readonly within?: readonly string[];
  readonly floor?: number;
  readonly writePolicy?: string;
  readonly html?: string;
  readonly json?: true;
  readonly quiet?: true;
}

/** Current models, and older ones that still appear on bills. */
const CATALOG = "llm-with-legacy";

export function savingsCommand(terminal: Terminal): Command {
  return new Command("savings")
    .description("report the cost of a usage export, and its cost at each quality floor")
    .argument("<file>", "an export of OpenAI, Anthropic or LiteLLM, or any CSV, TSV or JSON Lines; - is standard input")
    .option("--map <file>", "map of the columns, for a file that is not recognised")
    .option("--model <name>", "model of every row, for a file without a model column")
    .option("--tag <column>", "sum by this column")
    .option("--delimiter <character>", "character between cells (default: found from the header)", parseDelimiter)
    .option("--catalog <name>", "a built-in catalog, or the path of a catalog file", CATALOG)
    .option("--exclude <names...>", "candidates that are never chosen")
    .option("--within <providers...>", `providers that a request may move to, besides its own; or ${OWN_PROVIDER}`)
    .option("--floor <bps>", "quality floor to report on, in ten-thousandths", parseFloor)
    .option("--write-policy <file>", "write the policy that makes the reported decisions")
    .option("--html <file>", "write the report as a page with plots; it needs no network")
    .option("--json", "print the report as JSON: docs/savings.md describes it")
    .option("--quiet", "no progress bar")
    .addHelpText("after", HELP)
    .action((file: string, options: SavingsCommandOptions) => report(file, options, terminal));
}

const OWN_PROVIDER = "requestedProvider";

const HELP = `
Nothing leaves this machine. Answers are not judged: quality is the catalog's rating of each model.
Without --floor, the report is about the cheapest floor at which no request gets a model rated lower than it asked for.
Exit code: 0 reported, even if some rows could not be used; 2 an argument or file is invalid.`;

const PROGRESS = "{bar} {percentage}% | {eta_formatted} left";

async function report(file: string, options: SavingsCommandOptions, terminal: Terminal): Promise<void> {
  const catalog = await loadCatalog(options.catalog);
  const map =
    options.map === undefined
      ? undefined
      : parseUsageMap((await readJsonFile(options.map)).value, options.map, options.model);
  const isQuiet = options.quiet === true || options.json === true;
  const progress = startProgress(isQuiet ? undefined : sizeOf(file), PROGRESS);
  const { model, tag, delimiter, floor: floorBps, exclude = [] } = options;
  requireListed("candidate", exclude, catalog);
  const limits = { exclude, within: withinOf(options.within, catalog) };
  try {
    const chunks = streamFile(file, progress.update);
    const named = file === STANDARD_INPUT ? "standard input" : file;
    const result = await savings(chunks, { file: named, catalog, map, model, tag, delimiter, floorBps, ...limits });
    progress.stop();
    if (options.writePolicy !== undefined) {
      const out = options.writePolicy;
      const written = {
        catalog: catalogReference({ catalog: options.catalog, out }),
        schema: schemaPath("policy", out),
        limits,
      };
      writeOutput(out, savingsPolicy(result, catalog, written));
    }
    if (options.html !== undefined) writeOutput(options.html, savingsHtml(result));
    terminal.print(options.json ? jsonText(result) : savingsText(result, options));
  } finally {
    progress.stop();
  }
}

function withinOf(words: readonly string[] | undefined, catalog: CatalogFile): Within {
  if (words === undefined) return "any";
  if (words.length === 1 && words[0] === OWN_PROVIDER) return OWN_PROVIDER;
  requireListed("provider", words, catalog);
  return words;
}

function requireListed(kind: "candidate" | "provider", names: readonly string[], catalog: CatalogFile): void {
  const known = kind === "provider" ? catalog.providers : catalog.candidates.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const problem = `holds no ${kind} ${showValue(name)}. ${nameRemedy(name, known)}`;
    throw new CalybrisError("CAL_INPUT_MALFORMED", { file: `the catalog ${catalog.name}`, problem });
  }
}

/** `undefined` if there is no size or no file; reading it reports the error. */
function sizeOf(file: string): number | undefined {
  if (file === STANDARD_INPUT) return undefined;
  try {
    const stats = statSync(file);
    return stats.isFile() ? stats.size : undefined;
  } catch {
    return undefined;
  }
}

function parseFloor(text: string): number {
  const floor = Number(text);
  if (/^[0-9]{1,5}$/.test(text) && floor <= 10_000) return floor;
  throw new InvalidArgumentError("Write a whole number from 0 to 10000.");
}

function parseDelimiter(text: string): string {
  if (text === "\\t" || text === "tab") return "\t";
  if (text.length === 1 && text !== '"' && text !== "\n" && text !== "\r") return text;
  throw new InvalidArgumentError("Write one character, or \\t.");
}
