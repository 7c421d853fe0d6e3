/** Planted bugs of what was measured of regret and is kept in snapshots: its numbers, its bytes, and how an engine goes on from it. @module */
import type { Mutant } from "./mutants.ts";

const MEASURE = "engine/src/regret/measure.ts";
const POLICIES = "engine/src/regret/measured-policies.ts";
const BYTES = "engine/src/regret/measure-bytes.ts";
const KEPT = "engine/src/regret/kept-regret.ts";
const SERVING = "engine/src/regret/engine-regret.ts";
const KEPT_TEST = "engine/test/regret/kept-regret.test.ts";
const SERVING_TEST = "engine/test/regret/engine-regret.test.ts";
const BYTES_TEST = "engine/test/regret/measure-bytes.property.test.ts";
const NUMBERS_TEST = "estimate/test/fold-numbers.property.test.ts";

const OF_NUMBERS: readonly Mutant[] = [
  {
    name: "a mean that is carried over forgets its variance",
    file: "estimate/src/running-mean.ts",
    find: "    this.#squares = numbers.number(this.#squares);\n",
    replace: "",
    test: NUMBERS_TEST,
  },
  {
    name: "an interval that is carried over begins anew",
    file: "estimate/src/watched-value.ts",
    find: "    this.#interval?.carry(numbers);\n",
    replace: "",
    test: NUMBERS_TEST,
  },
  {
    name: "rows of the pilot are counted anew after a fold was carried over",
    file: "estimate/src/watched-value.ts",
    find: "    this.#rows = numbers.number(this.#rows);\n",
    replace: "",
    test: NUMBERS_TEST,
  },
  {
    name: "that a comparison has passed is not carried over",
    file: "estimate/src/difference-test.ts",
    find: "    this.#passedAt = carryOptional(numbers, this.#passedAt);\n",
    replace: "",
    test: NUMBERS_TEST,
  },
  {
    name: "cells of calibration that are carried over are all of one tier",
    file: "estimate/src/calibration.ts",
    find: "key % TIER_COUNT_MAX);",
    replace: "0);",
    test: NUMBERS_TEST,
  },
  {
    name: "fixed candidates are not carried over",
    file: "estimate/src/regret.ts",
    find: "      this.#always.set(candidate, value);\n",
    replace: "",
    test: NUMBERS_TEST,
  },
  {
    name: "any number is taken for a count",
    file: "estimate/src/fold-numbers.ts",
    find: "if (!Number.isInteger(whole) || whole < 0 || whole > max)",
    replace: "if (Number.isNaN(whole))",
    test: NUMBERS_TEST,
  },
];

const OF_BYTES: readonly Mutant[] = [
  {
    name: "whole numbers below 0 lose their sign",
    file: BYTES,
    find: "+ (value < 0 ? 1 : 0);",
    replace: "+ 0;",
    test: BYTES_TEST,
  },
  {
    name: "text that is cut is read all the same",
    file: BYTES,
    find: "if (count < 0 || bytes.byteLength !== count)",
    replace: "if (count < 0)",
    test: BYTES_TEST,
  },
  {
    name: "a page of sequences that was read counts one",
    file: "engine/src/regret/sequence-set.ts",
    find: "page?.count ?? countOf(bits)",
    replace: "page?.count ?? 1",
    test: BYTES_TEST,
  },
  {
    name: "times of decisions that were read are 0",
    file: "engine/src/regret/decision-times.ts",
    find: "    times[index] = at;\n",
    replace: "",
    test: BYTES_TEST,
  },
  {
    name: "decisions with an outcome are counted anew after a measure was carried over",
    file: MEASURE,
    find: "    this.#counted = bytes.whole(this.#counted);\n",
    replace: "",
    test: KEPT_TEST,
    title: "carried over after any entry",
  },
  {
    name: "decisions of a canary are not carried over",
    file: MEASURE,
    find: "    this.#canary.carry(bytes);\n",
    replace: "",
    test: KEPT_TEST,
    title: "carried over after any entry",
  },
  {
    name: "a measure with other settings is gone on with",
    file: MEASURE,
    find: "if (!Object.is(bytes.number(setting), setting))",
    replace: "if (bytes.number(setting) === 2)",
    test: KEPT_TEST,
    title: "with other settings",
  },
  {
    name: "that a policy is staged is not carried over",
    file: POLICIES,
    find: "    this.hasCanary = bytes.whole(this.hasCanary ? 1 : 0) === 1;\n",
    replace: "",
    test: KEPT_TEST,
    title: "carried over after any entry",
  },
  {
    name: "names of candidates are not carried over",
    file: POLICIES,
    find: "this.#activate(sequence, id, this.#byId.get(id) ?? NO_POLICY);",
    replace: "this.#activate(sequence, id, NO_POLICY);",
    test: KEPT_TEST,
    title: "carried over after any entry",
  },
];

const OF_KEEPING: readonly Mutant[] = [
  {
    name: "a measure of another version is gone on with",
    file: KEPT,
    find: 'if (members.whole("version") !== MEASURE_VERSION) return;',
    replace: "",
    test: KEPT_TEST,
    title: "of another version",
  },
  {
    name: "a measure beyond its snapshot is taken",
    file: KEPT,
    find: "if (covered > sequence)",
    replace: "if (covered < 0)",
    test: KEPT_TEST,
    title: "pages of what was measured",
  },
  {
    name: "pages of two measures are put together",
    file: KEPT,
    find: "if (this.#pages.length > 0 && covered !== this.#sequence)",
    replace: "if (covered < 0)",
    test: KEPT_TEST,
    title: "pages of what was measured",
  },
  {
    name: "what was measured is never kept",
    file: SERVING,
    find: "this.#kept.keep({ sequence, bytes: measure });",
    replace: "this.#kept.sequence;",
    test: KEPT_TEST,
    title: "at each rotation",
  },
  {
    name: "a thread that goes on from a snapshot is given every entry",
    file: SERVING,
    find: "let given = await this.#position();",
    replace: "let given = (await this.#position()) * 0;",
    test: KEPT_TEST,
    title: "again and again",
  },
  {
    name: "a measure that cannot be used is kept for good",
    file: SERVING,
    find: "if (sequence < this.#kept.sequence) this.#kept.forget();",
    replace: "",
    test: SERVING_TEST,
  },
  {
    name: "regret is not measured on at a rotation",
    file: "engine/src/engine.ts",
    find: "onSnapshot: () => this.regret.follow()",
    replace: "onSnapshot: () => undefined",
    test: KEPT_TEST,
    title: "at each rotation",
  },
];

const OF_PROGRESS: readonly Mutant[] = [
  {
    name: "the second pass through a journal begins at 0 %",
    file: "cli/src/report/journal-progress.ts",
    find: "    this.#passes += 1;\n",
    replace: "",
    test: "cli/test/regret/journal-progress.test.ts",
  },
  {
    name: "a bar is drawn beside JSON",
    file: "cli/src/report/journal-progress.ts",
    find: "options.json !== true && ",
    replace: "",
    test: "cli/test/regret/journal-progress.test.ts",
  },
];

export const KEPT_REGRET_MUTANTS: readonly Mutant[] = [...OF_NUMBERS, ...OF_BYTES, ...OF_KEEPING, ...OF_PROGRESS];
