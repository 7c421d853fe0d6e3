/**
 * Writes a policy, budgets, requests and outcomes in our words from a pack and the records of its product:
 *
 *     node examples/vocabulary/plug-in.ts connections FOLDER
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { linesOf, readJsonLine } from "@calybris/engine/internal";
import { type Pack, type Row, readPack, translate } from "./vocabulary.ts";

export interface PluggedIn {
  readonly pack: Pack;
  readonly policy: string;
  readonly budgets: string;
  readonly requests: string;
  readonly outcomes: string;
}

/** Files in `folder`; what nobody knows the end of yet, having neither an outcome nor a sign of one, is in no outcome. */
export async function plugIn(name: string, folder: string): Promise<PluggedIn> {
  const file = (ending: string): string => join(import.meta.dirname, `${name}${ending}`);
  const pack = await readPack(file(".json"));
  const records: Row[] = [];
  for await (const { line, text } of linesOf(file(".jsonl")))
    records.push(readJsonLine(text, file(".jsonl"), line) as unknown as Row);
  const outcomes = records
    .map((record) => translate(pack.outcome, record))
    .filter(({ succeeded, signals }) => succeeded !== undefined || signals !== undefined);
  mkdirSync(folder, { recursive: true });
  const write = (base: string, text: string): string => {
    const path = join(folder, base);
    writeFileSync(path, text);
    return path;
  };
  return {
    pack,
    policy: write("policy.json", `${JSON.stringify(pack.policy, undefined, 2)}\n`),
    budgets: write("budgets.json", `${JSON.stringify(pack.budgets, undefined, 2)}\n`),
    requests: write("requests.jsonl", linesFor(records.map((record) => translate(pack.request, record)))),
    outcomes: write("outcomes.jsonl", linesFor(outcomes)),
  };
}

function linesFor(rows: readonly Row[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

if (import.meta.main) {
  const [name = "connections", folder = `${name}-example`] = process.argv.slice(2);
  const { pack, policy, budgets, requests, outcomes } = await plugIn(name, folder);
  console.log(`${pack.product}\n${[policy, budgets, requests, outcomes].join("\n")}`);
}
