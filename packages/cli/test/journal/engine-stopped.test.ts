import { Engine } from "@calybris/engine";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";
import { calybris } from "../support/captured-terminal.ts";

test("a command whose engine stops ends as a bug does, with the incident and what to do", async () => {
  const place = mkdtempSync(join(tmpdir(), "calybris-stopped-"));
  const journal = join(place, "journal");
  await (await Engine.open({ directory: journal, policy: sampleSnapshot() })).close();
  // The system clock is a port of the engine; a time that is no number breaks a claim.
  const clock = vi.spyOn(Date, "now").mockReturnValue(Number.NaN);
  try {
    const grant = ["ledger", "grant", "--journal", journal, "--tenant", "acme", "--dollars", "5", "--by", "ada"];
    const { exit, complaints } = await calybris(...grant);
    expect(complaints).toMatch(/CAL_ENGINE_STOPPED[\s\S]*incident [0-9a-f-]{36}[\s\S]*Restart/);
    expect(exit).toBe(70);
  } finally {
    clock.mockRestore();
    rmSync(place, { recursive: true, force: true });
  }
});
