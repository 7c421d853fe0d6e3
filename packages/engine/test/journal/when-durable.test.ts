import type { CalybrisError } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FailStop } from "../../src/journal/fail-stop.ts";
import { Journal } from "../../src/journal/journal.ts";
import type { Batch, WriterDriver, Written } from "../../src/journal/writer-driver.ts";
import { body } from "../support/journal-harness.ts";

// Goal: a waiter for an entry that another command ordered resolves exactly when the entry is durable, and rejects when its fate is unknown.
// Method: a driver that reports given results; waits that begin at any moment.

class Disk implements WriterDriver {
  onWritten: (written: Written) => void = () => undefined;
  onFailed: (problem: string) => void = () => undefined;
  #durable = 0;

  submit(_batch: Batch): void {}

  write(durable: number): void {
    const proofs = { hashOf: () => "", copy: () => undefined };
    const first = this.#durable + 1;
    this.#durable = durable;
    this.onWritten({ first, durable, hash: "", proofs, segment: 1, offset: 0, bytes: 1, fsyncs: 1 } as never);
  }

  async close(): Promise<void> {}
}

function journalOn(driver: WriterDriver, failStop: FailStop = new FailStop()): Journal {
  return new Journal({
    driver,
    failStop,
    sequence: 0,
    at: 0,
    sealed: true,
    segmentBytes: 0,
    nowUs: () => 1,
    digests: () => ({ stateDigest: "0".repeat(64), snapshotDigest: "0".repeat(64) }),
    onOrdered: () => undefined,
  });
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a wait ends when its entry is durable, not before, whenever it begins; after a failure it is rejected", async () => {
  const step = fc.oneof(
    fc.constant({ does: "order" as const }),
    fc.record({ does: fc.constant("wait" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ does: fc.constant("write" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const disk = new Disk();
      const journal = journalOn(disk);
      const waits: { readonly sequence: number; end: string | undefined }[] = [];
      let durable = 0;
      const wait = (sequence: number): void => {
        const own: (typeof waits)[number] = { sequence, end: undefined };
        waits.push(own);
        journal.whenDurable(sequence).then(
          () => {
            own.end = "durable";
          },
          (error: CalybrisError) => {
            own.end = error.code;
          },
        );
      };
      for (const each of steps) {
        if (each.does === "order") journal.append(body(journal.sequence + 1)).durable.catch(() => undefined);
        else if (each.does === "wait") wait(Math.round(each.share * journal.sequence));
        else if (durable < journal.sequence) {
          await settle();
          durable += Math.max(1, Math.round(each.share * (journal.sequence - durable)));
          disk.write(durable);
        }
        await settle();
        for (const { sequence, end } of waits) expect(end).toBe(sequence <= durable ? "durable" : undefined);
      }
      disk.onFailed("a test");
      if (journal.sequence > durable) wait(journal.sequence);
      wait(durable);
      await settle();
      for (const { sequence, end } of waits) expect(end).toBe(sequence <= durable ? "durable" : "CAL_JOURNAL_FAILED");
    }),
    { numRuns: 500, seed: 1 },
  );
});

test("a waiter for an entry of a step that is taken back is rejected with the stop, and the others go on", async () => {
  const disk = new Disk();
  const failStop = new FailStop();
  const journal = journalOn(disk, failStop);
  journal.append(body(1));
  const before = journal.whenDurable(1);
  let within: Promise<void> | undefined;
  expect(() =>
    journal.step(() => {
      journal.establishRoom(2);
      const { sequence, durable } = journal.order(body(2));
      durable.catch(() => undefined);
      within = journal.whenDurable(sequence);
      throw new Error("a bug");
    }),
  ).toThrow(expect.objectContaining({ code: "CAL_ENGINE_STOPPED" }));
  await expect(within).rejects.toMatchObject({ code: "CAL_ENGINE_STOPPED" });
  await expect(journal.whenDurable(2)).rejects.toBe(failStop.failure);
  await settle();
  disk.write(1);
  await before;
});
