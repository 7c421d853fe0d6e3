/**
 * Planted bugs of what keeps a journal startable and honest beside its newest entries: the verification of older segments, the
 * free space that a snapshot leaves, and those who wait for an entry that another ordered.
 * @module
 */
import type { Mutant } from "./mutants.ts";

const OLDER = "engine/src/storage/older-entries.ts";
const OLDER_TEST = "engine/test/storage/older-entries.test.ts";
const KEEPER = "engine/src/snapshot/snapshot-keeper.ts";
const KEEPER_TEST = "engine/test/snapshot/snapshot-keeper.test.ts";
const WHEN_DURABLE_TEST = "engine/test/journal/when-durable.test.ts";

export const OLDER_MUTANTS: readonly Mutant[] = [
  {
    name: "older decisions are not decided again",
    file: "engine/src/storage/older-content.ts",
    find: "if (toHex(made.identity) !== identity)",
    replace: 'if (toHex(made.identity) === "")',
    test: OLDER_TEST,
  },
  {
    name: "the digest of an older policy is not compared",
    file: "engine/src/state/policy-book.ts",
    find: "if (given !== claimed) throw",
    replace: 'if (given === "") throw',
    test: OLDER_TEST,
  },
  {
    name: "what an older entry says is not looked at",
    file: OLDER,
    find: "      this.#content?.check(taken.head, taken.line.data);\n",
    replace: "",
    test: OLDER_TEST,
  },
  {
    name: "older segments may end in another entry than the snapshot does",
    file: OLDER,
    find: "if (!this.#isAfterGap && !isSame) {",
    replace: "if (this.#isAfterGap && !isSame) {",
    test: OLDER_TEST,
  },
  {
    name: "older segments are read as fast as the disk gives them",
    file: OLDER,
    find: "(bytes * 1_000) / this.#options.bytesPerSecond",
    replace: "(bytes * 500) / this.#options.bytesPerSecond",
    test: OLDER_TEST,
  },
  {
    name: "a snapshot takes the space of the journal's next segment",
    file: KEEPER,
    find: "const needed = bytes + segmentBytesMax;",
    replace: "const needed = bytes;",
    test: KEEPER_TEST,
  },
  {
    name: "no snapshot is written where nobody knows the free space",
    file: KEEPER,
    find: "if (free === undefined || ",
    replace: "if (free !== undefined && ",
    test: KEEPER_TEST,
  },
  {
    name: "a repetition is answered with any entry that becomes durable",
    file: "engine/src/journal/waiting-list.ts",
    find: "this.#late.filter(({ sequence }) => sequence <= durable)",
    replace: "this.#late.filter(({ sequence }) => sequence <= durable + 1)",
    test: WHEN_DURABLE_TEST,
  },
  {
    name: "a repetition of what never left waits for ever",
    file: "engine/src/journal/waiting-list.ts",
    find: "this.#late.filter(({ sequence }) => sequence >= first)",
    replace: "this.#late.filter(({ sequence }) => sequence > first)",
    test: WHEN_DURABLE_TEST,
  },
  {
    name: "a command after a failure of the disk is answered as durable",
    file: "engine/src/journal/journal.ts",
    find: "    if (failure !== undefined) throw failure;\n    invariant(",
    replace: "    if (failure !== undefined) return;\n    invariant(",
    test: WHEN_DURABLE_TEST,
  },
];
