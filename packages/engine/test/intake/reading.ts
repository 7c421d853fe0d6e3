/**
 * Each kind of document read from its text as the program reads it.
 * @module
 */
import { CalybrisError, type PolicySnapshot } from "@calybris/kernel";
import {
  type ClientRequest,
  parseBudgets,
  parseCatalogFile,
  parsePolicyCases,
  parsePolicyFile,
  readJson,
  resolveRequest,
} from "../../src/intake/intake.ts";
import { DOCUMENTS, type Kind } from "./documents.ts";
import { snapshotIndex } from "../../src/intake/snapshot-index.ts";

/** The policy that requests are read against. */
export const snapshot: PolicySnapshot = parsePolicyFile(DOCUMENTS.policy);

/** Reads a text as the program does. */
export const READ: Readonly<Record<Kind, (text: string | Uint8Array) => unknown>> = {
  catalog: (text) => {
    const { value, lineOf } = readJson(text, "f.jsonc");
    return parseCatalogFile(value, lineOf, "f.jsonc");
  },
  policy: (text) => {
    const { value, lineOf } = readJson(text, "f.jsonc");
    return parsePolicyFile(value, undefined, { file: "f.jsonc", policy: lineOf });
  },
  request: (text) =>
    resolveRequest(snapshotIndex(snapshot), readJson(text, "f.jsonc").value as unknown as ClientRequest, 1n),
  budgets: (text) => {
    const { value, lineOf } = readJson(text, "f.jsonc");
    return parseBudgets(value, lineOf, "f.jsonc");
  },
  cases: (text) => {
    const { value, lineOf } = readJson(text, "f.jsonc");
    return parsePolicyCases(value, lineOf, "f.jsonc");
  },
};

/** The code of each kind's mistakes. */
export const INVALID: Readonly<Record<Kind, string>> = {
  catalog: "CAL_CATALOG_INVALID",
  policy: "CAL_POLICY_INVALID",
  request: "CAL_REQUEST_INVALID",
  budgets: "CAL_BUDGETS_INVALID",
  cases: "CAL_CASES_INVALID",
};

export const KINDS: readonly Kind[] = Object.keys(READ) as Kind[];

/** Why a text is refused; `undefined` when it is taken. Whatever is no coded error is thrown on. */
export function refusal(kind: Kind, text: string | Uint8Array): CalybrisError | undefined {
  try {
    READ[kind](text);
    return undefined;
  } catch (error) {
    if (error instanceof CalybrisError) return error;
    throw error;
  }
}
