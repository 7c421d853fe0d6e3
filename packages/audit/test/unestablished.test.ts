import { keyedChain, toUtf8 } from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import type { AuditOptions } from "../src/index.ts";
import { audit, lastHash } from "./audit-bytes.ts";
import { journal, sampleBodies } from "./small-journal.ts";

// "Whole" says that nothing contradicts itself. What that leaves open is always listed, and changes no status.

const KEY = toUtf8("a key of sixteen bytes or more");
const lines = journal();
const head = { sequence: lines.length, lastHash: lastHash(lines) };
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
    ["with one head of each", { heads: [head, { ...head, isExternal: true }] }, [writer]],
  ])("%s", (_what, options, expected) => {
    const report = audit(lines.join(""), options);
    expect(report.status).toBe("whole");
    expect(report.notEstablished).toEqual(expected);
  });

  test("under its key: whether it is all; with a head kept elsewhere too: nothing", () => {
    const chain = keyedChain(KEY);
    const keyed = journal(sampleBodies(), chain);
    const options = { chain, isKeyed: true };
    expect(audit(keyed.join(""), options)).toMatchObject({ status: "whole", notEstablished: [end] });
    const heads = [{ sequence: keyed.length, lastHash: lastHash(keyed), isExternal: true }];
    expect(audit(keyed.join(""), { ...options, heads })).toMatchObject({ status: "whole", notEstablished: [] });
  });

  test("the journal rewritten as a whole is whole, and what is left open is how", () => {
    const rewritten = journal([...sampleBodies().slice(0, 2), { kind: "seal", cause: "close" }]);
    const own = { sequence: rewritten.length, lastHash: lastHash(rewritten) };
    expect(audit(rewritten.join(""), { heads: [own] })).toMatchObject({
      status: "whole",
      notEstablished: [writer, end],
    });
    expect(audit(rewritten.join(""), { heads: [own, { ...head, isExternal: true }] }).status).toBe("broken");
  });

  test.each(["", "{}\n", lines.slice(1).join("")])("it is listed whatever the log is: %j", (bytes) => {
    expect(audit(bytes).notEstablished).toEqual([writer, end]);
  });
});
