/**
 * Planted bugs of the fence, and the search that must see each.
 * @module
 */
import type { Mutant } from "./mutants.ts";

export const FENCE_MUTANTS: readonly Mutant[] = [
  {
    name: "a batch is written without asking whether the journal is still ours",
    file: "journal/segment-writer.ts",
    find: "      this.#assertOurs();\n      if (lines.rotate)",
    replace: "      if (lines.rotate)",
    search: "fence",
  },
  {
    name: "a batch is acknowledged without asking whether the lock is still ours",
    file: "journal/segment-writer.ts",
    find: "      this.#file.syncData();\n      this.#fence.assertLocked();\n",
    replace: "      this.#file.syncData();\n",
    search: "fence",
  },
  {
    name: "another writer's entries are written over",
    file: "journal/segment-writer.ts",
    find: "      this.#fence.assertBlank(this.#file, offset, byteLength);\n",
    replace: "",
    search: "fence",
  },
  {
    name: "the fence looks at the lock alone",
    file: "journal/fence.ts",
    find: "      if (file.isInPlace?.() === false)",
    replace: "      if (file.isInPlace?.() === undefined)",
    search: "fence",
  },
  {
    name: "the fence does not look at the head",
    file: "journal/segment-writer.ts",
    find: ", [HEAD_FILE]: this.#head });",
    replace: " });",
    search: "fence",
  },
  {
    name: "the fence does not look at the lock",
    file: "storage/directory-storage.ts",
    find: "this.#lockFile === undefined ? start : { ...start, lock: this.#lockFile }",
    replace: "start",
    search: "fence",
  },
  {
    name: "a segment that was cut since it was read is continued",
    file: "journal/segment-writer.ts",
    find: "    if (this.#file.size() < start.end)",
    replace: "    if (this.#file.size() < 0)",
    search: "fence",
  },
];
