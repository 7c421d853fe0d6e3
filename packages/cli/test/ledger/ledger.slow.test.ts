import { cpSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Engine, loadPolicy, parseBudgets } from "@calybris/engine";
import { jsonSchemas, readJsonFile } from "@calybris/engine/internal";
import {
  entryData,
  entryDataTail,
  type ExactJson,
  parseEntryLine,
  parseExact,
  plainChain,
  toUtf8,
  writeExact,
} from "@calybris/kernel";
import { beforeAll, describe, expect, test } from "vitest";
import { schemaTakes } from "../../../engine/test/intake/documents.ts";
import { calybris, type Ended } from "../support/captured-terminal.ts";
import { POLICY, Sandbox } from "../support/sample-files.ts";

const files = new Sandbox();
const policy = files.write("policy.jsonc", JSON.stringify(POLICY));
const budgets = files.write(
  "budgets.jsonc",
  `{ "tenants": {
    "acme": { "exposureCapDollars": "2" },
    "acme/lab": { "parent": "acme", "period": { "every": "month", "timeZone": "Europe/Berlin", "allotmentDollars": "1.50" } },
    "default": { "unlimited": true }, // requests without a tenant
  } }`,
);
const journal = files.at("journal");
const SEGMENT = "segment-000001.jsonl";
let decisionId = "";

interface Answer extends Record<string, unknown> {
  readonly exit: number;
}

/** Runs `ledger` with `--json`, and reads what it printed or complained. */
async function ledger(...words: string[]): Promise<Answer> {
  const { exit, out, complaints } = await calybris("ledger", ...words, "--json");
  return { exit, ...(JSON.parse(out === "" ? complaints : out) as Record<string, unknown>) };
}

const grantTo = (tenant: string, dollars: string, ...more: string[]): Promise<Answer> =>
  ledger("grant", "--journal", journal, "--tenant", tenant, "--dollars", dollars, "--by", "ada", ...more);

async function decide(tenant: string): Promise<string> {
  const engine = await Engine.open({ directory: journal, policy: await loadPolicy(policy) });
  const { decisionId: id } = await engine.decide({ inputTokens: 10_000, tenant, reservationSeconds: 86_400 });
  await engine.close();
  return id;
}

beforeAll(async () => {
  const words = ["apply", budgets, "--policy", policy, "--journal", journal, "--by", "ada"];
  expect(await ledger(...words)).toMatchObject({
    exit: 0,
    changed: ["acme", "default", "acme/lab"],
    unchangedCount: 0,
  });
  expect(await grantTo("acme", "5", "--id", "first")).toMatchObject({ exit: 0, sequence: 7, repeated: false });
  decisionId = await decide("acme/lab");
});

describe("apply", () => {
  test("limits that are active already change nothing; a changed limit names its actor", async () => {
    const again = ["apply", budgets, "--journal", journal, "--by", "bob"];
    expect(await ledger(...again)).toMatchObject({ exit: 0, changed: [], unchangedCount: 3 });
    const more = files.write("more.jsonc", '{ "tenants": { "acme": { "exposureCapDollars": "3" }, "new": {} } }');
    const { exit, out } = await calybris("ledger", "apply", more, "--journal", journal, "--by", "bob");
    expect({ exit, out }).toEqual({ exit: 0, out: "2 tenants changed, 0 as before\n  acme\n  new" });
    expect(files.text(`journal/${SEGMENT}`)).toMatch(/"tenant":"new".*"onBehalfOf":"bob"/);
  });

  test("a mistake names its line and the nearest key, and changes nothing", async () => {
    const before = files.contents("journal");
    const bad = files.write("bad.jsonc", '{ "tenants": {\n "acme": { "exposureCapDolars": "3" } } }');
    const { exit, complaints } = await calybris("ledger", "apply", bad, "--journal", journal, "--by", "bob");
    expect(exit).toBe(2);
    expect(complaints).toContain("CAL_BUDGETS_INVALID");
    expect(complaints).toContain(
      'line 2: tenants.acme.exposureCapDolars is an unknown field\n    Did you mean "exposureCapDollars"?',
    );
    expect(files.contents("journal")).toEqual(before);
  });

  test("there is no journal to begin without a policy", async () => {
    const nowhere = ["apply", budgets, "--journal", files.at("nowhere"), "--by", "ada"];
    expect(await ledger(...nowhere)).toMatchObject({ exit: 2, error: { code: "CAL_JOURNAL_MISSING" } });
    expect(() => files.contents("nowhere")).toThrow();
  });
});

describe("grant", () => {
  test("the same id grants once, in whatever unit it is written", async () => {
    const words = ["grant", "--journal", journal, "--tenant", "acme", "--by", "ada", "--id", "first"];
    for (const amount of [
      ["--cents", "500"],
      ["--microcents", "500000000"],
    ])
      expect(await ledger(...words, ...amount)).toMatchObject({
        exit: 0,
        repeated: true,
        amountMicrocents: "500000000",
      });
    expect(await ledger(...words, "--dollars", "6")).toMatchObject({
      exit: 2,
      error: { code: "CAL_LEDGER_ID_REUSED", details: { id: "first" } },
    });
  });

  test("without an id it gets one of its own, and says what the tenant has", async () => {
    const { exit, out } = await calybris(
      ...["ledger", "grant", "--journal", journal, "--tenant", "acme/lab", "--cents", "0.5", "--by", "ada"],
    );
    expect(exit).toBe(0);
    expect(out).toMatch(/^granted \$0\.005 to "acme\/lab" \(entry [0-9]+, id "[0-9a-f-]{36}"\)\ngranted \$1\.505 = /);
  });

  test.each([
    [["--dollars", "-5"], '--dollars is "-5", out of range'],
    [["--dollars", "0"], '--dollars is "0", out of range'],
    [["--dollars", "NaN"], '--dollars is "NaN"'],
    [["--dollars", "1e3"], '--dollars is "1e3"'],
    [["--dollars", "0.000000001"], '--dollars is "0.000000001"'],
    [["--microcents", "1.5"], '--microcents is "1.5"'],
    [["--microcents", "9223372036854775808"], '--microcents is "9223372036854775808", out of range'],
    [["--dollars", "1", "--cents", "1"], "--dollars is written beside --cents"],
    [[], "--dollars is missing"],
  ])("%j is refused, naming the option", async (amount, mistake) => {
    const before = files.contents("journal");
    const { exit, complaints } = await calybris(
      ...["ledger", "grant", "--journal", journal, "--tenant", "acme", "--by", "ada", ...amount],
    );
    expect(exit).toBe(2);
    expect(complaints).toContain("CAL_LEDGER_INVALID");
    expect(complaints).toContain(mistake);
    expect(files.contents("journal")).toEqual(before);
  });

  test("an unknown tenant, and one that is not metered", async () => {
    expect(await grantTo("nobody", "1")).toMatchObject({ exit: 2, error: { code: "CAL_LEDGER_TENANT_UNKNOWN" } });
    expect(await grantTo("default", "1")).toMatchObject({ exit: 2, error: { code: "CAL_LEDGER_TENANT_UNMETERED" } });
  });
});

describe("reservations", () => {
  test("settled, repeated, settled otherwise, corrected", async () => {
    const on = ["--journal", journal];
    const cost = ["--actual-microcents", "1000"];
    const settled = await ledger("settle", decisionId, ...on, ...cost);
    expect(settled).toMatchObject({
      exit: 0,
      state: "settled",
      tenant: "acme/lab",
      actualMicrocents: "1000",
      repeated: false,
    });
    expect(await ledger("settle", decisionId, ...on, ...cost)).toMatchObject({ exit: 0, repeated: true });
    expect(await ledger("settle", decisionId, ...on, "--actual-cents", "1")).toMatchObject({
      exit: 2,
      error: { code: "CAL_LEDGER_RESERVATION_STATE", details: { state: "settled", actualMicrocents: "1000" } },
    });
    expect(await ledger("release", decisionId, ...on)).toMatchObject({ exit: 2 });
    const { exit, out } = await calybris(
      ...["ledger", "correct", decisionId, ...on, "--actual-dollars", "0.00002", "--by", "ada"],
    );
    expect(exit).toBe(0);
    expect(out).toContain(`${decisionId} is corrected at $0.00002 for "acme/lab" (entry`);
  });

  test("released, and a held one reconciled", async () => {
    const on = ["--journal", journal];
    const released = await decide("acme");
    expect(await ledger("release", released, ...on, "--tenant", "acme/lab")).toMatchObject({
      exit: 2,
      error: { code: "CAL_LEDGER_RESERVATION_FOREIGN" },
    });
    expect(await ledger("release", released, ...on, "--tenant", "acme")).toMatchObject({ exit: 0, state: "released" });
    const held = await decide("acme");
    const engine = await Engine.open({ directory: journal });
    await engine.ledger.hold({ decisionId: held, cause: "stream_cut" });
    await engine.close();
    const { out } = await calybris("ledger", "show", "--journal", journal, "--reservations");
    expect(out).toContain("reservations: 0 open, 1 held, 0 overdue");
    expect(out).toMatch(new RegExp(`${held} +│ acme +│ +0\\.[0-9]+ │ held`));
    const reconcile = ["reconcile", held, ...on, "--actual-cents", "0.01"];
    expect(await ledger(...reconcile, "--by", "ada")).toMatchObject({ exit: 0, state: "reconciled" });
  });

  test.each(["settle", "reconcile", "correct"])(
    "%s of a decision that reserved nothing, at no cost, at less",
    async (move) => {
      const by = move === "settle" ? [] : ["--by", "ada"];
      const words = [move, "3-00000000", "--journal", journal, ...by];
      expect(await ledger(...words, "--actual-cents", "1")).toMatchObject({
        exit: 2,
        error: { code: "CAL_LEDGER_RESERVATION_UNKNOWN" },
      });
      expect(await ledger(...words)).toMatchObject({ exit: 2, error: { code: "CAL_LEDGER_INVALID" } });
      const { complaints } = await calybris("ledger", ...words, "--actual-cents", "-1");
      expect(complaints).toContain('--actual-cents is "-1", out of range');
    },
  );
});

describe("show and prove", () => {
  test("show draws the tree of levels with what is used; a tenant alone with those around it", async () => {
    const { exit, out } = await calybris("ledger", "show", "--journal", journal);
    expect(exit).toBe(0);
    const rows = out.split("\n").map((line) => line.split("│").map((cell) => cell.trim()));
    expect(rows[1]?.slice(1, -1)).toEqual([
      ...["tenant", "granted $", "remaining $", "reserved $", "settled $", "debt $", "cap $", "used"],
      "period ends (UTC)",
    ]);
    expect(out).toMatch(/│ acme +│ +5\.0+ │/);
    expect(out).toMatch(/│ └─ acme\/lab +│ .*[█▒░]{10} (<1|[0-9]+)% +│ [0-9]{4}-[0-9]{2}-[0-9]{2} 2[23]:00 \(1\) │/);
    expect(out).toMatch(/│ default +│ not metered +│/);
    expect(out).toMatch(/│ total +│/);
    const lab = await calybris("ledger", "show", "--journal", journal, "acme/lab");
    expect(lab.out).toContain("└─ acme/lab");
    expect(lab.out).not.toContain("default");
    expect(lab.out).not.toContain("total");
    expect(await ledger("show", "--journal", journal, "nobody")).toMatchObject({
      exit: 2,
      error: { code: "CAL_LEDGER_TENANT_UNKNOWN" },
    });
  });

  test("both say what the engine says, word for word, while it has the journal", async () => {
    const engine = await Engine.open({ directory: journal });
    await engine.decide({ inputTokens: 10_000, tenant: "acme", reservationSeconds: 86_400 });
    const live = JSON.parse(
      JSON.stringify(engine.ledger.prove(), (_key, value: unknown) =>
        typeof value === "bigint" ? String(value) : value,
      ),
    ) as object;
    const shown = await ledger("show", "--journal", journal);
    const proved = await ledger("prove", "--journal", journal);
    await engine.close();
    expect(shown).toMatchObject(live);
    expect(proved).toMatchObject({ ...live, exit: 0, status: "intact", findings: [] });
  });

  test("show of a decision names the tenant that pays, and its headroom", async () => {
    const engine = await Engine.open({ directory: journal });
    await engine.ledger.apply(parseBudgets({ tenants: { poor: {} } }));
    const { sequence } = await engine.decide({ inputTokens: 10_000, tenant: "poor" });
    await engine.close();
    const { out } = await calybris("show", "--journal", journal, String(sequence));
    expect(out).toContain('  tenant     "poor", with $0 of headroom; the request had no budget\n');
    expect(out).toContain("reject     nothing: budget");
    const explained = JSON.parse(
      (await calybris("show", "--journal", journal, String(sequence), "--json")).out,
    ) as object;
    expect(explained).toMatchObject({ tenant: "poor", shortfall: { headroomMicrocents: "0" } });
  });

  test("an entry that was altered is refused by show, and found by prove", async () => {
    const altered = files.at("altered");
    cpSync(journal, altered, { recursive: true, filter: (file) => !file.endsWith(".sock") });
    const segment = readFileSync(files.at("altered", SEGMENT), "latin1");
    files.write(`altered/${SEGMENT}`, segment.replace('"amountMicrocents":500000000', '"amountMicrocents":900000000'));
    expect(await ledger("show", "--journal", altered)).toMatchObject({
      exit: 1,
      error: { code: "CAL_JOURNAL_CORRUPT", details: { sequence: 7 } },
    });
    expect(await ledger("prove", "--journal", altered)).toMatchObject({ exit: 1, status: "broken" });
    const lost = files.at("lost");
    cpSync(journal, lost, { recursive: true, filter: (file) => !file.endsWith(".sock") });
    files.write(`lost/${SEGMENT}`, segment.split("\n").toSpliced(3, 1).join("\n"));
    expect(await ledger("show", "--journal", lost)).toMatchObject({ exit: 1, error: { details: { sequence: 4 } } });
  });

  test("a keyed journal takes its key for every command that writes, and to prove", async () => {
    const key = ["--key-file", files.writeKey("key", 7)];
    const keyed = files.at("keyed");
    const on = ["--journal", keyed, "--by", "ada"];
    expect(await ledger("apply", budgets, "--policy", policy, ...on, ...key)).toMatchObject({ exit: 0 });
    const grant = ["grant", "--tenant", "acme", "--dollars", "1", ...on];
    expect(await ledger(...grant)).toMatchObject({ exit: 2, error: { code: "CAL_JOURNAL_KEY" } });
    expect(await ledger(...grant, ...key)).toMatchObject({ exit: 0 });
    expect(await ledger("show", "--journal", keyed, ...key)).toMatchObject({ exit: 0, findings: [] });
    expect(await ledger("prove", "--journal", keyed)).toMatchObject({ exit: 2, error: { code: "CAL_JOURNAL_KEY" } });
    expect(await ledger("prove", "--journal", keyed, ...key)).toMatchObject({ exit: 0, conserved: true });
  });

  test("prove prints conservation, digest and sequence, and what was audited", async () => {
    const { exit, out } = await calybris("ledger", "prove", "--journal", journal);
    expect(exit).toBe(0);
    expect(out).toMatch(/^CONSERVED up to entry [0-9]+\ncalyldg1 [0-9a-f]{64}\n/);
    expect(out).toMatch(/audited: [0-9]+ entries, [0-9]+ decisions recomputed, intact$/m);
    expect((await calybris("verify", journal)).out).toMatch(/money +tenants 5, reservations 1, conserved: granted \$/);
  });

  test("a journal without budgets has nothing to prove, and that is conserved", async () => {
    const plain = files.at("plain");
    await (await Engine.open({ directory: plain, policy: await loadPolicy(policy) })).close();
    const unlimited = { exit: 0, out: expect.stringContaining("No tenant has a limit") };
    expect(await calybris("ledger", "prove", "--journal", plain)).toMatchObject(unlimited);
    expect(await calybris("ledger", "show", "--journal", plain)).toMatchObject(unlimited);
    expect(await ledger("show", "--journal", files.at("nowhere"))).toMatchObject({
      exit: 2,
      error: { code: "CAL_JOURNAL_MISSING" },
    });
  });
});

describe("a journal that lies about money, every hash of it right", () => {
  let shown: Ended;
  let proved: Ended;

  beforeAll(async () => {
    const lines = readFileSync(files.at("journal", SEGMENT), "utf8")
      .split("\n")
      .filter((line) => line !== "");
    const kind = (line: string): string => /"kind":"([a-z]+)"/.exec(line)?.[1] ?? "";
    const settlement = lines.find((line) => kind(line) === "settlement") ?? "";
    const seal = lines.findLastIndex((line) => kind(line) === "seal");
    const body = membersOf(settlement);
    let previous = "genesis";
    const forged = lines.map((line, index) => {
      const data = index === seal ? withBody(line, body) : (parseEntryLine(line)?.data ?? "");
      const hash = plainChain()(previous, toUtf8(data));
      const chained = `{"sequence":${index + 1},"previous_hash":"${previous}","entry_hash":"${hash}","data":${data}}\n`;
      previous = hash;
      return chained;
    });
    files.write("forged.jsonl", forged.join(""));
    shown = await calybris("ledger", "show", "--journal", files.at("forged.jsonl"));
    proved = await calybris("ledger", "prove", "--journal", files.at("forged.jsonl"));
  });

  function membersOf(line: string): { readonly [key: string]: ExactJson } {
    const data = parseExact(parseEntryLine(line)?.data ?? "") as { readonly [key: string]: ExactJson };
    const { sequence: _sequence, durable: _durable, at: _at, ...members } = data;
    return members;
  }

  function withBody(line: string, body: object): string {
    const { sequence, durable, at } = parseExact(parseEntryLine(line)?.data ?? "") as Record<string, number>;
    const tail = entryDataTail({ sequence: sequence ?? 0, at: at ?? 0, body: body as never });
    expect(writeExact(body)).toContain("settlement");
    return entryData(sequence ?? 0, durable ?? 0, tail);
  }

  test("show names the entry and ends with 1", () => {
    expect(shown.exit).toBe(1);
    expect(shown.complaints).toMatch(
      /^entry [0-9]+: reservation\n +expected settlement of a reservation that is open\n/,
    );
  });

  test("prove does not call it conserved, and ends with 1", () => {
    expect(proved.exit).toBe(1);
    expect(proved.out).toMatch(/^NOT CONSERVED up to entry/);
    expect(proved.out).toContain("expected settlement of a reservation that is open");
  });
});

describe("--json", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const documented = (command: string): readonly string[] => {
    const section = readme.split(/^### /m).find((text) => text.startsWith(`\`ledger ${command}\``)) ?? "";
    return [...section.matchAll(/^\| `([^`]+)` /gm)].map(([, member = ""]) => member);
  };

  test.each<[string, () => Promise<Answer>]>([
    ["apply", () => ledger("apply", budgets, "--journal", journal, "--by", "ada")],
    ["grant", () => grantTo("acme", "5", "--id", "first")],
    ["show", () => ledger("show", "--journal", journal)],
    ["prove", () => ledger("prove", "--journal", journal)],
    ["settle", async () => ledger("settle", await decide("acme"), "--journal", journal, "--actual-cents", "0")],
  ])("of ledger %s is what README.md documents", async (command, run) => {
    const { exit, ...members } = await run();
    expect(exit).toBe(0);
    expect(Object.keys(members).sort()).toEqual([...documented(command)].sort());
  });
});

describe("init --budgets", () => {
  test("writes budgets that apply as they are, and never overwrites unasked", async () => {
    const out = files.at("mine.jsonc");
    expect(await calybris("init", "--budgets", "--out", out)).toMatchObject({ exit: 0 });
    expect(await calybris("init", "--budgets", "--out", out)).toMatchObject({
      exit: 2,
      complaints: expect.stringContaining("--force"),
    });
    const { $schema, ...budgetsWritten } = (await readJsonFile(out)).value as Record<string, unknown>;
    expect(readFileSync(resolve(files.path, String($schema)), "utf8")).toContain("Calybris budgets");
    expect(schemaTakes(jsonSchemas().budgets)(JSON.stringify(budgetsWritten))).toBe(true);
    const words = ["apply", out, "--policy", policy, "--journal", files.at("mine"), "--by", "ada"];
    expect(await ledger(...words)).toMatchObject({ exit: 0, changed: ["default", "acme", "trial", "acme-research"] });
    expect(await ledger("prove", "--journal", files.at("mine"))).toMatchObject({ exit: 0, conserved: true });
  });
});
