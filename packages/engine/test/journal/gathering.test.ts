import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { EMPTY_TREE } from "../../src/journal/chain-start.ts";
import { Journal, type WriterDriver } from "../../src/journal/journal.ts";
import type { Batch, Written } from "../../src/journal/writer-driver.ts";
import { body } from "../support/journal-harness.ts";

// Goal: a journal with nothing under way gives an entry out at once; while it is busy, what is ordered goes out together after
// the first turn of the event loop that orders nothing more, and no entry waits for more than 1 ms of others to go out.
// Method: a driver that keeps what it is given, and a clock that the test moves.

class Keeping implements WriterDriver {
  onWritten: (written: Written) => void = () => undefined;
  onFailed: (problem: string) => void = () => undefined;
  readonly batches: Batch[] = [];
  submit(batch: Batch): void {
    this.batches.push(batch);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
  get sizes(): readonly number[] {
    return this.batches.map(({ tails }) => tails.length);
  }
  /** Says that everything up to a sequence is durable. */
  written(durable: number): void {
    const place = { hash: "", segment: 1, offset: 0, bytes: 0, fsyncs: 1 };
    const proofs = { hashOf: () => "", copy: () => undefined };
    this.onWritten({ ...place, first: 1, durable, proofs, tree: () => EMPTY_TREE });
  }
}

function opened(): { readonly journal: Journal; readonly driver: Keeping; readonly clock: { us: number } } {
  const driver = new Keeping();
  const clock = { us: 1 };
  const journal = new Journal({
    driver,
    sequence: 0,
    at: 0,
    sealed: true,
    segmentBytes: 0,
    nowUs: () => clock.us,
    digests: () => ({ stateDigest: "", snapshotDigest: "" }),
    onOrdered: () => undefined,
  });
  return { journal, driver, clock };
}

/** As the event loop does between two callbacks. */
const step = (): Promise<void> => Promise.resolve();

test("the first entry goes out at once, with those of its step", async () => {
  const { journal, driver } = opened();
  journal.append(body(1));
  journal.append(body(2));
  await step();
  expect(driver.sizes).toEqual([2]);
});

test("while others are under way, those that each turn adds to go out together", async () => {
  const { journal, driver } = opened();
  journal.append(body(1));
  await step();
  for (let number = 2; number <= 6; number++) {
    journal.append(body(number));
    await step();
  }
  expect(driver.sizes).toEqual([1]);
  await turn();
  journal.append(body(7));
  await turn();
  expect(driver.sizes).toEqual([1]);
  await turn();
  expect(driver.sizes).toEqual([1, 6]);
  driver.written(7);
  journal.append(body(8));
  await step();
  expect(driver.sizes).toEqual([1, 6, 1]);
});

test("an entry that is alone behind others goes out after one turn that orders nothing, whether or not they are durable", async () => {
  const { journal, driver } = opened();
  journal.append(body(1));
  await step();
  journal.append(body(2));
  await turn();
  await turn();
  expect(driver.sizes).toEqual([1, 1]);
  for (const _ of [1, 2, 3]) await turn();
  journal.append(body(3));
  await turn();
  await turn();
  expect(driver.sizes).toEqual([1, 1, 1]);
});

test("no entry waits longer than 1 ms for those that follow it, nor for more than 63 of them", async () => {
  const { journal, driver, clock } = opened();
  journal.append(body(1));
  await step();
  for (const us of [500, 999, 1_499, 1_500, 2_499]) {
    clock.us = us + 1;
    journal.append(body(2));
    await step();
  }
  expect(driver.sizes).toEqual([1, 4]);
  await turn();
  await turn();
  expect(driver.sizes).toEqual([1, 4, 1]);
  for (let count = 0; count < 72; count++) journal.append(body(3));
  expect(driver.sizes).toEqual([1, 4, 1, 64]);
  await turn();
  await turn();
  expect(driver.sizes).toEqual([1, 4, 1, 64, 8]);
});
