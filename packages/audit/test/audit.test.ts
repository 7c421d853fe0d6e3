import {
  costMicrocents,
  type DecisionEntry,
  entryData,
  entryDataTail,
  keyedChain,
  plainChain,
  toUtf8,
} from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import { stride } from "../../../test/share.ts";
import { createFold } from "../src/index.ts";
import { audit, lastHash, missedFlips } from "./audit-bytes.ts";
import { chainData, dataOf, genesis, journal, sampleBodies } from "./small-journal.ts";

const lines = journal();

const anchor = { sequence: lines.length, lastHash: lastHash(lines) };

describe("a journal as it was written", () => {
  test("is intact, and counted", () => {
    const report = audit(lines.join(""), { heads: [anchor] });
    expect(report.findings).toEqual([]);
    expect(report.status).toBe("intact");
    expect(report.entries).toBe(6);
    expect(report.decisions).toBe(3);
    expect(report.actions.reject).toBe(1);
    expect(report.reasons.risk_hard_limit).toBe(1);
    expect(report.policies.map(({ id, actor }) => [id, actor])).toEqual([
      [1, undefined],
      [2, "system:ada"],
    ]);
  });

  test("is intact with preallocated newlines behind it", () => {
    expect(audit(`${lines.join("")}\n\n\n\n`).status).toBe("intact");
  });

  test("is intact under its key, and broken under another or none", () => {
    const key = toUtf8("a key of sixteen bytes or more");
    const keyed = journal(sampleBodies(), keyedChain(key)).join("");
    expect(audit(keyed, { chain: keyedChain(key) }).status).toBe("intact");
    expect(audit(keyed).status).toBe("broken");
    expect(audit(keyed, { chain: keyedChain(toUtf8("another key")) }).findings[0]?.problem).toBe("entry_hash");
  });

  test("folds to the state after each entry", () => {
    const fold = createFold();
    const states = dataOf(sampleBodies()).map((data) => fold.apply(data));
    expect(states.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(states.map(({ decisionSequence }) => decisionSequence)).toEqual([0n, 1n, 2n, 2n, 3n, 3n]);
    expect(states.at(-1)).toEqual({
      sequence: 6,
      decisionSequence: 3n,
      at: 1_000_005,
      policyId: 2,
      stagedId: 0,
      canaryBps: 0,
    });
  });
});

describe("damage", () => {
  test("a flipped bit in any byte is found; only in the last line may it look like a torn tail", () => {
    // One bit of every third byte; `audit.long.test.ts` takes all.
    expect(missedFlips(lines, (bit) => (bit >> 3) % 3 === 0 && bit % 8 === (bit >> 3) % 8)).toEqual([]);
  });

  test("a cut at any byte is a torn tail or a shorter journal, and the head shows which", () => {
    const bytes = Buffer.from(lines.join(""));
    const ends = [...bytes.keys()].filter((index) => bytes[index] === 10);
    // Every cut near the end of a line, and a share of those elsewhere.
    const isTried = (length: number): boolean =>
      length % stride(19) === 0 || ends.some((end) => length >= end - 2 && length <= end + 3);
    for (let length = 0; length < bytes.length; length++) {
      if (!isTried(length)) continue;
      const cut = bytes.subarray(0, length);
      const report = audit(cut);
      const atBoundary = length === 0 || bytes[length - 1] === 10;
      expect(report.status).toBe(atBoundary && length > 0 ? "intact" : "incomplete");
      if (!atBoundary) expect(report.tornTail?.byteOffset).toBe(bytes.lastIndexOf(10, length - 1) + 1);
      const headed = audit(cut, { heads: [anchor] });
      expect(headed.status).toBe(length === bytes.length - 1 ? "incomplete" : "broken");
    }
  });

  test("a torn write into preallocated space is a torn tail", () => {
    const torn = `${lines.slice(0, 4).join("")}${lines[4]?.slice(0, 50)}\n\n\n`;
    expect(audit(torn).tornTail?.byteOffset).toBe(Buffer.byteLength(lines.slice(0, 4).join("")));
    expect(audit(torn).status).toBe("incomplete");
  });

  test.each([
    ["removed", [0, 1, 3, 4, 5]],
    ["removed at the front", [1, 2, 3, 4, 5]],
    ["duplicated", [0, 1, 1, 2, 3, 4, 5]],
    ["duplicated at the end", [0, 1, 2, 3, 4, 5, 5]],
    ["swapped", [0, 2, 1, 3, 4, 5]],
    ["swapped at the end", [0, 1, 2, 3, 5, 4]],
  ])("entries %s", (_what, order) => {
    expect(audit(order.map((index) => lines[index]).join("")).status).toBe("broken");
  });

  test("an entry spliced in from another journal", () => {
    const other = chainData(dataOf([genesis(), ...sampleBodies().slice(2, 3), ...sampleBodies().slice(2)]));
    expect(audit([...lines.slice(0, 2), other[2], ...lines.slice(3)].join("")).status).toBe("broken");
    expect(audit([...lines.slice(0, 2), other[2]].join("")).status).toBe("broken");
  });

  test("a finding names entry, file, offset, expected and found", () => {
    const altered = lines.with(1, (lines[1] ?? "").replace('"action":"execute"', '"action":"exeCute"'));
    const { findings } = audit(altered.join(""));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      sequence: 2,
      file: "segment-000001.jsonl",
      byteOffset: Buffer.byteLength(lines[0] ?? ""),
      problem: "entry_hash",
    });
  });
});

describe("a journal that was written again", () => {
  test("with another tail is caught by the head alone", () => {
    const texts = dataOf(sampleBodies());
    const rewritten = chainData(texts.with(5, (texts[5] ?? "").replace("close", "idle")));
    expect(audit(rewritten.join("")).status).toBe("intact");
    expect(audit(rewritten.join(""), { heads: [anchor] }).findings[0]?.problem).toBe("head");
  });

  test("with another decision is caught by deciding again", () => {
    const bodies = sampleBodies();
    const entry = bodies[1] as DecisionEntry;
    const decision = { ...entry.decision, costMicrocents: costMicrocents(1n) };
    const { findings } = audit(journal(bodies.with(1, { ...entry, decision })).join(""));
    expect(findings).toMatchObject([
      { sequence: 2, problem: "decision", expected: "costMicrocents 2", found: "costMicrocents 1" },
    ]);
  });

  test.each([
    ["decision_sequence", 1, 'request":{"sequence":1,', 'request":{"sequence":2,'],
    ["data_sequence", 1, '{"sequence":2,"durable"', '{"sequence":3,"durable"'],
    ["durable", 1, '"durable":1', '"durable":2'],
    ["durable", 2, '"durable":2', '"durable":0'],
    ["at", 2, '"at":1000002', '"at":1'],
    ["policy_id", 3, '"policyId":2', '"policyId":3'],
    ["policy_digest", 0, '"riskHardLimitBps":9600', '"riskHardLimitBps":9599'],
    ["body", 5, '"cause":"close"', '"cause":"other"'],
    ["identity", 4, /"identity":"./, '"identity":"0'],
  ])("%s", (problem, index, from, to) => {
    const texts = dataOf(sampleBodies());
    const altered = (texts[index] ?? "").replace(from, to);
    expect(altered).not.toBe(texts[index]);
    expect(audit(chainData(texts.with(index, altered)).join("")).findings.map((finding) => finding.problem)).toContain(
      problem,
    );
  });

  test("without a pinned policy", () => {
    expect(audit(lines.join(""), { pinnedPolicyDigests: ["00"] }).findings[0]?.problem).toBe("policy_pinned");
  });
});

describe("what cannot be checked is said", () => {
  test("an unknown kind", () => {
    const unknown = entryData(
      7,
      6,
      entryDataTail({ sequence: 7, at: 2_000_000, body: { kind: "seal", cause: "close" } }),
    );
    const report = audit(chainData([...dataOf(sampleBodies()), unknown.replace("seal", "moon")]).join(""));
    expect(report.status).toBe("incomplete");
    expect(report.reasonsIncomplete[0]).toContain("moon");
  });

  test("a log in the published format that is not ours", () => {
    const published = chainData(['{"k":1,"v":"alpha"}', '{"k":2,"v":"beta"}'], plainChain());
    expect(lastHash(published.slice(0, 1))).toBe("a7acef39aa56cd6e769a5ebae74a7c9dcd30d9d8c15e391773d55334848117f4");
    expect(lastHash(published)).toBe("32330ff6107c82b689e701f24e9099d1559f2d112fa026196705eadcff3a807f");
    expect(audit(published.join("")).status).toBe("incomplete");
    const spaced = published.map((line) => line.replaceAll('":', '": ').replaceAll(',"', ', "'));
    expect(audit(spaced.join("")).status).toBe("broken");
    const outside = published.map((line) =>
      line.replace('"data":', ' "data" : ').replace('{"sequence":', '{ "sequence" : '),
    );
    expect(audit(outside.join("")).status).toBe("incomplete");
    expect(audit(published.join("").replace("alpha", "alphb")).status).toBe("broken");
    expect(audit(published.join("").replace("beta", "betb")).status).toBe("broken");
  });
});
