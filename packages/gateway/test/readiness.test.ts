import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine, type WriterDriver } from "@calybris/engine";
import { InlineDriver, Writer } from "@calybris/engine/internal";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MemoryDisk } from "../../engine/test/memory-disk.ts";
import { Readiness } from "../src/watch/readiness.ts";
import { codeOf, startService, testPolicy } from "./running-service.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "calybris-ready-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A disk that takes nothing until it is let go. */
class StuckDriver extends InlineDriver {
  isStuck = false;
  readonly #held: Parameters<WriterDriver["submit"]>[0][] = [];

  override submit(batch: Parameters<WriterDriver["submit"]>[0]): void {
    if (this.isStuck) this.#held.push(batch);
    else super.submit(batch);
  }

  letGo(): void {
    this.isStuck = false;
    for (const batch of this.#held.splice(0)) super.submit(batch);
  }
}

test("a disk that is stuck shows, after five seconds and until it moves", async () => {
  const disk = new MemoryDisk();
  let driver: StuckDriver | undefined;
  const engine = await Engine.open({
    directory,
    policy: testPolicy(),
    disk,
    driver: (start) => {
      driver = new StuckDriver(new Writer(disk, start));
      return driver;
    },
  });
  let nowMs = 0;
  const readiness = new Readiness(engine, directory, () => nowMs);
  try {
    nowMs = 60_000;
    // Nothing waits, so nothing is stuck, however long ago the last entry was.
    expect(await readiness.reason()).toBeUndefined();
    if (driver !== undefined) driver.isStuck = true;
    const decided = engine.decide({ inputTokens: 1 });
    expect(await readiness.reason()).toBeUndefined();
    nowMs += 5_000;
    expect(await readiness.reason()).toBeUndefined();
    nowMs += 1;
    expect(await readiness.reason()).toMatch(/^the disk has taken nothing for 5001 ms$/);
    driver?.letGo();
    await decided;
    expect(await readiness.reason()).toBeUndefined();
  } finally {
    readiness.close();
    driver?.letGo();
    await engine.close();
  }
});

test("anybody may ask why it is not ready, so the answer names no place and quotes nothing of the system", async () => {
  const disk = new MemoryDisk();
  const own = await startService({
    ports: { disk, driver: (start) => new InlineDriver(new Writer(disk, start)) },
  });
  try {
    rmSync(own.directory, { recursive: true });
    const gone = await fetch(`${own.url}/ready`);
    const reason = await gone.text();
    expect([gone.status, codeOf(JSON.parse(reason))]).toEqual([503, "CAL_GATEWAY_NOT_READY"]);
    expect(reason).toContain("(ENOENT)");
    disk.fault = (call) => (call === "write" ? "fail" : undefined);
    await expect(own.client({ key: own.keys.decide }).decide({ inputTokens: 1 })).rejects.toMatchObject({
      status: 503,
    });
    const failed = await fetch(`${own.url}/ready`);
    const text = await failed.text();
    expect([failed.status, codeOf(JSON.parse(text))]).toEqual([503, "CAL_GATEWAY_NOT_READY"]);
    expect(text).toContain("CAL_JOURNAL_FAILED");
    for (const shown of [reason, text]) {
      expect(shown).not.toContain(own.directory);
      expect(shown).not.toMatch(/injected|segment|statfs|[/\\]\w+[/\\]/);
    }
  } finally {
    await own.end().catch(() => undefined);
  }
});
