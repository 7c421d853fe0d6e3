import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CalybrisError } from "@calybris/kernel";
import { expect, test } from "vitest";
import { journal } from "../../../audit/test/small-journal.ts";
import { DirectorySource } from "../../src/journal/directory-source.ts";
import { readLog } from "../../src/journal/log-lines.ts";
import { reportText, verifyLog } from "../../src/verify/verify.ts";
import { newFolder } from "../support/sample-files.ts";

const lines = journal();
const lastHash = /"entry_hash":"([0-9a-f]+)"/.exec(lines.at(-1) ?? "")?.[1] ?? "";

/** Two segments, the last with prepared space, and the head. */
function directoryOf(entries: readonly string[] = lines): string {
  const directory = newFolder();
  writeFileSync(join(directory, "segment-000001.jsonl"), entries.slice(0, 3).join(""));
  writeFileSync(join(directory, "segment-000002.jsonl"), `${entries.slice(3).join("")}${"\n".repeat(4_096)}`);
  const head = { schema_version: "calybris.wal-anchor.v1", sequence: 6, last_hash: lastHash, keyed: false };
  writeFileSync(join(directory, "head.json"), JSON.stringify(head));
  return directory;
}

test("a journal of two segments is intact", async () => {
  const report = await verifyLog(directoryOf());
  expect(report).toMatchObject({ status: "intact", entries: 6, decisions: 3 });
  expect(reportText(report)).toContain(`head       6 ${lastHash}`);
});

test("a flipped byte is named with its file and offset", async () => {
  const directory = directoryOf();
  const file = join(directory, "segment-000002.jsonl");
  const bytes = readFileSync(file);
  const offset = Buffer.byteLength(lines[3] ?? "");
  const at = offset + 300;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  const report = await verifyLog(directory);
  expect(report).toMatchObject({ status: "broken", findings: [{ sequence: 5, file, byteOffset: offset }] });
});

test("a removed suffix is broken by the head, and unknowable without it", async () => {
  expect((await verifyLog(directoryOf(lines.slice(0, 5)))).findings[0]?.problem).toBe("suffix_removed");
  const file = join(directoryOf(), "segment-000001.jsonl");
  expect((await verifyLog(file)).status).toBe("intact");
  expect((await verifyLog(file, { head: join(file, "..", "head.json") })).status).toBe("broken");
});

test("what cannot be read is a coded error", async () => {
  await expect(verifyLog("/nowhere")).rejects.toThrow(CalybrisError);
  await expect(verifyLog(newFolder())).rejects.toThrow("there is no journal");
});

test("lines are read whole across chunks, with their offsets", () => {
  const file = join(newFolder(), "log");
  const texts = Array.from({ length: 40 }, (_, index) => String(index % 10).repeat(1 + index * 17_001));
  writeFileSync(file, `${texts.join("\n\n")}\ntail`);
  const read = [...readLog(file)].map(({ bytes, byteOffset, hasNewline }) => ({
    length: bytes.byteLength,
    byteOffset,
    hasNewline,
  }));
  expect(read.map(({ length }) => length)).toEqual([...texts.map((text) => text.length), 4]);
  expect(read.at(-1)).toEqual({ length: 4, byteOffset: texts.join("\n\n").length + 1, hasNewline: false });
  expect(read[1]).toEqual({ length: 17_002, byteOffset: 3, hasNewline: true });
});

test("tail goes on with what is appended, over the end of a segment, and waits for a line to be whole", async () => {
  const directory = directoryOf(lines.slice(0, 4));
  const source = new DirectorySource(directory);
  const sequences = async (entries: AsyncIterable<{ readonly sequence: number }>): Promise<number[]> =>
    (await Array.fromAsync(entries)).map(({ sequence }) => sequence);
  expect(await sequences(source.backwards())).toEqual([4, 3, 2, 1]);
  const second = join(directory, "segment-000002.jsonl");
  expect(await sequences(source.following())).toEqual([]);
  writeFileSync(second, `${lines[3]}${lines[4]?.slice(0, 90)}`);
  expect(await sequences(source.following())).toEqual([]);
  writeFileSync(second, `${lines[3]}${lines[4]}`);
  writeFileSync(join(directory, "segment-000003.jsonl"), lines[5] ?? "");
  expect(await sequences(source.following())).toEqual([5, 6]);
  expect(await sequences(source.following())).toEqual([]);
  expect(await sequences(source.from(3))).toEqual([3, 4, 5, 6]);
});
