import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadPolicy, loadPrior } from "@calybris/engine";
import { LEARNING_DEFAULTS, OFFSETS_EXPLORATION_DEFAULT_BPS } from "@calybris/engine/internal";
import { beforeAll, describe, expect, test } from "vitest";
import { calybris, calybrisOn, capturedTerminal, type Ended } from "../support/captured-terminal.ts";
import { POLICY, Sandbox } from "../support/sample-files.ts";

const files = new Sandbox();
const learning = { features: ["load"], holdoutBps: 0, warmUpRequests: 8, explorationBps: 2_000 };
const policy = files.write("policy.jsonc", JSON.stringify({ ...POLICY, learning }));
const journal = files.at("journal");
const readme = readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8");

type Json = Record<string, unknown>;

async function jsonOf(...words: string[]): Promise<Json & { readonly exit: number }> {
  const { exit, out, complaints } = await calybris(...words, "--json");
  const text = out === "" ? complaints : out;
  return { exit, ...(text.startsWith("{") ? (JSON.parse(text) as Json) : { usage: text }) };
}

function errorOf({ error }: Json): { readonly code?: string; readonly message?: string } {
  return (error ?? {}) as { code?: string; message?: string };
}

/** Tables and outcomes come between decisions; which entries are decisions, tail says. */
async function decisions(directory: string): Promise<readonly { sequence: number; requestId: string }[]> {
  const { out } = await calybris("tail", "--journal", directory, "-n", "100", "--json");
  return out
    .split("\n")
    .map((line) => JSON.parse(line) as { sequence: number; kind: string; id: string })
    .filter(({ kind }) => kind === "decision")
    .map(({ sequence, id }) => ({ sequence, requestId: id }));
}

function requestRows(count: number): string {
  const row = (index: number): object => ({
    requestId: `r${index}`,
    inputTokens: 2_000 + index,
    requested: "grand",
    features: { load: index % 7 },
    ...(index === 3 ? { riskBps: 9_500 } : {}),
    ...(index === 4 ? { qualityMinBps: 8_800 } : {}),
  });
  return Array.from({ length: count }, (_, index) => `${JSON.stringify(row(index))}\n`).join("");
}

beforeAll(async () => {
  const requests = files.write("requests.jsonl", requestRows(30));
  const replayed = await calybris("replay", "--policy", policy, "--requests", requests, "--journal", journal);
  expect(replayed.exit).toBe(0);
});

const idOf = async (requestId: string, directory = journal): Promise<{ decisionId: string; sequence: number }> => {
  const { sequence = 0 } = (await decisions(directory)).find((decision) => decision.requestId === requestId) ?? {};
  const { decisionId } = await jsonOf("show", "--journal", directory, String(sequence));
  return { decisionId: decisionId as string, sequence };
};

describe("outcome", () => {
  test("is recorded once; the same again changes nothing, and another one is refused", async () => {
    const { decisionId, sequence } = await idOf("r0");
    const words = [
      "outcome",
      "--journal",
      journal,
      decisionId,
      "--succeeded",
      "--cost-dollars",
      "0.002",
      "--latency-ms",
      "80",
    ];
    const first = await jsonOf(...words);
    expect(first).toMatchObject({ exit: 0, decisionId, successBps: 10_000, learned: true, repeated: false });
    expect(await jsonOf(...words)).toEqual({ ...first, repeated: true });
    const other = await jsonOf("outcome", "--journal", journal, decisionId, "--failed");
    expect([other.exit, errorOf(other).code]).toEqual([2, "CAL_OUTCOME_DUPLICATE"]);
    const { out } = await calybris("show", "--journal", journal, String(sequence));
    expect(out).toMatch(/outcome {4}entry [0-9]+: succeeded; net reward [0-9]+ bps; used by the learner/);
    expect(await calybris("verify", journal)).not.toMatchObject({ exit: 1 });
  });

  test("signals say what nobody could", async () => {
    const { decisionId } = await idOf("r1");
    const sent = await calybris("outcome", "--journal", journal, decisionId, "--signal", "slow", "--signal", "retried");
    expect(sent).toMatchObject({ exit: 0, out: expect.stringContaining("success 2800 bps") });
  });

  test.each([
    [["0-00000000", "--succeeded"], "CAL_OUTCOME_UNBOUND"],
    [["nonsense", "--failed"], "CAL_OUTCOME_UNBOUND"],
    [["9-00000000", "--failed"], "CAL_OUTCOME_UNBOUND"],
    [["1-00000000", "--failed", "--cost-cents", "1", "--cost-dollars", "1"], "CAL_OUTCOME_INVALID"],
    [["1-00000000", "--failed", "--cost-cents", "-1"], "CAL_OUTCOME_INVALID"],
    [["1-00000000", "--failed", "--signal", "slow", "--signal", "slow"], "CAL_OUTCOME_INVALID"],
  ])("%j is refused with %s", async (words, code) => {
    const before = files.contents("journal");
    const refused = await jsonOf("outcome", "--journal", journal, ...words);
    expect([refused.exit, errorOf(refused).code]).toEqual([2, code]);
    if (code === "CAL_OUTCOME_INVALID") expect(errorOf(refused).message).toMatch(/--cost-|signals/);
    expect(Object.keys(files.contents("journal"))).toEqual(Object.keys(before));
  });

  test("what was rejected has no outcome", async () => {
    const { decisionId } = await idOf("r3");
    const refused = await jsonOf("outcome", "--journal", journal, decisionId, "--succeeded");
    expect([refused.exit, errorOf(refused).code]).toEqual([2, "CAL_OUTCOME_UNBOUND"]);
  });

  test.each([
    [["1-00000000"]],
    [["1-00000000", "--succeeded", "--failed"]],
    [["1-00000000", "--signal", "odd"]],
    [["1-00000000", "--failed", "--latency-ms", "-5"]],
    [["1-00000000", "--disposition", "lost"]],
  ])("bad usage %j ends with 2 and opens nothing", async (words) => {
    const { exit, complaints } = await calybris("outcome", "--journal", files.at("nowhere"), ...words);
    expect(exit).toBe(2);
    expect(complaints).toContain("error: ");
  });
});

describe("outcomes", () => {
  test("many are recorded by decision id or request id; the same file again records nothing twice", async () => {
    const directory = files.at("many");
    const requests = files.write("many-requests.jsonl", requestRows(30));
    await calybris("replay", "--policy", policy, "--requests", requests, "--journal", directory);
    const { decisionId } = await idOf("r29", directory);
    const lines: Json[] = Array.from({ length: 29 }, (_, index) => ({
      requestId: `r${index}`,
      succeeded: index % 3 > 0,
    }));
    lines.push(
      { decisionId, signals: ["slow"], costCents: "0.1", latencyMs: 900 },
      { requestId: "never", succeeded: true },
    );
    const file = files.write("outcomes.jsonl", lines.map((line) => JSON.stringify(line)).join("\n"));
    const first = await jsonOf("outcomes", "--journal", directory, file);
    // The client's own floor (r4) teaches nothing; the rejected one (r3) and the unknown one are refused.
    expect(first).toMatchObject({ exit: 2, recorded: 29, learned: 28, repeated: 0, refused: 2, lastLine: 31 });
    expect(first["refusals"]).toMatchObject([
      { line: 4, code: "CAL_OUTCOME_UNBOUND" },
      { line: 31, code: "CAL_OUTCOME_UNBOUND" },
    ]);
    expect(await jsonOf("outcomes", "--journal", directory, file)).toMatchObject({
      recorded: 0,
      repeated: 29,
      refused: 2,
    });
    const text = await calybris("outcomes", "--journal", directory, file);
    expect(text.out).toContain("0 recorded (0 used by the learner), 29 unchanged, 2 refused");
    expect(text.out).toContain("line 31: CAL_OUTCOME_UNBOUND");
    expect(await jsonOf("verify", directory)).toMatchObject({ status: "intact" });
  });

  test.each([
    ['{"succeeded":true}', "decisionId"],
    ['{"decisionId":"1-00000000","requestId":"r1","succeeded":true}', "decisionId"],
    ['{"requestId":"r1"}', "succeeded"],
    ['{"requestId":"r1","suceeded":true}', 'Did you mean "succeeded"'],
    ['{"requestId":"r1","succeeded":true,"costCents":-1}', "costCents"],
    ["[]", "a list"],
    ["{", "is not JSON"],
  ])("a bad row %s leaves nothing half recorded", async (row, named) => {
    const good = '{"requestId":"r5","succeeded":true}\n';
    const file = files.write("bad-outcomes.jsonl", `${good}${row}\n`);
    const { exit, error } = await jsonOf("outcomes", "--journal", journal, file);
    expect(exit).toBe(2);
    expect(JSON.stringify(error)).toContain(JSON.stringify(named).slice(1, -1));
    expect(JSON.stringify(error)).toMatch(/line 2|"line":2|:2/);
    const { sequence } = await idOf("r5");
    expect(await jsonOf("show", "--journal", journal, String(sequence))).not.toHaveProperty("outcome");
  });

  test("an interrupt ends it cleanly: what was recorded stays, and the same command continues", async () => {
    const directory = files.at("interrupted");
    const requests = files.write("interrupted-requests.jsonl", requestRows(1_500));
    await calybris("replay", "--policy", policy, "--requests", requests, "--journal", directory);
    const ids = Array.from({ length: 1_500 }, (_, index) => index).filter((index) => index !== 3);
    const lines = ids.map((index) => JSON.stringify({ requestId: `r${index}`, succeeded: true }));
    const file = files.write("interrupted-outcomes.jsonl", `${lines.join("\n")}\n`);
    const terminal = capturedTerminal();
    const stopping = setInterval(() => terminal.interrupt(), 1);
    const stopped = await calybrisOn(terminal, "outcomes", "--journal", directory, file, "--json");
    clearInterval(stopping);
    expect(stopped.exit).toBe(130);
    const { recorded: sent } = JSON.parse(stopped.out) as { recorded: number };
    expect(sent).toBeLessThan(1_499);
    expect(await jsonOf("outcomes", "--journal", directory, file)).toMatchObject({
      exit: 0,
      repeated: sent,
      recorded: 1_499 - sent,
    });
  });

  test("a journal that is not there is not made", async () => {
    const file = files.write("none.jsonl", '{"decisionId":"1-00000000","succeeded":true}\n');
    const { exit, error } = await jsonOf("outcomes", "--journal", files.at("nowhere"), file);
    expect([exit, (error as { code: string }).code]).toEqual([2, "CAL_JOURNAL_MISSING"]);
  });
});

describe("show", () => {
  test("explains a recommendation: regime, floor and its source, tiers with their shares, the draw", async () => {
    const { sequence } = await idOf("r20");
    const { out } = await calybris("show", "--journal", journal, String(sequence));
    expect(out).toMatch(/regime {5}regime [0-7] of 0 to 7, score -?[0-9]+; load 6/);
    expect(out).toMatch(/floor {6}[0-9]+ bps by the (tracker|use case)/);
    expect(out).toMatch(/tiers {6}low -> swift: [0-9.]+%/);
    expect(out).toMatch(/high -> \w+: [0-9.]+%/);
    expect(out).toMatch(/draw {7}0\.[0-9]{6} falls on (low|high), /);
    const { learning: member, decisionId } = await jsonOf("show", "--journal", journal, String(sequence));
    const { arms, draw, tier } = member as { arms: { tier: number; propensity: number }[]; draw: number; tier: number };
    let below = 0;
    const drawn = arms.find(({ propensity }) => {
      below += propensity;
      return draw < below;
    });
    expect(drawn?.tier).toBe(tier);
    expect(decisionId).toMatch(new RegExp(`^${sequence}-[0-9a-f]{8}$`));
  });

  test("says that a client's floor asked nothing of the learner, and that a holdout was held out", async () => {
    const own = await idOf("r4");
    expect((await calybris("show", "--journal", journal, String(own.sequence))).out).toContain(
      "no learned floor: the client sent one",
    );
    const held = files.write("held.jsonc", JSON.stringify({ ...POLICY, learning: { holdoutBps: 10_000 } }));
    const requests = files.write("one.jsonl", '{"inputTokens":2000,"requestId":"held"}\n');
    await calybris("replay", "--policy", held, "--requests", requests, "--journal", files.at("held"));
    const { sequence } = await idOf("held", files.at("held"));
    const { out } = await calybris("show", "--journal", files.at("held"), String(sequence));
    expect(out).toContain("regime     warm-up");
    expect(out).toContain("input tokens 2000, output tokens missing");
    expect(out).toContain("none: holdout");
  });
});

function priorFile(names: readonly string[], weight = 1_000_000): string {
  const file = {
    format: 1,
    digest: "0".repeat(64),
    features: names.map((name) => ({ name, center: 3, spread: 2 })),
    categories: [],
    categoryOtherBps: 0,
    head: { kind: "linear", interceptMillibps: 0, weightsMillibps: names.map(() => weight) },
    boundariesBps: [-3_000, -2_000, -1_000, 0, 1_000, 2_000, 3_000],
  };
  return JSON.stringify({ ...file, digest: loadPrior(file, undefined, { isDigestChecked: false }).digestHex });
}

describe("prior set and certificate set", () => {
  const directory = files.at("governed");
  const words = ["--journal", directory, "--by", "ada"];

  beforeAll(async () => {
    const requests = files.write("first.jsonl", '{"inputTokens":2000,"features":{"load":2}}\n');
    await calybris("replay", "--policy", policy, "--requests", requests, "--journal", directory);
  });

  test("a prior is active from the next decision on; a certificate keeps the other regimes at the top tier", async () => {
    const set = await jsonOf("prior", "set", files.write("prior.json", priorFile(["load"])), ...words);
    expect(set).toMatchObject({ exit: 0, features: ["load"], head: "linear", onBehalfOf: "ada" });
    const certificate = { regimes: 4, alphaBps: 400, deltaBps: 500, samples: 900, prior: set["digest"] };
    const certified = files.write("certified.json", JSON.stringify({ certificate, savings: 0.3 }));
    expect(await jsonOf("certificate", "set", certified, ...words)).toMatchObject({
      exit: 0,
      regimes: 4,
      samples: 900,
    });
    const requests = files.write("gain.jsonl", '{"inputTokens":2000,"requestId":"gain","features":{"load":1000}}\n');
    await calybris("replay", "--policy", policy, "--requests", requests, "--journal", directory);
    const { sequence } = await idOf("gain", directory);
    const shown = await jsonOf("show", "--journal", directory, String(sequence));
    expect(shown["learning"]).toMatchObject({ regime: 7, source: "certified" });
    expect(shown["decision"]).toMatchObject({ selectedId: 1 });
    expect((await calybris("show", "--journal", directory, String(sequence))).out).toContain("bps by the certificate");
    expect(await jsonOf("verify", directory)).toMatchObject({ status: "intact" });
  });

  test("the four options say the same as a file", async () => {
    const prior = files.write("prior.json", priorFile(["load"]));
    const given = ["--regimes", "8", "--alpha", "400", "--delta", "500", "--samples", "7000", "--prior", prior];
    const { exit, out } = await calybris("certificate", "set", ...given, ...words);
    expect(exit).toBe(0);
    expect(out).toMatch(/^from entry [0-9]+ on, 8 of 8 regimes may be served below the top tier/);
  });

  test("a certificate of another prior, or of none, is refused with both named", async () => {
    const given = ["--regimes", "8", "--alpha", "400", "--delta", "500", "--samples", "7000"];
    const none = await jsonOf("certificate", "set", ...given, ...words);
    expect([none.exit, errorOf(none).code]).toEqual([2, "CAL_CERTIFICATE_PRIOR"]);
    expect(errorOf(none).message).toMatch(/is for no prior, but .*[0-9a-f]{64}/);
    const other = files.write("other.json", priorFile(["load"], 2_000_000));
    const named = await jsonOf("certificate", "set", ...given, "--prior", other, ...words);
    expect([named.exit, errorOf(named).code]).toEqual([2, "CAL_CERTIFICATE_PRIOR"]);
  });

  test("another prior says that it makes the certificate void", async () => {
    const other = files.write("other.json", priorFile(["load"], 2_000_000));
    expect(await jsonOf("prior", "set", other, ...words)).toMatchObject({ exit: 0, isCertificateVoid: true });
    const back = await calybris("prior", "set", files.write("prior.json", priorFile(["load"])), ...words);
    // It was void already.
    expect(back.out).not.toContain("belonged to another prior");
    expect(await jsonOf("verify", directory)).toMatchObject({ status: "intact" });
  });

  test.each([
    ["of other features", () => priorFile(["weight"])],
    ["with another digest", () => priorFile(["load"]).replace('"center":3', '"center":4')],
    ["that is none", () => "{}"],
  ])("a prior %s is refused", async (_which, text) => {
    const refused = await jsonOf("prior", "set", files.write("refused.json", text()), ...words);
    expect([refused.exit, errorOf(refused).code]).toEqual([2, "CAL_PRIOR_INVALID"]);
  });

  test.each([
    ["{}", "regimes is missing"],
    ['{"passed":5,"samples":900,"alpha":0.04,"delta":0.05}', "`passed` counts thresholds"],
    ['{"noCertificate":"the prior was thrown away","passed":5,"samples":9}', "holds no certificate: the prior was"],
    ['{"regimes":9,"alphaBps":1,"deltaBps":1,"samples":1}', "regimes is 9"],
    ['{"regimes":1,"alphaBps":0,"deltaBps":1,"samples":1}', "alphaBps is 0"],
    ['{"regimes":1,"alphaBps":1,"deltaBps":10000,"samples":1}', "deltaBps is 10000"],
    ['{"regimes":1,"alphaBps":1,"deltaBps":1,"samples":1.5}', "samples is 1.5"],
    ['{"regimes":1,"alphaBps":1,"deltaBps":1,"samples":1,"prior":"ABC"}', "prior is"],
    ["[]", "regimes is missing"],
  ])("a certificate %s is refused", async (text, named) => {
    const refused = await jsonOf("certificate", "set", files.write("refused.json", text), ...words);
    expect([refused.exit, errorOf(refused).code]).toEqual([2, "CAL_INPUT_MALFORMED"]);
    expect(errorOf(refused).message).toContain(named);
  });

  test.each([
    [[]],
    [["--regimes", "3"]],
    [["--regimes", "9", "--alpha", "1", "--delta", "1", "--samples", "1"]],
    [["certified.json", "--regimes", "3"]],
    [["certified.json", "--prior", "prior.json"]],
  ])("bad usage %j of a certificate ends with 2", async (given) => {
    const { exit, complaints } = await calybris("certificate", "set", ...given, ...words);
    expect(exit).toBe(2);
    expect(complaints).toContain("error: ");
  });
});

test("every member of --json is documented", async () => {
  const { decisionId } = await idOf("r10");
  const file = files.write("last.jsonl", '{"requestId":"r11","succeeded":true}\n');
  const words = ["--journal", files.at("governed"), "--by", "ada"];
  const prior = files.write("prior.json", priorFile(["load"]));
  const given = ["--regimes", "8", "--alpha", "400", "--delta", "500", "--samples", "7000", "--prior", prior];
  const outputs: readonly (readonly [string, Json])[] = [
    ["outcome", await jsonOf("outcome", "--journal", journal, decisionId, "--failed")],
    ["outcomes", await jsonOf("outcomes", "--journal", journal, file)],
    ["prior set", await jsonOf("prior", "set", prior, ...words)],
    ["certificate set", await jsonOf("certificate", "set", ...given, ...words)],
  ];
  for (const [command, { exit, ...output }] of outputs) {
    expect([command, exit]).toEqual([command, 0]);
    const section = readme.split(/^### /m).find((text) => text.startsWith(`\`${command}\``)) ?? "";
    const members = [...section.matchAll(/^\| `([^`]+)` /gm)].map(([, member = ""]) => member);
    expect(members.sort(), command).toEqual(Object.keys(output).sort());
  }
});

test("the section that init writes is the defaults, once its slashes are taken away", async () => {
  const written = files.at("first.jsonc");
  expect((await calybris("init", "--out", written)).exit).toBe(0);
  expect((await loadPolicy(written)).learning).toBeUndefined();
  const text = readFileSync(written, "utf8");
  const opened = text.replace(/^ {2}\/\/ ("learning": \{[\s\S]*?\n) {2}\/\/ \},\n/m, (_, section: string) => {
    return `  ${section.replaceAll(/^ {2}\/\/ {3}/gm, "    ")}  },\n`;
  });
  const defaults = { ...LEARNING_DEFAULTS, method: "offsets", explorationBps: OFFSETS_EXPLORATION_DEFAULT_BPS };
  expect((await loadPolicy(files.write("opened.jsonc", opened))).learning).toEqual(defaults);
  const all = files.write("all.jsonc", opened.replaceAll(/^ {4}\/\/ "/gm, '    "'));
  const more = { features: ["size", "urgency"], targetFailureBps: 500 };
  expect((await loadPolicy(all)).learning).toEqual({ ...defaults, ...more });
});

test("a keyed journal takes outcomes and priors only with its key", async () => {
  const directory = files.at("keyed");
  const key = files.writeKey("key", 9);
  const requests = files.write("keyed.jsonl", requestRows(2));
  await calybris("replay", "--policy", policy, "--requests", requests, "--journal", directory, "--key-file", key);
  const { decisionId } = await idOf("r0", directory);
  const prior = files.write("prior.json", priorFile(["load"]));
  const outcomes = files.write("keyed-outcomes.jsonl", '{"requestId":"r1","succeeded":false}');
  const commands = [
    ["outcome", "--journal", directory, decisionId, "--failed"],
    ["outcomes", "--journal", directory, outcomes],
    ["prior", "set", prior, "--journal", directory, "--by", "ada"],
  ];
  const without: Ended[] = [];
  for (const words of commands) without.push(await calybris(...words));
  expect(without.map(({ exit }) => exit)).toEqual([2, 2, 2]);
  for (const words of commands) expect((await calybris(...words, "--key-file", key)).exit).toBe(0);
});
