import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Engine } from "../../src/engine.ts";
import { ThreadReader } from "../../src/storage/thread-reader.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

// Goal: entries are read by a thread of their own, with the answers and refusals that a reader in this thread gives, and an
// engine that is closed leaves nobody waiting and no thread.

const folders: string[] = [];
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), "thread-reader-"));
  folders.push(path);
  return path;
};

afterEach(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

test("a retry, a decision by its id and the lines of the journal are read by the thread", async () => {
  const directory = join(folder(), "journal");
  const engine = await Engine.open({ directory, policy: sampleSnapshot() });
  const request = { inputTokens: 100, requestId: "a" };
  const first = await engine.decide(request);
  const [again, twice] = await Promise.all([engine.decide(request), engine.decide(request)]);
  expect([again.decisionId, twice.decisionId]).toEqual([first.decisionId, first.decisionId]);
  expect(again.repeated && twice.repeated).toBe(true);
  expect((await engine.reading.decision(first.decisionId))?.decided.entryHash).toBe(first.entryHash);
  const { sequence } = engine.reading.head;
  const text = Buffer.concat(await Array.fromAsync(engine.reading.lines(1, sequence))).toString();
  const [segment = ""] = readdirSync(directory).filter((name) => name.startsWith("segment-"));
  expect(readFileSync(join(directory, segment), "utf8").startsWith(text)).toBe(true);
  expect(text.trimEnd().split("\n")).toHaveLength(sequence);
  await engine.close();
  await expect(engine.reading.decision(first.decisionId)).rejects.toMatchObject({ code: "CAL_ENGINE_CLOSED" });
});

test("a coded refusal of the thread keeps its code and details", async () => {
  const directory = folder();
  const reader = new ThreadReader({ readsEntriesOf: directory, key: undefined, before: undefined });
  const place = { mark: { sequence: 1, segment: 1, offset: 0 }, end: undefined };
  await expect(reader.answer({ does: "find", sequence: 1, place })).rejects.toMatchObject({
    code: "CAL_JOURNAL_ENTRY_UNKNOWN",
    details: { sequence: 1 },
  });
  symlinkSync(join(directory, "gone"), join(directory, "segment-000001.jsonl"));
  await expect(reader.answer({ does: "find", sequence: 1, place })).rejects.toMatchObject({
    code: "CAL_JOURNAL_ARCHIVE_UNREACHABLE",
    details: { sequence: 1, file: "segment-000001.jsonl" },
  });
  await reader.close();
});

test("who waits when the reader is closed is refused, and nobody can ask afterwards", async () => {
  const reader = new ThreadReader({ readsEntriesOf: folder(), key: undefined, before: undefined });
  const waiting = reader.answer({ does: "fileOf", sequence: 1, place: undefined });
  const refused = expect(waiting).rejects.toMatchObject({ code: "CAL_ENGINE_CLOSED" });
  await reader.close();
  await refused;
  await expect(reader.answer({ does: "fileOf", sequence: 1, place: undefined })).rejects.toMatchObject({
    code: "CAL_ENGINE_CLOSED",
  });
});
