import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Engine, loadPolicy, parseBudgets } from "@calybris/engine";
import { beforeAll, describe, expect, test } from "vitest";
import { DUCKDB_PACKAGE, loadDuckDb } from "../../src/query/duckdb.ts";
import { calybris, type Ended } from "../support/captured-terminal.ts";
import { CATALOG, POLICY, Sandbox } from "../support/sample-files.ts";

const files = new Sandbox();
const journal = files.at("journal");
const isInstalled = await loadDuckDb().then(
  () => true,
  () => false,
);
const ask = (sql: string, ...words: readonly string[]): Promise<Ended> =>
  calybris("query", sql, "--journal", journal, ...words);

interface Row {
  readonly [column: string]: string | number | boolean | null;
}

async function rowsOf(sql: string): Promise<readonly Row[]> {
  const { out, exit, complaints } = await ask(sql, "--json");
  expect({ exit, complaints }).toEqual({ exit: 0, complaints: "" });
  return out === "" ? [] : out.split("\n").map((line) => JSON.parse(line) as Row);
}

test("where DuckDB is not installed, one sentence says how to install it", async () => {
  await expect(loadDuckDb("@calybris/not-installed")).rejects.toThrow(
    /needs DuckDB, which is not installed\. .*npm install @duckdb\/node-api@\d/,
  );
  const { peerDependencies, peerDependenciesMeta } = JSON.parse(
    readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"),
  ) as Record<string, Record<string, unknown>>;
  expect(peerDependencies?.[DUCKDB_PACKAGE]).toMatch(/^\d/);
  expect(peerDependenciesMeta?.[DUCKDB_PACKAGE]).toEqual({ optional: true });
});

// DuckDB is 68 MB, so only the torture of installed packages installs it; where a developer has it, these run too.
describe.skipIf(!isInstalled)("with DuckDB", () => {
  const decisionIds: string[] = [];

  beforeAll(async () => {
    const policy = await loadPolicy(files.write("policy.json", JSON.stringify(POLICY)));
    const engine = await Engine.open({ directory: journal, policy, segmentBytesMax: 4_096 });
    await engine.ledger.apply(parseBudgets({ tenants: { acme: { exposureCapDollars: "5" } } }));
    await engine.ledger.grant({ tenant: "acme", amountMicrocents: 123_456_789n, id: "g1" });
    for (let number = 1; number <= 30; number += 1) {
      const requestId = `it's "${number}"`;
      const decided = await engine.decide({ requested: "grand", inputTokens: 100 * number, tenant: "acme", requestId });
      decisionIds.push(decided.decisionId);
    }
    await engine.setPolicy({ ...policy, name: "second" });
    await engine.ledger.settle({ decisionId: decisionIds[0] ?? "", actualMicrocents: 1_234n });
    await engine.ledger.hold({ decisionId: decisionIds[1] ?? "", cause: "timeout" });
    await engine.learning.observe({ decisionId: decisionIds[2] ?? "", succeeded: true, costMicrocents: 77n });
    await engine.decide({ inputTokens: 5 });
    await engine.close();
    await calybris("journal", "archive", "--journal", journal, "--to", files.at("archive"));
  });

  test("every row of `decisions` is what `show` says of the decision, archived segments included", async () => {
    expect(readdirSync(files.at("archive")).filter((name) => name.endsWith(".jsonl.zst")).length).toBeGreaterThan(1);
    const rows = await rowsOf("SELECT * FROM decisions");
    expect(rows.map((row) => row["decision_id"]).slice(0, 30)).toEqual(decisionIds);
    expect(rows).toHaveLength(31);
    expect(rows.map((row) => row["policy_id"])).toEqual([...Array<string>(30).fill("1"), "2"]);
    for (const row of [rows[0], rows[17], rows[30]] as readonly Row[]) {
      const { out } = await calybris("show", String(row["decision_id"]), "--journal", journal, "--json");
      const shown = JSON.parse(out) as {
        readonly decision: Row;
        readonly id?: string;
        readonly savedMicrocents?: string;
      };
      expect([row["request_id"], row["action"]]).toEqual([shown.id ?? null, shown.decision["action"]]);
      expect(microcents(row["saved_dollars"])).toBe(shown.savedMicrocents);
    }
    const names = new Set((CATALOG as { candidates: readonly { name: string }[] }).candidates.map(({ name }) => name));
    for (const row of rows) expect(names).toContain(row["chosen"]);
  });

  test("a decision that was observed ran what was requested, at its cost, and saved nothing", async () => {
    const observed = files.at("observed");
    const policy = await loadPolicy(files.write("policy.json", JSON.stringify(POLICY)));
    const engine = await Engine.open({ directory: observed, policy });
    const bounds = policy.policy.candidates.map(({ id }) => ({
      ...{ candidate: id, outputPriceMicrocents: 1_000_000n },
      input: [{ basis: "bytes" as const, microcents: 1_000n }],
    }));
    const asked = {
      inputTokens: 5_000,
      outputTokens: 50,
      promptDigest: "A".repeat(43),
      outputTokensMax: 50,
      policyId: 1,
      bounds,
    };
    await engine.decide({ requested: "grand", inputTokens: 5_000, outputTokens: 50 });
    await engine.calls.begin({ ...asked, requested: "grand", mode: "observe" });
    await engine.close();
    const sql = "SELECT action, requested, chosen, cost_dollars, requested_cost_dollars, saved_dollars FROM decisions";
    const { out } = await calybris("query", sql, "--journal", observed, "--json");
    const [carried, seen] = out.split("\n").map((line) => JSON.parse(line) as Row);
    expect(carried?.["action"]).toBe("substitute");
    expect(seen).toMatchObject({ action: "observe", requested: "grand", chosen: "grand", saved_dollars: "0.00000000" });
    expect(seen?.["cost_dollars"]).toBe(carried?.["requested_cost_dollars"]);
  });

  test("money is exact, and names tenant and decision", async () => {
    const rows = await rowsOf(
      "SELECT kind, tenant, decision_id, dollars, cause FROM money WHERE kind <> 'reservation'",
    );
    expect(rows).toEqual([
      { kind: "grant", tenant: "acme", decision_id: null, dollars: "1.23456789", cause: null },
      { kind: "settlement", tenant: "acme", decision_id: decisionIds[0], dollars: "0.00001234", cause: null },
      { kind: "hold", tenant: "acme", decision_id: decisionIds[1], dollars: null, cause: "timeout" },
    ]);
    const [sum] = await rowsOf(
      "SELECT sum(m.dollars) - sum(d.cost_dollars) AS difference, count(*) AS n FROM money AS m JOIN decisions AS d USING (decision_id) WHERE kind = 'reservation'",
    );
    expect([Number(sum?.["difference"]), sum?.["n"]]).toEqual([0, "30"]);
  });

  test("outcomes, entries and candidates are there, and a table for people is counted", async () => {
    expect(await rowsOf("SELECT decision_id, succeeded, cost_dollars FROM outcomes")).toEqual([
      { decision_id: decisionIds[2], succeeded: true, cost_dollars: "0.00000077" },
    ]);
    const [last] = await rowsOf("SELECT max(sequence) AS last, count(*) AS n FROM entries");
    expect(last?.["last"]).toBe(last?.["n"]);
    expect((await rowsOf("SELECT DISTINCT since FROM candidates")).length).toBe(2);
    expect((await ask("SELECT 'a' AS name, 12 AS n")).out).toMatch(
      /│ name │ {2}n │[\s\S]*│ a {4}│ 12 │[\s\S]*\n1 row$/,
    );
  });

  test("every query of the page and of the help is answered", async () => {
    const page = readFileSync(join(import.meta.dirname, "../../../../docs/query.md"), "utf8");
    const { out: help } = await calybris("query", "--help");
    const queries = [...`${page}\n${help}`.matchAll(/calybris query "([^"]+)"/g)].map(([, sql = ""]) => sql);
    expect(queries.length).toBeGreaterThan(9);
    for (const sql of queries) expect(await ask(sql), sql).toMatchObject({ exit: 0, complaints: "" });
    for (const name of ["decisions", "money", "outcomes", "candidates", "entries"])
      expect(page).toMatch(new RegExp(`^\\| \`${name}\` `, "m"));
  });

  test("anything but one SELECT is refused, and so is what DuckDB does not understand", async () => {
    const target = files.at("written.csv");
    for (const [sql, problem] of [
      [`COPY (SELECT 1) TO '${target}'`, "Write a SELECT"],
      ["DROP VIEW decisions", "Write a SELECT"],
      ["SELECT 1; SELECT 2", "there are 2"],
      ["SELECT nothing FROM decisions", "nothing"],
      ["SELEC", "syntax error"],
    ] as const) {
      const { exit, complaints } = await ask(sql);
      expect([exit, complaints]).toEqual([2, expect.stringContaining(problem)]);
    }
    expect(existsSync(target)).toBe(false);
    expect(await calybris("query", "SELECT 1", "--journal", files.at("none"))).toMatchObject({ exit: 2 });
  });
});

/** Dollars with 8 decimal places, as microcents. */
function microcents(dollars: unknown): string | undefined {
  return dollars === null ? undefined : String(BigInt(String(dollars).replace(".", "")));
}
