import fc from "fast-check";
import { expect, test } from "vitest";
import { CHECKPOINT_FILE, historyName, StoredNotes } from "../../src/checkpoint/note-files.ts";
import type { SnapshotFiles } from "../../src/snapshot/snapshot-files.ts";

// Goal: notes that are kept at the same time, as a new checkpoint and the signatures of witnesses under one before, never write
// one file at once, and the newest stays the newest.
// Method: files whose every operation takes some turns of the event loop; a second writer of a file is a failure.

class SlowFiles {
  readonly whole: Map<string, string> = new Map();
  readonly #open: Set<string> = new Set();
  readonly #turns: () => number;

  constructor(turns: () => number) {
    this.#turns = turns;
  }

  async #wait(): Promise<void> {
    for (let turn = this.#turns(); turn > 0; turn--) await Promise.resolve();
  }

  readonly files: SnapshotFiles = {
    create: async (name: string) => {
      expect(this.#open.has(name), `${name} is written twice at once`).toBe(false);
      this.#open.add(name);
      await this.#wait();
      let text = "";
      return {
        write: async (bytes: Uint8Array) => {
          await this.#wait();
          text += Buffer.from(bytes).toString();
          this.whole.set(name, text);
        },
        sync: () => this.#wait(),
        close: async () => {
          await this.#wait();
          this.#open.delete(name);
        },
      };
    },
    rename: async (from: string, to: string) => {
      await this.#wait();
      this.whole.set(to, this.whole.get(from) ?? "");
      this.whole.delete(from);
    },
    remove: async (name: string) => {
      await this.#wait();
      this.whole.delete(name);
    },
    list: async () => {
      await this.#wait();
      return [...this.whole.keys()];
    },
    syncNames: () => this.#wait(),
  } as unknown as SnapshotFiles;
}

test("notes that are kept at once are each whole, and the newest is the newest", async () => {
  const kept = fc.array(fc.record({ size: fc.integer({ min: 1, max: 5 }), turns: fc.nat(4) }), {
    minLength: 1,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(kept, async (notes) => {
      let at = 0;
      const turns = (): number => notes[at++ % notes.length]?.turns ?? 0;
      const [journal, history] = [new SlowFiles(turns), new SlowFiles(turns)];
      const stored = new StoredNotes({
        journal: journal.files,
        history: () => Promise.resolve(history.files),
        read: (name) => Promise.resolve(journal.whole.get(name)),
      });
      await Promise.all(notes.map(({ size }, index) => stored.keep(BigInt(size), `${size}.${index}`)));
      const largest = Math.max(...notes.map(({ size }) => size));
      const last = notes.findLastIndex(({ size }) => size === largest);
      expect(await stored.newest()).toBe(`${largest}.${last}`);
      expect(journal.whole.size).toBe(1);
      expect(journal.whole.has(CHECKPOINT_FILE)).toBe(true);
      for (const { size } of notes)
        expect(history.whole.get(historyName(BigInt(size)))).toBe(
          `${size}.${notes.findLastIndex((note) => note.size === size)}`,
        );
    }),
  );
});
