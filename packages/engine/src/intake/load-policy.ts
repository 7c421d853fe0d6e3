/**
 * Loads a policy from disk with its catalog: built in (a name), a separate file (a path), or inline.
 * @module
 */
import { readdirSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CalybrisError, type PolicySnapshot } from "@calybris/kernel";
import { type Budgets, parseBudgets } from "./budgets-file.ts";
import { type CatalogFile, parseCatalogFile } from "./catalog-file.ts";
import { membersOf } from "./members.ts";
import { Mistakes, showValue } from "./mistakes.ts";
import { nameRemedy } from "./nearest.ts";
import { parsePolicyFile } from "./policy-file.ts";
import { readFileBytes } from "./read-file.ts";
import { type JsonDocument, readJson } from "./read-json.ts";

/** The built-in catalogs: the data files of their package. */
export const BUILT_IN_CATALOGS: readonly string[] = Object.freeze(
  readdirSync(dirname(builtInCatalogPath("package")))
    .filter((name) => name.endsWith(".json") && name !== "package.json")
    .map((name) => name.slice(0, -".json".length))
    .sort(),
);

/**
 * @throws {@link CalybrisError} `CAL_POLICY_INVALID` with every mistake, or `CAL_INPUT_UNREADABLE` or
 *   `CAL_INPUT_MALFORMED` for a file that is not JSON.
 */
export async function loadPolicy(file: string): Promise<PolicySnapshot> {
  const policy = await readJsonFile(file);
  const named = membersOf(policy.value)["catalog"];
  if (typeof named !== "string") return parsePolicyFile(policy.value, undefined, { file, policy: policy.lineOf });
  const catalogFile = catalogPath(named, file, policy);
  const catalog = await readJsonFile(catalogFile);
  return parsePolicyFile(policy.value, catalog.value, {
    file,
    policy: policy.lineOf,
    catalog: { file: catalogFile, lineOf: catalog.lineOf },
  });
}

/** Loads a catalog by its built-in name or by its path. */
export async function loadCatalog(named: string): Promise<CatalogFile> {
  const file = BUILT_IN_CATALOGS.includes(named) ? builtInCatalogPath(named) : named;
  const { value, lineOf } = await readJsonFile(file);
  return parseCatalogFile(value, lineOf, file);
}

/** Loads a budgets file. */
export async function loadBudgets(file: string): Promise<Budgets> {
  const { value, lineOf } = await readJsonFile(file);
  return parseBudgets(value, lineOf, file);
}

export function builtInCatalogPath(name: string): string {
  return fileURLToPath(import.meta.resolve(`@calybris/catalogs/${name}.json`));
}

export async function readJsonFile(file: string): Promise<JsonDocument> {
  return readJson(await readFileBytes(file), file);
}

function catalogPath(named: string, policyFile: string, policy: JsonDocument): string {
  if (BUILT_IN_CATALOGS.includes(named)) return builtInCatalogPath(named);
  if (/[./\\]/.test(named)) return isAbsolute(named) ? named : join(dirname(policyFile), named);
  const remedy = `${nameRemedy(named, BUILT_IN_CATALOGS)} A path has to begin with \`./\`.`;
  const mistakes = new Mistakes(policy.lineOf);
  mistakes.add(["catalog"], `is ${showValue(named)}, which is not built in`, remedy);
  throw new CalybrisError("CAL_POLICY_INVALID", { mistakes: mistakes.list, file: policyFile });
}
