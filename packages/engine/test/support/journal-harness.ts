/**
 * A journal without an engine around it: entries of one shape, on any disk, driven in the caller's thread.
 * @module
 */
import { type EntryBody, prescribe, samplePolicy, sampleRequest, sequence } from "@calybris/kernel";
import { nodeChain } from "../../src/journal/chain-hash.ts";
import type { Disk } from "../../src/journal/disk.ts";
import { Journal } from "../../src/journal/journal.ts";
import { type GoodEntry, type Recovered, recover } from "../../src/journal/recovery.ts";
import { InlineDriver } from "../../src/journal/thread-driver.ts";
import { Writer } from "../../src/journal/writer.ts";

export const DIRECTORY = "journal";

export interface OpenedJournal {
  readonly journal: Journal;
  readonly recovered: Recovered;
  readonly entries: readonly GoodEntry[];
}

/** Recovers what is on the disk and opens it for appending. Time is a counter, so that bytes repeat. */
export function openJournal(
  disk: Disk,
  options: { readonly segmentBytesMax?: number; readonly waitingMax?: number } = {},
): OpenedJournal {
  const entries: GoodEntry[] = [];
  const recovered = recover(disk, DIRECTORY, nodeChain(), false, (entry) => entries.push(entry));
  let now = entries.at(-1)?.head.at ?? 0;
  const journal = new Journal({
    driver: new InlineDriver(new Writer(disk, recovered.start, undefined, () => 0)),
    sequence: recovered.start.sequence,
    at: now,
    sealed: true,
    segmentBytes: recovered.start.end,
    nowUs: () => ++now,
    digests: () => ({ stateDigest: "0".repeat(64), snapshotDigest: "0".repeat(64) }),
    onOrdered: () => undefined,
    ...options,
  });
  return { journal, recovered, entries };
}

/** The body of the nth decision; all alike but for their number. */
export function body(number: number): EntryBody {
  const request = { ...sampleRequest(), sequence: sequence(BigInt(number)) };
  const { decision } = prescribe(samplePolicy(), request);
  return {
    kind: "decision",
    policyId: 1,
    useCase: "default",
    defaulted: [],
    request,
    decision,
    identity: "0".repeat(64),
  };
}

/** What the disk of a journal of `count` entries holds, and which sequences were acknowledged. */
export async function fill(
  disk: Disk,
  count: number,
  options: { readonly segmentBytesMax?: number } = {},
): Promise<readonly number[]> {
  const { journal } = openJournal(disk, options);
  const acknowledged: number[] = [];
  for (let number = 1; number <= count; number++) {
    const { sequence: at, durable } = journal.append(body(number));
    await durable;
    acknowledged.push(at);
  }
  return acknowledged;
}
