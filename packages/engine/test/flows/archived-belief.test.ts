import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Engine } from "../../src/engine.ts";
import type { Decided } from "../../src/flows/decided.ts";
import { learning } from "../support/command-world.ts";

// Goal: an outcome needs the sampling table of its decision; where that lies in an archive that is gone, nothing is changed.

test("an outcome whose sampling table lies in an archive that cannot be reached is answered with 503, and taken later", async () => {
  const directory = mkdtempSync(join(tmpdir(), "calybris-belief-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const open = (): Promise<Engine> => Engine.open({ directory, segmentBytesMax: 6_000 });
  await (await Engine.open({ directory, policy: learning(1n) })).close();
  let engine = await open();
  let drawn: Decided | undefined;
  const segmentOf = (sequence: number): string =>
    segments().findLast((name) => sequence >= firstSequence(join(directory, name))) as string;
  const segments = (): string[] => readdirSync(directory).filter((name) => name.startsWith("segment-"));
  for (let number = 0; drawn === undefined && number < 400; number++) {
    const decided = await engine.decide({
      inputTokens: 1_000_000,
      outputTokens: 500_000,
      valueMicrocents: 100_000_000,
      features: { load: 5 },
    });
    const belief = decided.learning?.belief ?? 0;
    if (belief > 0 && segmentOf(belief) !== segmentOf(decided.sequence)) drawn = decided;
  }
  const { decisionId, learning: recommended } = drawn as Decided;
  await engine.close();
  engine = await open();
  const file = segmentOf(recommended?.belief ?? 0);
  const path = join(directory, file);
  renameSync(path, `${path}.moved`);
  symlinkSync(join(directory, "unmounted", file), path);
  const { sequence } = engine.reading.head;
  await expect(engine.learning.observe({ decisionId, succeeded: true })).rejects.toMatchObject({
    code: "CAL_JOURNAL_ARCHIVE_UNREACHABLE",
    status: 503,
    details: { sequence: recommended?.belief },
  });
  expect(engine.reading.head.sequence).toBe(sequence);
  rmSync(path);
  renameSync(`${path}.moved`, path);
  expect(await engine.learning.observe({ decisionId, succeeded: true })).toMatchObject({ repeated: false });
  await engine.close();
});

function firstSequence(path: string): number {
  return Number(/"sequence":(\d+)/.exec(readFileSync(path, "utf8"))?.[1] ?? Number.POSITIVE_INFINITY);
}
