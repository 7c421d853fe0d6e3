import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadPolicy } from "@calybris/engine";
import { describe, expect, test } from "vitest";
import { type PluggedIn, plugIn } from "../../../../examples/vocabulary/plug-in.ts";
import { translate } from "../../../../examples/vocabulary/vocabulary.ts";
import { calybris } from "../support/captured-terminal.ts";
import { Sandbox } from "../support/sample-files.ts";

// Goal: a product that nobody here knows is served by the same command, by data alone.

const PACKS = readdirSync(fileURLToPath(new URL("../../../../examples/vocabulary/", import.meta.url)))
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.slice(0, -".json".length));

type Json = Record<string, unknown>;

async function jsonOf(...words: string[]): Promise<Json> {
  const { exit, out, complaints } = await calybris(...words, "--json");
  expect({ words, exit, complaints }).toEqual({ words, exit: 0, complaints: "" });
  return JSON.parse(out) as Json;
}

function linesOf(file: string): readonly Json[] {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Json);
}

/** Every file that runs, with its words in lower case. */
function wordsOfCode(folder: string): ReadonlySet<string> {
  const root = fileURLToPath(new URL(`../../../${folder}/src/`, import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const code = files.map((file) => readFileSync(`${root}${file}`, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, ""));
  const words = code.join("\n").replaceAll(/([a-z])([A-Z])/g, "$1 $2");
  return new Set(words.toLowerCase().match(/[a-z]+/g));
}

describe.each(PACKS)("%s", (name) => {
  const files = new Sandbox();
  const journal = files.at("journal");
  let plugged: PluggedIn;

  test("decides, learns and verifies through the same command", async () => {
    plugged = await plugIn(name, files.at("plugged"));
    const { policy, budgets, requests, outcomes } = plugged;
    await jsonOf("policy", "check", policy);
    await jsonOf("ledger", "apply", budgets, "--policy", policy, "--journal", journal, "--by", "ada");
    const asked = linesOf(requests);
    const words = ["--policy", policy, "--requests", requests, "--journal", journal];
    const replayed = await jsonOf("replay", ...words);
    expect(replayed).toMatchObject({ decisions: asked.length });
    expect(replayed["actions"]).not.toHaveProperty("reject");
    const reported = await jsonOf("outcomes", "--journal", journal, outcomes);
    expect(reported).toMatchObject({ recorded: linesOf(outcomes).length, refused: 0 });
    expect(reported["learned"]).toBeGreaterThan(linesOf(outcomes).length / 2);
    expect(await jsonOf("replay", ...words)).toMatchObject({ repeated: asked.length });
    expect(await jsonOf("outcomes", "--journal", journal, outcomes)).toMatchObject({
      recorded: 0,
      repeated: reported["recorded"],
    });
    expect(await jsonOf("verify", journal)).toMatchObject({ status: "intact", decisions: asked.length });
    const one = files.write("one.json", JSON.stringify(asked[1]));
    expect(await jsonOf("decide", "--policy", policy, "--request", one)).toMatchObject({
      useCase: asked[1]?.["useCase"],
    });
  });

  test("show speaks of its candidates, tiers and features by their names", async () => {
    const { out } = await calybris("tail", "--journal", journal, "-n", "1", "--kind", "decision", "--json");
    const { sequence } = JSON.parse(out) as { sequence: number };
    const shown = (await calybris("show", "--journal", journal, String(sequence))).out;
    const snapshot = await loadPolicy(plugged.policy);
    for (const feature of snapshot.learning?.features ?? []) expect(shown).toContain(feature);
    expect(snapshot.tiers.some((tier) => shown.includes(`${tier} -> `))).toBe(true);
    expect(snapshot.candidateNames.some((candidate) => shown.includes(candidate))).toBe(true);
  });

  test("what it calls candidates, tiers and outcomes is nowhere in the code of kernel or engine", () => {
    const { candidate, tier, outcome } = plugged.pack.words;
    const theirs = [candidate, outcome, tier];
    for (const folder of ["kernel", "engine"]) {
      const words = wordsOfCode(folder);
      expect(
        theirs.filter((word) => words.has(word)),
        folder,
      ).toEqual([]);
    }
  });
});

test("there are two packs", () => {
  expect(PACKS).toEqual(["connections", "parcels"]);
});

test("a translation renames fields and values, takes lists, and leaves out what is not said", () => {
  const pack = {
    requestId: "theirs",
    fixed: { const: 7 },
    signals: { from: "notes", names: { late: "slow" } },
    useCase: { from: "kind", names: { a: "b" }, otherwise: "default" },
    features: { load: "weight", size: "length" },
  };
  expect(translate(pack, { theirs: "1", notes: ["late", "unheard of"], kind: "a", weight: 3 })).toEqual({
    requestId: "1",
    fixed: 7,
    signals: ["slow"],
    useCase: "b",
    features: { load: 3 },
  });
  expect(translate(pack, { notes: "late", kind: "z" })).toEqual({
    fixed: 7,
    signals: ["slow"],
    useCase: "default",
    features: {},
  });
});
