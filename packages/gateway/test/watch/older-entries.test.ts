import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Engine } from "@calybris/engine";
import { segmentName } from "@calybris/engine/internal";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startService, testPolicy } from "../support/running-service.ts";

// Goal: what is verified behind a snapshot is visible, and damage found there is never served over.

let directory: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "calybris-older-"));
  const engine = await Engine.open({ directory, policy: testPolicy(), segmentBytesMax: 4_000 });
  for (let number = 0; number < 40; number += 1) await engine.decide({ inputTokens: 1 });
  await engine.close();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("health and metrics report how far the entries before the snapshot are verified", async () => {
  const own = await startService({ directory });
  try {
    const { fromSequence } = own.service.report;
    expect(fromSequence).toBeGreaterThan(10);
    await verified(own.service.engine);
    expect(await own.client().health()).toEqual({
      status: "alive",
      olderEntries: { state: "intact", verifiedSequence: fromSequence, untilSequence: fromSequence },
    });
    const metrics = await own.client({ key: own.keys.operate }).metrics();
    expect(metrics).toMatch(/^calybris_older_entries_unverified 0$/m);
    expect(metrics).toMatch(/^calybris_older_entries_incomplete 0$/m);
  } finally {
    await own.end();
  }
});

test("damage behind the snapshot stops the service: health names it, and nothing is decided any more", async () => {
  const file = join(directory, segmentName(2));
  writeFileSync(file, readFileSync(file, "latin1").replace('"kind":"decision"', '"kind":"decisioo"'), "latin1");
  const own = await startService({ directory });
  try {
    await verified(own.service.engine);
    expect(await own.client().health()).toMatchObject({ olderEntries: { state: "broken" } });
    await expect(own.client().ready()).rejects.toMatchObject({ status: 503 });
    const decided = own.client({ key: own.keys.decide }).decide({ inputTokens: 1 });
    await expect(decided).rejects.toMatchObject({ code: "CAL_ENGINE_STOPPED" });
  } finally {
    await own.end();
  }
});

async function verified(engine: Engine): Promise<void> {
  while (engine.olderVerification.state === "running") await delay(5);
}
