import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Engine } from "@calybris/engine";
import { HEAD_FILE, headPage, InlineDriver, segmentName, Writer } from "@calybris/engine/internal";
import { CalybrisError, parseEntryHead, parseEntryLine } from "@calybris/kernel";
import { beforeAll, expect, test } from "vitest";
import { MemoryDisk } from "../../engine/test/support/memory-disk.ts";
import { sampleSnapshot } from "../../engine/test/support/sample-snapshot.ts";
import { createAudit } from "../src/index.ts";
import { chainData } from "./small-journal.ts";

// Goal: what a later stage or version writes is distinguished from what is wrong: the engine refuses the journal, and an audit says
// incomplete and calls nothing broken.
// Method: every vector that is well formed and unsupported, as the last entry of an honest journal, chained anew; decisions
// with a member of a later stage likewise.

interface Vector {
  readonly name: string;
  readonly reads: "yes" | "unsupported" | "no";
  readonly data: string;
}

const LATER = readFileSync(join(import.meta.dirname, "../../../conformance/vectors/entries.jsonl"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line): Vector => JSON.parse(line))
  // A journal has one genesis.
  .filter(({ reads, data }) => reads === "unsupported" && !data.includes('"kind":"genesis"'));

let honest: readonly string[];
beforeAll(async () => {
  const disk = new MemoryDisk();
  const engine = await open(disk);
  for (let number = 0; number < 3; number++) await engine.decide({ requestId: `r${number}`, inputTokens: 1_000 });
  engine.keys.introduce({ name: "service", sha256: "ab".repeat(32), scopes: ["decide"] });
  await engine.close();
  honest = Buffer.from(disk.files.get(segmentName(1)) ?? [])
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => parseEntryLine(line)?.data ?? "");
});

function open(disk: MemoryDisk): Promise<Engine> {
  return Engine.open({
    directory: "memory",
    policy: sampleSnapshot(),
    disk,
    nowUs: () => 2_000_000,
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
  });
}

/** The honest journal, and behind it an entry with these members. */
function continued(data: string): readonly string[] {
  const sequence = honest.length + 1;
  const members = data.replace(/^\{"sequence":[0-9]+,"durable":[0-9]+,"at":[0-9]+/, "");
  return chainData([...honest, `{"sequence":${sequence},"durable":${sequence - 1},"at":2000000${members}`]);
}

async function refusalOf(lines: readonly string[]): Promise<unknown> {
  const disk = new MemoryDisk();
  const last = parseEntryLine((lines.at(-1) ?? "").trimEnd());
  disk.files.set(segmentName(1), Buffer.from(lines.map((line) => `${line.trimEnd()}\n`).join("")));
  const head = { sequence: last?.sequence ?? 0, hash: last?.entryHash ?? "", keyed: false };
  disk.files.set(HEAD_FILE, Uint8Array.from(headPage(head)));
  return open(disk).then(
    async (engine) => {
      await engine.close();
      return "opened";
    },
    (error: unknown) => (error instanceof CalybrisError ? error.code : error),
  );
}

function auditedAs(lines: readonly string[]): readonly [string, number] {
  const audit = createAudit();
  for (const [index, line] of lines.entries()) audit.line(line.trimEnd(), { file: "journal", byteOffset: index });
  const { status, findings } = audit.finish();
  return [status, findings.length];
}

test("the journal without such an entry is intact and opens", async () => {
  const lines = chainData(honest);
  expect(auditedAs(lines)).toEqual(["intact", 0]);
  expect(await refusalOf(lines)).toBe("opened");
});

test.each(LATER)("$name: the engine refuses the journal, and an audit says incomplete", async ({ data }) => {
  const lines = continued(data);
  expect(await refusalOf(lines)).toMatch(/^CAL_JOURNAL_(ENTRY_UNSUPPORTED|MEMBER_UNKNOWN)$/);
  expect(auditedAs(lines)).toEqual(["incomplete", 0]);
});

test.each([
  ['"shadow":{"action":"reject"},', '"identity"', "CAL_JOURNAL_CORRUPT"],
  ['"colour":"red",', '"identity"', "CAL_JOURNAL_MEMBER_UNKNOWN"],
  ['"colour":"red",', '"riskBps"', "CAL_JOURNAL_MEMBER_UNKNOWN"],
])("a decision with %s is refused by the engine", async (member, before, code) => {
  const decision = honest.findLast((data) => parseEntryHead(data)?.kind === "decision") ?? "";
  const at = decision.indexOf(before);
  expect(at).toBeGreaterThan(0);
  expect(await refusalOf(continued(decision.slice(0, at) + member + decision.slice(at)))).toBe(code);
});
