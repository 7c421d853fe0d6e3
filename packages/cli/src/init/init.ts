/**
 * `calybris init`: writes a commented policy to start from, optionally with a service configuration, or a budgets file.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { BUILT_IN_CATALOGS, type CatalogFile, loadCatalog } from "@calybris/engine";
import { Command } from "commander";
import { learningSectionText } from "./learning.ts";
import { budgetsText } from "../ledger/budgets.ts";
import { dollars } from "../terminal/money-text.ts";
import { CONFIG_FILE } from "../service/config-file.ts";
import { serveConfigText } from "../service/config-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { CliError } from "../cli-errors.ts";

interface InitOptions {
  readonly catalog: string;
  readonly budgets?: true;
  readonly out?: string;
  readonly config?: string | true;
  readonly force?: boolean;
}

const POLICY_FILE = "calybris.policy.jsonc";
const BUDGETS_FILE = "calybris.budgets.jsonc";

export function initCommand(terminal: Terminal): Command {
  return new Command("init")
    .description("write a commented policy, budgets file or configuration to start from")
    .option("--catalog <name>", `one of ${BUILT_IN_CATALOGS.join(", ")}, or the path of a catalog file`, "llm")
    .option("--budgets", "write budgets instead of a policy")
    .option("--out <file>", `output file (default: ${POLICY_FILE} or ${BUDGETS_FILE})`)
    .option("--config [file]", `also write a commented service configuration (default file: ${CONFIG_FILE})`)
    .option("--force", "overwrite an existing file")
    .action((options: InitOptions) => init(options, terminal));
}

async function init(options: InitOptions, terminal: Terminal): Promise<void> {
  const isForced = options.force === true;
  if (options.budgets) {
    const out = options.out ?? BUDGETS_FILE;
    await write(out, budgetsText(schemaPath("budgets", out)), isForced);
    terminal.print(`wrote ${out}; next: calybris ledger apply ${out} --journal DIRECTORY`);
    return;
  }
  const { catalog, out = POLICY_FILE } = options;
  await write(out, startingPolicyText(await loadCatalog(catalog), { catalog, out }), isForced);
  terminal.print(`wrote ${out}; next: calybris policy check ${out}`);
  if (options.config === undefined) return;
  const config = options.config === true ? CONFIG_FILE : options.config;
  await write(config, serveConfigText({ policy: out }), isForced);
  terminal.print(`wrote ${config}; next: calybris serve --config ${config}`);
}

async function write(out: string, text: string, isForced: boolean): Promise<void> {
  try {
    await writeFile(out, text, { flag: isForced ? "w" : "wx" });
  } catch (cause) {
    const exists = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    const problem = exists ? "it exists; --force overwrites it" : String(cause);
    throw new CliError("CAL_OUTPUT_UNWRITABLE", { file: out, problem }, { cause });
  }
}

interface Written {
  /** As given on the command line. */
  readonly catalog: string;
  readonly out: string;
}

/** The catalog reference in a policy: a built-in name, an absolute path, or a path relative to the policy file. */
export function catalogReference({ catalog, out }: Written): string {
  if (BUILT_IN_CATALOGS.includes(catalog) || isAbsolute(catalog)) return catalog;
  const path = relative(dirname(resolve(out)), resolve(catalog)).replaceAll("\\", "/");
  return path.startsWith(".") ? path : `./${path}`;
}

/** The path of the schema relative to the file, for editors. */
export function schemaPath(name: "policy" | "budgets", out: string): string {
  const schema = fileURLToPath(new URL(`../../schemas/${name}.schema.json`, import.meta.url));
  return relative(dirname(resolve(out)), schema).replaceAll("\\", "/");
}

const UNITS = 1_000n;

/**
 * Twice the cost of the most expensive candidate for 1,000 units in and out, rounded to one digit: every candidate is worth
 * it.
 */
function startingDollars({ candidates }: CatalogFile): string {
  const highest = candidates.reduce((max, { inputPriceMicrocents, outputPriceMicrocents }) => {
    const costMicrocents = (UNITS * (inputPriceMicrocents + outputPriceMicrocents)) / 1_000_000n;
    return costMicrocents > max ? costMicrocents : max;
  }, 1n);
  const digits = String(2n * highest);
  return dollars((BigInt(digits.charAt(0)) + 1n) * 10n ** BigInt(digits.length - 1));
}

/** The policy to start from; its paths are relative to the output file. */
export function startingPolicyText(catalog: CatalogFile, written: Written): string {
  const value = startingDollars(catalog);
  return `{
  "$schema": ${JSON.stringify(schemaPath("policy", written.out))}, // for editors: checks as you type
  // What Calybris decides by. Comments and trailing commas are fine here.
  "name": "first-policy",
  "epoch": 1, // raise it with every change
  "catalog": ${JSON.stringify(catalogReference(written))}, // a built-in catalog, or a path like "./catalog.json"

  // Shares are in basis points: 10000 is the whole.
  "riskHardLimitBps": 9600, // at this risk nothing runs; may be lower, never higher
  "confidenceMinBps": 5500, // below this confidence nothing runs; may be higher, never lower
  "riskPenaltyMultiplierBps": 3500, // how much of the value at risk is taken off

  // Money is one of ...Microcents (whole), ...Cents or ...Dollars (decimals in quotes).
  "latencyPenaltyMicrocentsPerMs": 2,

  // What runs never has a higher estimated cost than what a request asks for. With "none", a better candidate may run at a
  // higher cost where the value of the request pays for it.
  "spendLimit": "requested",
  // Who may take the place of the requested candidate: these providers, and always its own. Take out those that may not see
  // your requests; "requestedProvider" keeps every request where it was sent, "any" admits every provider.
  "substituteWithin": ${JSON.stringify(catalog.providers)},

  // "disabled": [${JSON.stringify(catalog.candidates[0]?.name)}], // candidates that are never chosen

${learningSectionText()}

  // What a request gets where the client says nothing. "default" has to be here. The value is what a good answer is
  // worth to you: nothing runs that costs more. This one is twice what the most expensive candidate takes for 1000 in and out.
  "useCases": {
    "default": { "valueDollars": "${value}", "riskBps": 1000, "confidenceBps": 9000, "qualityMinBps": 5000, "outputTokens": 1000 },
    "careful": { "valueDollars": "${value}", "riskBps": 2000, "confidenceBps": 8500, "qualityMinBps": 7500, "outputTokens": 800 },
  },
}
`;
}
