import fc from "fast-check";
import { expect, test } from "vitest";
import { nodeChain } from "../../src/journal/chain-hash.ts";
import { MARKS, RING_TAIL_LENGTH_MAX, RingInlet, type Tail } from "../../src/journal/entry-ring.ts";
import { JournalTree } from "../../src/journal/journal-tree.ts";
import { LineStage } from "../../src/journal/line-stage.ts";
import { type Lines, SegmentWriter } from "../../src/journal/segment-writer.ts";
import { sharedBytes, sharedMemory, WORD } from "../../src/journal/shared-memory.ts";
import { MemoryDisk } from "../support/memory-disk.ts";

// Goal: in whichever turns entries are ordered and written, and wherever the positions are, what is written is the chain
// of what was ordered, in batches that respect segments and seals.
// Method: both ends of the ring in one thread, step by step. The positions begin just before they pass 2^32.

/** The tree of so many entries, each with the hash given. */
const treeOf = (hashes: readonly string[]): JournalTree => {
  const tree = new JournalTree();
  for (const [index, hash] of hashes.entries()) tree.apply(index + 1, hash);
  return tree;
};
const BEFORE = Array.from({ length: 41 }, (_, index) => index.toString(16).padStart(64, "0"));
const START = {
  directory: "stage",
  segment: 1,
  end: 0,
  sequence: BEFORE.length,
  hash: "ab".repeat(32),
  tree: treeOf(BEFORE).frontier(),
};
const KEY = new Uint8Array(32).fill(3);

const entry = fc.record({
  length: fc.oneof(
    { weight: 12, arbitrary: fc.nat(600) },
    { weight: 3, arbitrary: fc.nat(60_000) },
    { weight: 1, arbitrary: fc.integer({ min: RING_TAIL_LENGTH_MAX - 300, max: RING_TAIL_LENGTH_MAX + 300 }) },
  ),
  character: fc.constantFrom("x", "é", "€"),
  rotate: fc.integer({ min: 0, max: 9 }).map((chance) => chance === 0),
  sealed: fc.boolean(),
});
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("push" as const), entries: fc.array(entry, { maxLength: 12 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("write" as const) }) },
);

test("a ring that wraps is written as one chain of all that was ordered", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), fc.nat(400_000), (steps, keyed, before) => {
      const chain = keyed ? nodeChain(KEY) : undefined;
      const memory = sharedMemory(sharedBytes());
      const position = 2 ** 32 - 8 * before;
      for (const word of [WORD.appended, WORD.emptied]) Atomics.store(memory.words, word, position | 0);
      const { sequence, hash } = START;

      const inlet = new RingInlet(memory);
      const stage = new LineStage(memory, START, chain);
      const disk = new MemoryDisk();
      const files = new SegmentWriter(disk, START, chain, () => 0);
      const outside: string[] = [];
      const written: Lines[] = [];
      const pushed: { readonly tail: Tail; readonly rotate: boolean; readonly sealed: boolean }[] = [];
      const write = (): boolean => {
        const lines = stage.take(() => outside.shift() as string);
        if (lines === undefined) return false;
        files.append(lines);
        files.writeHead(lines);
        stage.written(lines);
        written.push({ ...lines, bytes: Buffer.from(lines.bytes) });
        return true;
      };
      for (const each of steps) {
        if (each.kind === "write") write();
        else {
          for (const { length, character, rotate, sealed } of each.entries) {
            const tail = `,"x":"${character.repeat(length)}"}`;
            const marks = (rotate ? MARKS.rotate : 0) | (sealed ? MARKS.sealed : 0);
            if (!inlet.push(tail, marks)) break;
            if (tail.length > RING_TAIL_LENGTH_MAX) outside.push(tail);
            pushed.push({ tail, rotate, sealed });
          }
          inlet.publish();
        }
      }
      while (stage.hasWork()) expect(write()).toBe(true);
      expect(written.at(-1)?.last ?? sequence).toBe(sequence + pushed.length);
      expect(write()).toBe(false);

      let next = 0;
      for (const { first, last, rotate, sealed } of written) {
        expect(first).toBe(sequence + next + 1);
        const batch = pushed.slice(next, next + last - first + 1);
        // A batch begins a segment if its first entry does, and no other entry of it does; it ends with a seal if its last does.
        expect(batch.map((one) => one.rotate)).toEqual(batch.map((_, index) => rotate && index === 0));
        expect(sealed).toBe(batch.at(-1)?.sealed);
        next += batch.length;
      }
      const texts = written.flatMap(({ bytes }) => Buffer.from(bytes).toString().split("\n").slice(0, -1));
      let previous = hash;
      let known = sequence;
      const tree = treeOf(BEFORE);
      for (const [index, text] of texts.entries()) {
        const at = sequence + index + 1;
        const match =
          /^\{"sequence":(\d+),"previous_hash":"([0-9a-f]{64})","entry_hash":"([0-9a-f]{64})","data":(.*)\}$/s.exec(
            text,
          );
        const [, number, previousHash, entryHash, data = ""] = match ?? [];
        expect([Number(number), previousHash]).toEqual([at, previous]);
        expect(entryHash).toBe(nodeChain(keyed ? KEY : undefined)(previous, Buffer.from(data)));
        const durable = Number(/^\{"sequence":\d+,"durable":(\d+)/.exec(data)?.[1]);
        const { tail, rotate } = pushed[index] as { readonly tail: string; readonly rotate: boolean };
        const root = rotate ? `,"treeRoot":"${tree.digest()}"}` : "}";
        expect(data).toBe(`{"sequence":${at},"durable":${durable}${tail.slice(0, -1)}${root}`);
        tree.apply(at, entryHash as string);
        expect(durable).toBeLessThan(at);
        expect(durable).toBeGreaterThanOrEqual(known);
        known = durable;
        previous = entryHash as string;
      }
      expect(stage.tree()).toEqual(tree.frontier());
      if (texts.length > 0) expect(memory.proofs.hashOf(sequence + texts.length)).toBe(previous);
    }),
    { numRuns: 60 },
  );
});
