import { expect, test } from "vitest";
import { Engine } from "../../src/engine.ts";
import { InlineDriver } from "../../src/journal/inline-driver.ts";
import { Writer } from "../../src/journal/writer.ts";
import { REQUEST_ID_RETENTION_US } from "../../src/state/request-index.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

const DAY_US = 86_400_000_000;

test("a request id is retained for seven days, to the microsecond, and then decided anew, also after a restart", async () => {
  const disk = new MemoryDisk();
  const clock = { now: Date.UTC(2026, 0, 15) * 1_000 };
  const open = (): Promise<Engine> =>
    Engine.open({
      directory: "memory",
      policy: sampleSnapshot(),
      disk,
      nowUs: () => clock.now,
      driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
    });
  const request = { inputTokens: 1_000_000, outputTokens: 500_000, valueMicrocents: 100_000_000, requestId: "one" };
  const other = { ...request, inputTokens: 2_000_000 };
  expect(REQUEST_ID_RETENTION_US).toBe(7 * DAY_US);

  let engine = await open();
  const first = await engine.decide(request);
  clock.now += REQUEST_ID_RETENTION_US;
  expect(await engine.decide(request)).toMatchObject({ decisionId: first.decisionId, repeated: true });
  await expect(engine.decide(other)).rejects.toMatchObject({ code: "CAL_REQUEST_ID_REUSED" });
  await engine.close();

  engine = await open();
  expect(await engine.decide(request)).toMatchObject({ decisionId: first.decisionId, repeated: true });
  clock.now += 1;
  const second = await engine.decide(other);
  expect(second).toMatchObject({ repeated: false });
  expect(second.sequence).toBeGreaterThan(first.sequence);
  // From here on the id is the second decision's.
  expect(await engine.decide(other)).toMatchObject({ decisionId: second.decisionId, repeated: true });
  await expect(engine.decide(request)).rejects.toMatchObject({ code: "CAL_REQUEST_ID_REUSED" });
  await engine.close();
});
