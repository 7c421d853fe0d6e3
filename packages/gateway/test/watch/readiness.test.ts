import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine, type WriterDriver } from "@calybris/engine";
import { InlineDriver, Writer } from "@calybris/engine/internal";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MemoryDisk } from "../../../engine/test/support/memory-disk.ts";
import { Readiness } from "../../src/watch/readiness.ts";
import { codeOf, startService, testPolicy } from "../support/running-service.ts";

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

test("a clock that jumps ahead by more than 7 days stops decisions, until it is right or an operator confirms it", async () => {
  const day = 86_400_000;
  const clock = { wall: Date.UTC(2026, 0, 15), monotonic: 1_000 };
  const own = await startService({
    ports: { clockSource: { wallMs: () => clock.wall, monotonicMs: () => clock.monotonic } },
  });
  try {
    const [decide, operate] = [own.client({ key: own.keys.decide }), own.client({ key: own.keys.operate })];
    const asked = { inputTokens: 10 };
    const refusal = { status: 503, code: "CAL_ENGINE_CLOCK", remedy: expect.stringContaining("/v1/clock/confirm") };
    clock.wall += 6 * day;
    await decide.decide(asked);
    expect(own.logged()).toContain("the system clock was stepped");
    clock.wall += 400 * day;
    await expect(decide.decide(asked)).rejects.toMatchObject(refusal);
    await expect(operate.ready()).rejects.toMatchObject({ status: 503, code: "CAL_GATEWAY_NOT_READY" });
    expect(await operate.metrics()).toMatch(/^calybris_clock_unconfirmed 1$/m);
    expect(own.logged()).toContain("nothing is decided");
    clock.wall -= 400 * day;
    await decide.decide(asked);
    expect(await operate.confirmClock()).toEqual({ confirmed: null });
    await operate.ready();
    clock.wall += 30 * day;
    await expect(decide.decide(asked)).rejects.toMatchObject(refusal);
    await expect(decide.confirmClock()).rejects.toMatchObject({ code: "CAL_GATEWAY_SCOPE_REFUSED" });
    const from = (clock.wall - 30 * day) * 1_000;
    const { confirmed } = await operate.confirmClock();
    expect(confirmed).toEqual({ sequence: expect.any(Number), from, to: from + 30 * day * 1_000 });
    const sequence = confirmed?.sequence ?? 0;
    const entries = await Array.fromAsync(
      own.client({ key: own.keys.audit }).journalEntries({ from: sequence - 1, to: sequence }),
    );
    expect(entries.map((line) => /"kind":"(\w+)"/.exec(line)?.[1])).toEqual(["key", "clock"]);
    await decide.decide(asked);
    expect(await operate.metrics()).toMatch(/^calybris_clock_unconfirmed 0$/m);
  } finally {
    await own.end();
  }
});
