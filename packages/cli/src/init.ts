/**
 * `calybris init`: a commented policy to start from.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { BUILT_IN_CATALOGS, loadCatalog } from "@calybris/engine";
import { CalybrisError } from "@calybris/kernel";
import { Command } from "commander";
import type { Terminal } from "./terminal.ts";

interface InitOptions {
  readonly catalog: string;
  readonly out: string;
  readonly force?: boolean;
}

export function initCommand(terminal: Terminal): Command {
  return new Command("init")
    .description("write a commented policy to start from")
    .option("--catalog <name>", `one of ${BUILT_IN_CATALOGS.join(", ")}, or the path of a catalog file`, "llm")
    .option("--out <file>", "where to", "calybris.policy.jsonc")
    .option("--force", "overwrite the file when it exists")
    .action((options: InitOptions) => init(options, terminal));
}

async function init(options: InitOptions, terminal: Terminal): Promise<void> {
  await loadCatalog(options.catalog);
  try {
    await writeFile(options.out, policyText(options.catalog), { flag: options.force === true ? "w" : "wx" });
  } catch (cause) {
    const exists = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    const problem = exists ? "it exists; --force overwrites it" : String(cause);
    throw new CalybrisError("CAL_OUTPUT_UNWRITABLE", { file: options.out, problem }, { cause });
  }
  terminal.print(`wrote ${options.out}; next: calybris policy check ${options.out}`);
}

function policyText(catalog: string): string {
  return `{
  // What Calybris decides by. Comments and trailing commas are fine here.
  "name": "first-policy",
  "epoch": 1, // raise it with every change
  "catalog": ${JSON.stringify(catalog)}, // a built-in catalog, or a path like "./catalog.json"

  // Shares are in basis points: 10000 is the whole.
  "riskHardLimitBps": 9600, // at this risk nothing runs; may be lower, never higher
  "confidenceMinBps": 5500, // below this confidence nothing runs; may be higher, never lower
  "riskPenaltyMultiplierBps": 3500, // how much of the value at risk is taken off

  // Money is one of ...Microcents (whole), ...Cents or ...Dollars (decimals in quotes).
  "latencyPenaltyMicrocentsPerMs": 2,
  // "disabled": ["the name of a candidate"],

  // What a request gets where the client says nothing. "default" has to be here.
  "useCases": {
    "default": { "valueDollars": "0.10", "riskBps": 1000, "confidenceBps": 9000, "qualityMinBps": 5000, "outputTokens": 1000 },
    "support": { "valueDollars": "0.50", "riskBps": 2000, "confidenceBps": 8500, "qualityMinBps": 7500, "outputTokens": 800 },
  },
}
`;
}
