import { cpSync, rmSync, statSync } from "node:fs";
import { Engine } from "@calybris/engine";
import { DirectorySnapshots, nodeDisk, snapshotName } from "@calybris/engine/internal";
import { expect, test } from "vitest";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";
import { logFiles } from "../../src/journal/log-lines.ts";
import { type LogRange, logRanges } from "../../src/verify/log-ranges.ts";
import { newFolder } from "../support/sample-files.ts";

// Goal: ranges are all files in their order, each but the first behind a snapshot that is there, and the longest is as short as it
// can be.
// Method: a journal of many segments; every choice of starts is tried beside the one that is taken.

async function journal(): Promise<string> {
  const directory = `${newFolder()}/journal`;
  const engine = await Engine.open({ directory, policy: sampleSnapshot(), segmentBytesMax: 16_384 });
  for (let turn = 0; turn < 20; turn++)
    await Promise.all(Array.from({ length: 10 }, (_, at) => engine.decide({ inputTokens: 1 + at })));
  await engine.close();
  return directory;
}

const bytesOf = ({ files }: Pick<LogRange, "files">): number =>
  files.reduce((sum, file) => sum + statSync(file).size, 0);
const longest = (ranges: readonly Pick<LogRange, "files">[]): number => Math.max(...ranges.map(bytesOf));

/** The longest range of every choice of starts. */
function choices(pieces: readonly Pick<LogRange, "files">[], countMax: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let chosen = 0; chosen < 2 ** (pieces.length - 1); chosen++) {
    const ranges: { files: string[] }[] = [];
    for (const [at, { files }] of pieces.entries())
      if (at === 0 || (chosen >> (at - 1)) % 2 === 1) ranges.push({ files: [...files] });
      else ranges.at(-1)?.files.push(...files);
    if (ranges.length <= countMax) least = Math.min(least, longest(ranges));
  }
  return least;
}

test("ranges are whole segments in order behind snapshots, and the longest is as short as it can be", async () => {
  const directory = await journal();
  const log = logFiles(directory);
  const stored = new DirectorySnapshots(nodeDisk, directory);
  const snapshots = stored.sequences();
  const begins = snapshots.map((sequence) => (stored.next(sequence)?.segment ?? 0) - 1);
  const pieces: { files: string[] }[] = [];
  for (const [at, file] of log.files.entries())
    if (at === 0 || begins.includes(at)) pieces.push({ files: [file] });
    else pieces.at(-1)?.files.push(file);
  expect(pieces.length).toBe(snapshots.length + 1);
  expect(pieces.length).toBeGreaterThan(4);
  for (let countMax = 1; countMax <= pieces.length; countMax++) {
    const ranges = logRanges(directory, log, countMax);
    expect(ranges.flatMap(({ files }) => files)).toEqual(log.files);
    expect(ranges[0]?.snapshot).toBeUndefined();
    for (const { snapshot } of ranges.slice(1)) expect(snapshots).toContain(snapshot);
    expect(longest(ranges)).toBe(choices(pieces, countMax));
  }
});

test("a segment without a snapshot belongs to the range before", async () => {
  const directory = await journal();
  const copy = `${newFolder()}/journal`;
  cpSync(directory, copy, { recursive: true });
  const snapshots = new DirectorySnapshots(nodeDisk, copy).sequences();
  for (const [index, sequence] of snapshots.entries()) {
    const ranges = logRanges(copy, logFiles(copy), 99);
    for (const { snapshot } of ranges.slice(1)) expect(snapshots.slice(index)).toContain(snapshot);
    expect(ranges.flatMap(({ files }) => files)).toEqual(logFiles(copy).files);
    rmSync(`${copy}/${snapshotName(sequence)}`);
  }
  expect(logRanges(copy, logFiles(copy), 99)).toMatchObject([{ files: logFiles(copy).files, snapshot: undefined }]);
});
