/**
 * `calybris catalog check` and `calybris catalog diff`: report names that are not exact IDs, outdated prices, and
 * differences between two price sources.
 * @module
 */
import { BUILT_IN_CATALOGS, loadCatalog } from "@calybris/engine";
import {
  type CatalogFinding,
  checkPrices,
  type ListedPrice,
  priceList,
  priceProviderOf,
  shippedPrices,
} from "@calybris/gateway";
import { Command } from "commander";
import { jsonText } from "../terminal/json-text.ts";
import { dollars } from "../terminal/money-text.ts";
import { tableText } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";

/** The name of the built-in price data as a source. */
const PRICE_DATA = "genai-prices";

interface Options {
  readonly json?: true;
}

export function catalogCheckCommand(terminal: Terminal): Command {
  return new Command("check")
    .description("list candidates without an exact model ID and outdated prices; exit code 1 if any")
    .argument("[catalog]", `catalog file, or one of ${BUILT_IN_CATALOGS.join(", ")}`, "llm")
    .option("--json", "print JSON")
    .action(async (named: string, { json }: Options) => {
      const findings = checkPrices(await listed(named), await shippedPrices(), Date.now());
      const wrong = findings.filter(({ finding }) => finding !== "same");
      if (wrong.length > 0) terminal.exitCode = 1;
      if (json === true) return terminal.print(jsonText(findings));
      const rest = `${findings.length - wrong.length} of ${findings.length} candidates have an exact id and today's prices`;
      terminal.print(wrong.length === 0 ? rest : `${findingsText(wrong)}\n${rest}`);
    });
}

export function catalogDiffCommand(terminal: Terminal): Command {
  const source = `catalog file, one of ${BUILT_IN_CATALOGS.join(", ")}, or ${PRICE_DATA}`;
  return new Command("diff")
    .description("compare the prices of two sources; exit code 1 if they differ")
    .argument("<from>", source)
    .argument("<to>", source)
    .option("--json", "print JSON")
    .action(async (from: string, to: string, { json }: Options) => {
      const differences = differencesOf(await listed(from), await listed(to));
      if (differences.length > 0) terminal.exitCode = 1;
      if (json === true) return terminal.print(jsonText(differences));
      terminal.print(differences.length === 0 ? "no differences" : differencesText(differences));
    });
}

async function listed(named: string): Promise<readonly ListedPrice[]> {
  if (named === PRICE_DATA) return priceList(await shippedPrices(), Date.now());
  const { candidates, providers } = await loadCatalog(named);
  return candidates.map(({ name, providerId, inputPriceMicrocents, outputPriceMicrocents }) => ({
    name,
    provider: providers[providerId] ?? "",
    inputPriceMicrocents,
    outputPriceMicrocents,
  }));
}

function findingsText(findings: readonly CatalogFinding[]): string {
  const columns = ["<candidate", "<provider", "<finding", ">in $/million", ">out $/million"];
  const rows = findings.map((found) => [
    printable(found.name),
    printable(found.provider),
    wordsOf(found),
    priceChange(found.inputPriceMicrocents, found.finding === "stale" ? found.inputNowMicrocents : undefined),
    priceChange(found.outputPriceMicrocents, found.finding === "stale" ? found.outputNowMicrocents : undefined),
  ]);
  return tableText(columns, rows);
}

function wordsOf(found: CatalogFinding): string {
  if (found.finding === "inexact") return printable(`no exact id; the nearest is ${found.nearest}`);
  if (found.finding === "unknown") return "no model of the provider";
  return found.finding === "no source" ? "no prices of this provider" : "stale price";
}

function priceChange(before: bigint, now: bigint | undefined): string {
  return now === undefined || now === before ? dollars(before) : `${dollars(before)} -> ${dollars(now)}`;
}

interface Difference {
  readonly name: string;
  readonly provider: string;
  /** `undefined` if the source lacks it. */
  readonly from: ListedPrice | undefined;
  readonly to: ListedPrice | undefined;
}

/** Matches by provider and name. Providers are identified by their ID in the price data. */
function differencesOf(from: readonly ListedPrice[], to: readonly ListedPrice[]): readonly Difference[] {
  const keyOf = ({ provider, name }: ListedPrice): string => `${priceProviderOf(provider) ?? provider} ${name}`;
  const [before, after] = [from, to].map((list) => new Map(list.map((one) => [keyOf(one), one])));
  const keys = [...new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])].sort();
  return keys.flatMap((key) => {
    const [one, other] = [before?.get(key), after?.get(key)];
    const known = one ?? other;
    if (known === undefined || isSame(one, other)) return [];
    return [{ name: known.name, provider: known.provider, from: one, to: other }];
  });
}

function isSame(one: ListedPrice | undefined, other: ListedPrice | undefined): boolean {
  return (
    one?.inputPriceMicrocents === other?.inputPriceMicrocents &&
    one?.outputPriceMicrocents === other?.outputPriceMicrocents
  );
}

function differencesText(differences: readonly Difference[]): string {
  const columns = ["<model", "<provider", ">in from", ">in to", ">out from", ">out to"];
  const price = (microcents: bigint | undefined): string => (microcents === undefined ? "-" : dollars(microcents));
  const rows = differences.map(({ name, provider, from, to }) => [
    printable(name),
    printable(provider),
    price(from?.inputPriceMicrocents),
    price(to?.inputPriceMicrocents),
    price(from?.outputPriceMicrocents),
    price(to?.outputPriceMicrocents),
  ]);
  return tableText(columns, rows);
}
