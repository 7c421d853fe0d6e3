/**
 * Planted bugs of the head, its MAC, and the rule that distinguishes a torn tail from damage.
 * @module
 */
import type { Mutant } from "./mutants.ts";

const RECOVERY = "journal/recovery.ts";
const TORN_TAIL = "../../kernel/src/torn-tail.ts";

export const HEAD_MUTANTS: readonly Mutant[] = [
  {
    name: "a journal without its head is opened",
    file: "journal/losses.ts",
    find: "return proven === 0 ? [] :",
    replace: "return proven >= 0 ? [] :",
    search: "flip",
  },
  {
    name: "a blank head counts as one that was torn",
    file: "journal/head.ts",
    find: "text.startsWith(BEGINNING) ?",
    replace: "text.length > 0 ?",
    search: "flip",
  },
  {
    name: "a new journal is refused when the machine stops before its first head is durable",
    file: "journal/losses.ts",
    find: "return proven === 0 ? [] :",
    replace: "return last.sequence === 0 ? [] :",
    search: "crash",
  },
  {
    name: "the first batch leaves the head to the next second",
    file: "journal/segment-writer.ts",
    find: "  #headSyncedMs: number = Number.NEGATIVE_INFINITY;",
    replace: "  #headSyncedMs = 0;",
    search: "crash",
  },
  {
    name: "a recovered journal is served before its head is durable",
    file: RECOVERY,
    find: "  if (last.sequence > 0) keepHead(",
    replace: "  if (last.sequence < 0) keepHead(",
    search: "flip",
  },
  {
    name: "the MAC of the head is not looked at",
    file: RECOVERY,
    find: "  if (mac?.isWrong === true && last.sequence > 0)",
    replace: "  if (mac?.isWrong === true && last.sequence < 0)",
    search: "flip",
    workload: "keyed",
  },
  {
    name: "any MAC is taken for that of the head",
    file: "journal/head-mac.ts",
    find: "if (head !== undefined && headMac(head, chain) === text)",
    replace: "if (head !== undefined)",
    search: "flip",
    workload: "keyed",
  },
  {
    name: "a whole line that was altered is cut as a torn tail",
    file: TORN_TAIL,
    find: "return isWholeLine(text) ?",
    replace: "return text.length < 0 ?",
    search: "flip",
  },
  {
    name: "an entry in another form is cut as a torn tail",
    file: TORN_TAIL,
    find: "if (entry.sequence === last.sequence + 1) return",
    replace: "if (entry.sequence < 0) return",
    search: "flip",
  },
  {
    name: "a duplicate entry is cut as a torn tail",
    file: TORN_TAIL,
    find: "if (entry.sequence <= last.sequence) return",
    replace: "if (entry.sequence <= 0) return",
    search: "flip",
  },
  {
    name: "a loss is accepted without being asked for",
    file: RECOVERY,
    find: "!(acceptLoss && last.sequence > 0)) throw loss;",
    replace: "last.sequence === 0) throw loss;",
    search: "flip",
  },
];
