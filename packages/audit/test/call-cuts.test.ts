import { headPage, HEAD_FILE, segmentName } from "@calybris/engine/internal";
import { parseEntryLine } from "@calybris/kernel";
import { expect, test } from "vitest";
import { boundsOf, CallWorld } from "../../engine/test/support/call-world.ts";
import { MemoryDisk } from "../../engine/test/support/memory-disk.ts";
import { createAudit } from "../src/index.ts";

// Goal: a process may end after any entry of a call: the next one holds what may have been spent, and frees nothing.
// Method: calls of every kind make a journal; it is cut after each of its entries, audited, and opened again.

const GRANT = 60_000n;
/** What the provider billed for all of them, and so at most for each cut. */
const BILL = 30n + 500n + 40n;

async function journal(): Promise<readonly string[]> {
  const world = await new CallWorld().open();
  await world.fund("team", GRANT, { period: { every: "day", timeZone: "UTC", allotmentMicrocents: 30_000 } });
  const first = await world.call({ requestId: "one" });
  await first.attemptEnded({ number: 1, status: 500, latencyMs: 1, costMicrocents: 30n });
  const [bound] = boundsOf(3_000n);
  if (bound === undefined) throw new Error("there is a bound");
  world.now += 86_400_000_000;
  await first.attempt({ candidate: 1, bound });
  await first.complete({ succeeded: true }, { number: 2, status: 200, latencyMs: 1, costMicrocents: 500n });
  const second = await world.call({ requestId: "two", mode: "observe" });
  await second.hold({ cause: "timeout", knownMicrocents: 40n }, { number: 1, status: 0, latencyMs: 1 });
  const third = await world.call({ requestId: "three" });
  await third.release({ number: 1, status: 503, latencyMs: 1, costMicrocents: 0n });
  const lines = world.lines;
  await world.engine.close();
  return lines;
}

/** The journal up to an entry, as a process that was killed leaves it. */
function cut(lines: readonly string[], count: number): CallWorld {
  const kept = lines.slice(0, count);
  const last = parseEntryLine(kept.at(-1) ?? "");
  const world = new CallWorld();
  world.disk = new MemoryDisk();
  world.disk.files.set(segmentName(1), Buffer.from(kept.map((line) => `${line}\n`).join("")));
  const head = { sequence: last?.sequence ?? 0, hash: last?.entryHash ?? "", keyed: false };
  world.disk.files.set(HEAD_FILE, Uint8Array.from(headPage(head)));
  world.now += 86_400_000_000;
  return world;
}

test("a journal of calls that is cut after any of its entries is intact, and what may have been spent is held", async () => {
  const lines = await journal();
  const from = lines.findIndex((line) => line.includes('"id":"one"'));
  expect(from).toBeGreaterThan(0);
  for (let count = from + 1; count <= lines.length; count++) {
    const world = await cut(lines, count).open();
    const open = [...world.engine.calls.open()];
    for (const { state, attemptCosts, reservedMicrocents } of open) {
      expect(state).toBe("held");
      expect(reservedMicrocents > 0n).toBe(attemptCosts.includes(undefined));
    }
    const { reserved, settled = 0n, debt } = world.balance();
    expect({ reserved, debt }).toEqual({
      reserved: open.reduce((sum, { reservedMicrocents }) => sum + reservedMicrocents, 0n),
      debt: 0n,
    });
    expect(settled <= BILL).toBe(true);
    await expect(world.begin({ requestId: "one" })).rejects.toMatchObject({ code: "CAL_CALL_REPEATED" });
    const audit = createAudit();
    await world.engine.close();
    for (const [index, line] of world.lines.entries()) audit.line(line, { file: "journal", byteOffset: index });
    expect(audit.finish()).toMatchObject({ status: "intact", findings: [] });
  }
});
