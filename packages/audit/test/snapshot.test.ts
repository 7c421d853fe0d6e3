import { nodeChain, nodeSha256, segmentNumber } from "@calybris/engine/internal";
import { expect, test } from "vitest";
import { CommandWorld, drawCommands, learning } from "../../engine/test/support/command-world.ts";
import { seededChance } from "../../engine/test/support/seeded-chance.ts";
import { withTimersHeld } from "../../engine/test/support/virtual-timers.ts";
import { createAudit } from "../src/audit.ts";
import type { AuditReport } from "../src/report.ts";
import { type Cut, cutsOf } from "./cuts.ts";

// Goal: an audit that begins behind a snapshot comes to what the whole audit comes to, says what it leaves open, and takes
// no snapshot that the journal does not bind.
// Method: random honest journals; at every state entry the engine's snapshot, read by the audit's own folds.

const PLACE = { file: "all", byteOffset: 0 };
const chain = nodeChain();

async function journalOf(seed: number): Promise<{ readonly lines: readonly string[]; readonly cuts: readonly Cut[] }> {
  const world = await CommandWorld.open({ policy: learning(1n), segmentBytesMax: 12_000 });
  const key = { name: "billing", sha256: "a".repeat(64), tenants: ["org"], scopes: ["operate"] as const };
  const actor = world.engine.keys.introduce(key);
  for (const [index, command] of drawCommands(seededChance(seed), 150).entries()) {
    await world.start(command);
    if (index === 20) await world.engine.reconfigure({ keys: [key] }, () => ({ actor, onBehalfOf: "ana" }));
  }
  await world.engine.close();
  const names = [...world.disk.files.keys()].filter((name) => segmentNumber(name) !== undefined).sort();
  const lines = names.flatMap(
    (name) =>
      Buffer.from(world.disk.files.get(name) ?? [])
        .toString()
        .match(/[^\n]+/g) ?? [],
  );
  return { lines, cuts: cutsOf(lines) };
}

function audited(lines: readonly string[], snapshot?: readonly string[]): { report: AuditReport; proof: unknown } {
  const audit = createAudit({ sha256: nodeSha256, chain, snapshot });
  for (const line of lines) audit.line(line, PLACE);
  return { report: audit.finish(), proof: audit.prove() };
}

test("behind the snapshot of every state entry the audit ends as the whole one does, and says what it leaves open", async () => {
  let cutCount = 0;
  await withTimersHeld(async () => {
    for (const seed of [3, 4, 5]) {
      const { lines, cuts } = await journalOf(seed);
      const whole = audited(lines);
      expect(whole.report.findings).toEqual([]);
      for (const { at, snapshot } of cuts) {
        const { report, proof } = audited(lines.slice(at), snapshot);
        expect(report.findings, `seed ${seed}, entry ${at + 1}`).toEqual([]);
        expect(report.status).toBe(whole.report.status);
        expect(proof).toEqual(whole.proof);
        expect(report.policies.map(({ digest }) => digest)).toEqual(whole.report.policies.map(({ digest }) => digest));
        expect(report.notEstablished[0]).toContain(`entries 1 to ${at}`);
        cutCount += 1;
      }
    }
  });
  expect(cutCount).toBeGreaterThan(12);
});

test("a snapshot with a line that is altered, gone or of another place is not what the journal binds", async () => {
  await withTimersHeld(async () => {
    const { lines, cuts } = await journalOf(6);
    const { at, snapshot } = cuts.at(-1) as Cut;
    const broken = (given: readonly string[]): void =>
      expect(audited(lines.slice(at), given).report.status, given.length.toString()).toBe("broken");
    for (const index of snapshot.keys()) {
      broken(snapshot.filter((_, each) => each !== index));
      broken(
        snapshot.map((line, each) =>
          each === index ? line.replace(/[0-9](?=[^0-9]*$)/, (digit) => `${9 - Number(digit)}`) : line,
        ),
      );
    }
    broken((cuts[0] as Cut).snapshot);
    expect(audited(lines.slice(at + 1), snapshot).report.status).toBe("broken");
  });
});
