/** The bar of commands that read a whole journal: shown on a terminal alone, and never in what a program reads. */
import { SingleBar } from "cli-progress";
import { afterEach, describe, expect, test, vi } from "vitest";
import { JournalProgress } from "../../src/report/journal-progress.ts";
import { Sandbox } from "../support/sample-files.ts";
import { writeFileSync, mkdirSync } from "node:fs";
import type { ReadEntry } from "../../src/journal/entries.ts";
import { MARGIN } from "../../src/report/judging-options.ts";

const files = new Sandbox();
const journal = files.at("journal");
mkdirSync(journal);
const LINE_BYTES = 10;
const LINES = 8_192;
for (const segment of ["segment-000001.jsonl", "segment-000002.jsonl"])
  writeFileSync(files.at(`journal/${segment}`), "123456789\n".repeat(LINES));
const OPTIONS = { journal, alpha: 0.05, margin: MARGIN };

afterEach(() => vi.restoreAllMocks());

/** What is written to standard error while every line is read, so many times. */
async function shown(
  options: Parameters<typeof JournalProgress.start>[0],
  passes: number,
  isTty = true,
): Promise<string> {
  const texts: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => texts.push(String(text)) > 0);
  const before = Object.getOwnPropertyDescriptor(process.stderr, "isTTY");
  Object.defineProperty(process.stderr, "isTTY", { value: isTty, configurable: true });
  try {
    const progress = await JournalProgress.start(options, passes);
    for (let pass = 0; pass < passes; pass += 1) {
      if (pass > 0) progress.nextPass();
      for (const file of ["segment-000001.jsonl", "segment-000002.jsonl"])
        for (let line = 1; line <= LINES; line += 1) progress.read({ file, byteEnd: line * LINE_BYTES } as ReadEntry);
    }
    progress.stop();
  } finally {
    if (before === undefined) delete (process.stderr as { isTTY?: boolean }).isTTY;
    else Object.defineProperty(process.stderr, "isTTY", before);
  }
  return texts.join("");
}

describe("the progress of a journal that is read", () => {
  test.each([1, 2])("is drawn on a terminal, from 0 %% to the last byte of %i passes", async (passes) => {
    const update = vi.spyOn(SingleBar.prototype, "update");
    expect(await shown(OPTIONS, passes)).toContain(" 0%");
    const step = 4_096 * LINE_BYTES;
    expect(update.mock.calls.map(([bytes]) => bytes)).toEqual(
      Array.from({ length: 4 * passes }, (_, at) => (at + 1) * step),
    );
  });

  test.each([
    ["--json", { ...OPTIONS, json: true as const }, true],
    ["--quiet", { ...OPTIONS, quiet: true as const }, true],
    ["--url", { alpha: 0.05, url: "http://127.0.0.1:1" }, true],
    ["no terminal", OPTIONS, false],
  ])("is not drawn with %s", async (_name, options, isTty) => {
    expect(await shown(options, 1, isTty)).toBe("");
  });
});
