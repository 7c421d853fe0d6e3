import { keyedChain, toUtf8 } from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import type { AuditOptions } from "../src/index.ts";
import { audit, lastHash } from "./audit-bytes.ts";
import { journal, sampleBodies } from "./small-journal.ts";

// "Whole" says that nothing contradicts itself. What that leaves open is always listed, and changes no status.

const KEY = toUtf8("a key of sixteen bytes or more");
const lines = journal();
const head = { sequence: lines.length, lastHash: lastHash(lines) };
const early = { sequence: 3, lastHash: lastHash(lines.slice(0, 3)) };
const genuine = expect.stringMatching(/^that the journal's own head is genuine/);
const writer = expect.stringMatching(/^who wrote the entries: without a key/);
const end = expect.stringMatching(/^that no entry was removed from the end or replaced/);

describe("what a whole journal leaves open", () => {
  test.each<[string, AuditOptions, readonly unknown[]]>([
    ["without key or head: who wrote it, and whether it is all", {}, [writer, end]],
    [
      "with the head of its own directory: the same, because who wrote the journal wrote that",
      { heads: [head] },
      [writer, end],
    ],
    ["with a head kept elsewhere: who wrote it", { heads: [{ ...head, isExternal: true }] }, [writer]],
    [
      "with one kept elsewhere that ends before it: what came after",
      { heads: [{ ...early, isExternal: true }] },
      [writer, expect.stringMatching(/^that no entry was removed after entry 3, or replaced/)],
    ],
    ["with one head of each", { heads: [head, { ...head, isExternal: true }] }, [writer]],
  ])("%s", (_what, options, expected) => {
    const report = audit(lines.join(""), options);
    expect(report.status).toBe("intact");
    expect(report.notEstablished).toEqual(expected);
  });

  test("under its key: whether it is all; with a head kept elsewhere too: nothing", () => {
    const chain = keyedChain(KEY);
    const keyed = journal(sampleBodies(), chain);
    const options = { chain, isKeyed: true };
    expect(audit(keyed.join(""), options)).toMatchObject({ status: "intact", notEstablished: [genuine, end] });
    const noted: number[] = [];
    const headMac = { note: (sequence: number) => noted.push(sequence), isWrong: false, sequence: keyed.length };
    expect(audit(keyed.join(""), { ...options, headMac })).toMatchObject({ status: "intact", notEstablished: [end] });
    expect(noted).toEqual(keyed.map((_, index) => index + 1));
    const older = { ...headMac, sequence: 3 };
    expect(audit(keyed.join(""), { ...options, headMac: older }).notEstablished).toEqual([
      expect.stringMatching(/^that no entry was removed after entry 3: head.mac/),
      end,
    ]);
    const heads = [{ sequence: keyed.length, lastHash: lastHash(keyed), isExternal: true }];
    expect(audit(keyed.join(""), { ...options, heads, headMac })).toMatchObject({
      status: "intact",
      notEstablished: [],
    });
    const wrong = audit(keyed.join(""), { ...options, heads, headMac: { ...headMac, isWrong: true } });
    expect(wrong).toMatchObject({ status: "broken", findings: [{ problem: "head" }] });
  });

  test("a head that is gone is broken as soon as an entry shows that there was one", () => {
    const first = lines.findIndex((line) => !line.includes('"durable":0'));
    expect(first).toBeGreaterThan(0);
    const headMissing = "no head.json";
    expect(audit(lines.slice(0, first).join(""), { headMissing }).status).toBe("intact");
    const found = audit(lines.slice(0, first + 1).join(""), { headMissing });
    expect(found).toMatchObject({ status: "broken", findings: [{ problem: "head", found: headMissing }] });
  });

  test("a journal that was rewritten entirely is intact, and the report says what it could not establish", () => {
    const rewritten = journal([...sampleBodies().slice(0, 2), { kind: "seal", cause: "close" }]);
    const own = { sequence: rewritten.length, lastHash: lastHash(rewritten) };
    expect(audit(rewritten.join(""), { heads: [own] })).toMatchObject({
      status: "intact",
      notEstablished: [writer, end],
    });
    expect(audit(rewritten.join(""), { heads: [own, { ...head, isExternal: true }] }).status).toBe("broken");
  });

  test.each(["", "{}\n", lines.slice(1).join("")])("it is listed whatever the log is: %j", (bytes) => {
    expect(audit(bytes).notEstablished).toEqual([writer, end]);
  });
});
