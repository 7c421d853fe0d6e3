/** No bit of a journal changes unnoticed: not by recovery, not by the audit, not by the `verify` command on files. @module */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyLog } from "../../packages/cli/src/verify/verify.ts";
import { flips, smallJournal } from "../../packages/engine/test/search/flip/journal.ts";
import { flipSummary, searchFlips } from "../../packages/engine/test/search/flip/search.ts";
import type { Budget, Found } from "./search.ts";

export const name = "every flip";

export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const endMs = performance.now() + milliseconds;
  const verified = await verifyFlipped(seed, performance.now() + milliseconds / 3);
  progress?.(`${verified} damaged directories verified`);
  const counts = await searchFlips({
    seed,
    milliseconds: endMs - performance.now(),
    bits: 8,
    every: 1,
    auditEvery: 4,
    progress,
  });
  return {
    cases: verified + counts.damages,
    summary: `${flipSummary(counts)}; ${verified} damaged directories verified`,
  };
}

/** One bit of each byte flipped, in files, before the whole of `verify`. */
async function verifyFlipped(seed: number, endMs: number): Promise<number> {
  const journal = await smallJournal(`s${seed}-`);
  const directory = mkdtempSync(join(tmpdir(), "flipped-"));
  const write = (file: string, bytes: Uint8Array | undefined): void =>
    writeFileSync(join(directory, file), bytes ?? new Uint8Array());
  let verified = 0;
  try {
    for (const [file, bytes] of journal.contents) write(file, bytes);
    for (const { what, contents } of flips(journal, 1)) {
      if (performance.now() >= endMs) break;
      const changed = [...contents].filter(([file, bytes]) => bytes !== journal.contents.get(file));
      for (const [file, bytes] of changed) write(file, bytes);
      const { status } = await verifyLog(directory);
      if (status === "intact") throw new Error(`${what}: verify says that the journal is intact`);
      for (const [file] of changed) write(file, journal.contents.get(file));
      verified += 1;
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return verified;
}
