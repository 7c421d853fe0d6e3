/**
 * Planted bugs of the disk: each is one text of the source replaced by another, and each must turn the named search red.
 * A search that stays green with a bug in it proves nothing.
 * @module
 */

export interface Mutant {
  /** What the bug does. */
  readonly name: string;
  /** Where it is planted, below `packages/engine/src/`. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  readonly search: "crash" | "fault" | "flip";
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "recovery serves bytes that may only be in the page cache",
    file: "journal/recovery.ts",
    find: "  rewrite(disk, directory, from ?? { segment: last.segment, offset: last.end }, last);\n",
    replace: "",
    search: "crash",
  },
  {
    name: "recovery rewrites, and does not sync what it rewrote",
    file: "journal/recovery.ts",
    find: "    file.sync();\n    file.close();\n  }\n  if (listSegments",
    replace: "    file.close();\n  }\n  if (listSegments",
    search: "crash",
  },
  {
    name: "recovery takes everything that it reads for proven",
    file: "journal/recovery.ts",
    find: "proven = Math.max(proven, dataHead.durable);",
    replace: "proven = Math.max(proven, parsed.sequence);",
    search: "crash",
  },
  {
    name: "a torn tail is not blanked",
    file: "journal/recovery.ts",
    find: "    if (segment >= last.segment) blank(file, end, contentEnd(file, end));\n",
    replace: "",
    search: "crash",
  },
  {
    name: "a torn tail is cut and not kept",
    file: "journal/recovery.ts",
    find: "const setAside = broken === undefined ? undefined : keepAside(",
    replace: "const setAside = broken !== undefined || broken === undefined ? undefined : keepAside(",
    search: "crash",
  },
  {
    name: "what is set aside is not synced before the tail is cut",
    file: "journal/recovery.ts",
    find: "  aside.sync();\n",
    replace: "",
    search: "crash",
  },
  {
    name: "the name of a set-aside file is not made durable before the tail is cut",
    file: "journal/recovery.ts",
    find: "  aside.close();\n  disk.syncDirectory(directory);\n",
    replace: "  aside.close();\n",
    search: "crash",
  },
  {
    name: "a second recovery writes over what the first one set aside",
    file: "journal/recovery.ts",
    find: "  for (let next = 2; taken.includes(free); next++)",
    replace: "  for (let next = 2; taken.length < 0; next++)",
    search: "crash",
  },
  {
    name: "any whole entry after a break is called corruption",
    file: "journal/recovery.ts",
    find: "if (head !== undefined && head.durable > lastGood) throw",
    replace: "if (head !== undefined) throw",
    search: "crash",
  },
  {
    name: "ids are forgotten by a restart",
    file: "engine.ts",
    find: '      if (body.kind === "decision" && body.requestId !== undefined) index.add(body.requestId, entry.head.sequence);\n',
    replace: "",
    search: "crash",
  },
  {
    name: "a short write is taken for a whole one",
    file: "journal/disk.ts",
    find: "if (taken === bytes.byteLength) return;",
    replace: "if (taken >= 0) return;",
    search: "fault",
  },
  {
    name: "an error of the disk while opening is passed on as the system gave it",
    file: "journal/disk.ts",
    find: 'if (!(cause instanceof Error) || !("syscall" in cause)) throw cause;',
    replace: "if (cause !== undefined) throw cause;",
    search: "fault",
  },
  {
    name: "a request that failed may be asked again, and is answered from the page cache",
    file: "engine.ts",
    find: "    const answered = await decided;\n    this.#inFlight.delete(requestId);\n    return answered;\n",
    replace: "    return await decided.finally(() => this.#inFlight.delete(requestId));\n",
    search: "fault",
  },
  {
    name: "hashes are not compared",
    file: "journal/recovery.ts",
    find: "return hash === line.entryHash ? undefined :",
    replace: "return hash !== undefined ? undefined :",
    search: "flip",
  },
  {
    name: "the sequence outside the hash is not compared",
    file: "journal/recovery.ts",
    find: "if (line.sequence !== next) return",
    replace: "if (line.sequence < 0) return",
    search: "flip",
  },
  {
    name: "a tail is cut although an entry after it says that it was durable",
    file: "journal/recovery.ts",
    find: "if (head !== undefined && head.durable > lastGood) throw",
    replace: "if (head !== undefined && head.durable < 0) throw",
    search: "flip",
  },
  {
    name: "a tail is cut although the head names it",
    file: "journal/recovery.ts",
    find: "  refuseIfBeyond(head, last, broken);\n",
    replace: "",
    search: "flip",
  },
  {
    name: "the hash in the head is not compared",
    file: "journal/recovery.ts",
    find: "    refuseOtherHash(head, last, line);\n",
    replace: "",
    search: "flip",
  },
];
