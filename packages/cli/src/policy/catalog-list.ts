/**
 * `calybris catalog`: `list` shows the candidates of a catalog, `check` compares it with the price data, `diff` two sources.
 * @module
 */
import { BUILT_IN_CATALOGS, loadCatalog } from "@calybris/engine";
import { Command } from "commander";
import { catalogCheckCommand, catalogDiffCommand } from "./catalog-prices.ts";
import { jsonText } from "../terminal/json-text.ts";
import { dollars } from "../terminal/money-text.ts";
import { tableText } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";

export function catalogCommand(terminal: Terminal): Command {
  const list = new Command("list")
    .description("list the candidates of a catalog")
    .argument("[catalog]", `catalog file, or one of ${BUILT_IN_CATALOGS.join(", ")}`, "llm")
    .option("--json", "print JSON")
    .action((named: string, options: { readonly json?: true }) => listCatalog(named, options, terminal));
  return new Command("catalog")
    .description("list, check and compare catalogs")
    .addCommand(list)
    .addCommand(catalogCheckCommand(terminal))
    .addCommand(catalogDiffCommand(terminal));
}

async function listCatalog(named: string, options: { readonly json?: true }, terminal: Terminal): Promise<void> {
  const catalog = await loadCatalog(named);
  if (options.json) return terminal.print(jsonText(catalog));
  terminal.print(`${catalog.name}, epoch ${catalog.epoch}: ${catalog.title}`);
  const columns = [
    "<candidate",
    "<provider",
    "<tier",
    ">id",
    ">quality bps",
    ">p95 ms",
    ">in $/million",
    ">out $/million",
  ];
  const rows = catalog.candidates.map((candidate) => [
    candidate.name,
    catalog.providers[candidate.providerId] ?? "",
    catalog.tiers[candidate.tier] ?? "",
    String(candidate.id),
    String(candidate.qualityBps),
    String(candidate.latencyP95Ms),
    dollars(candidate.inputPriceMicrocents),
    dollars(candidate.outputPriceMicrocents),
  ]);
  terminal.print(tableText(columns, rows));
}
