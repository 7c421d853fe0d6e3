/**
 * Planted bugs of the disk, and of the engine: each is one text of the source replaced by another, and each must turn the named search red.
 * A search that stays green with a bug in it proves nothing.
 * @module
 */

import { ENGINE_MUTANTS } from "./engine-mutants.ts";
import { FENCE_MUTANTS } from "./fence-mutants.ts";
import { HEAD_MUTANTS } from "./head-mutants.ts";
import { SNAPSHOT_MUTANTS } from "./snapshot-mutants.ts";

export interface Mutant {
  /** What the bug does. */
  readonly name: string;
  /** Where it is planted, below `packages/engine/src/`. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  readonly search:
    | "crash"
    | "fault"
    | "flip"
    | "order"
    | "stop"
    | "half"
    | "lie"
    | "retry"
    | "room"
    | "leak"
    | "fence"
    | "snapshot";
  /** The workload (of leaks, the way; of flips, `keyed`) that meets it, by a part of its name; all of them when not given. */
  readonly workload?: string;
  /** Where the search begins, so that it need not pass many histories that do not meet the bug; 1 when not given. */
  readonly seed?: number;
}

/** Recovery and the audit judge by one rule of the kernel. */
const TORN_TAIL = "../../kernel/src/torn-tail.ts";

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
    file: "journal/repair.ts",
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
    file: "journal/repair.ts",
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
    file: "journal/repair.ts",
    find: "  aside.sync();\n",
    replace: "",
    search: "crash",
  },
  {
    name: "the name of a set-aside file is not made durable before the tail is cut",
    file: "journal/repair.ts",
    find: "  aside.close();\n  disk.syncDirectory(directory);\n",
    replace: "  aside.close();\n",
    search: "crash",
  },
  {
    name: "a second recovery writes over what the first one set aside",
    file: "journal/repair.ts",
    find: "  for (let next = 2; taken.includes(free); next++)",
    replace: "  for (let next = 2; taken.length < 0; next++)",
    search: "crash",
  },
  {
    name: "any whole entry after a break is called corruption",
    file: TORN_TAIL,
    find: "if (entry.sequence <= last.sequence) return",
    replace: "if (entry.sequence > 0) return",
    search: "crash",
  },
  {
    name: "ids are forgotten by a restart",
    file: "state/request-index.ts",
    find: "    if (body.requestId !== undefined) this.add(namespaceOfEntry(body), body.requestId, sequence);\n",
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
    file: "journal/journal.ts",
    find: "    if (failure !== undefined) throw failure;\n    invariant(",
    replace: "    if (failure !== undefined) return;\n    invariant(",
    search: "fault",
  },
  {
    name: "hashes are not compared",
    file: "journal/chain-check.ts",
    find: "return hash === line.entryHash ? undefined :",
    replace: "return hash !== undefined ? undefined :",
    search: "flip",
  },
  {
    name: "the sequence outside the hash is not compared",
    file: "journal/chain-check.ts",
    find: "if (line.sequence !== next) return",
    replace: "if (line.sequence < 0) return",
    search: "flip",
  },
  {
    name: "a tail is cut although an entry after it says that it was durable",
    file: TORN_TAIL,
    find: "if (promised > last.sequence)",
    replace: "if (promised < 0)",
    search: "flip",
  },
  {
    name: "a tail is cut although the head names it",
    file: "journal/losses.ts",
    find: "  if (sequence <= last.sequence) return [];\n",
    replace: "  if (sequence > 0) return [];\n",
    search: "flip",
  },
  {
    name: "the hash in the head is not compared",
    file: "journal/recovery.ts",
    find: "    refuseOtherHash(head, last, line);\n",
    replace: "",
    search: "flip",
  },
  {
    name: "a batch is acknowledged before it is synced",
    file: "journal/segment-writer.ts",
    find: "      writeWhole(this.#file, lines.bytes, offset);\n      this.#file.syncData();\n",
    replace: "      this.#file.syncData();\n      writeWhole(this.#file, lines.bytes, offset);\n",
    search: "crash",
  },
  {
    name: "the head is written before the data",
    file: "journal/line-writer.ts",
    find: "    const place = this.#files.append(lines);\n    this.#stage.written(lines);\n",
    replace:
      "    this.#files.writeHead(lines);\n    const place = this.#files.append(lines);\n    this.#stage.written(lines);\n",
    search: "crash",
  },
  {
    name: "an entry says that those of its own batch are durable",
    file: "journal/line-stage.ts",
    find: "at, durable: this.#durable };",
    replace: "at, durable: this.#chain.sequence };",
    search: "crash",
  },
  {
    name: "the digests of decisions that are proven together all go to the first of them",
    file: "journal/line-stage.ts",
    find: "this.#chain.sequence + count);",
    replace: "this.#chain.sequence + 1);",
    search: "crash",
  },
  {
    name: "the names of new files are not made durable",
    file: "journal/segment-writer.ts",
    find: "    disk.syncDirectory(start.directory);\n",
    replace: "",
    search: "crash",
  },
  {
    name: "the name of a new segment is not made durable",
    file: "journal/segment-writer.ts",
    find: "    this.#disk.syncDirectory(this.#directory);\n",
    replace: "",
    search: "crash",
    workload: "rotations",
  },
  {
    name: "the sealed flag lies: the head is not synced at a seal",
    file: "journal/segment-writer.ts",
    find: "if (!lines.sealed && now - this.#headSyncedMs < HEAD_SYNC_MS) return;",
    replace: "if (now - this.#headSyncedMs < HEAD_SYNC_MS) return;",
    search: "crash",
  },
  {
    name: "a head is believed whatever its checksum says",
    file: "journal/head.ts",
    find: "const isPage = text.length === HEAD_BYTES;",
    replace: "const isPage = text.length === HEAD_BYTES && parseHead(text) === undefined;",
    search: "crash",
    workload: "rotations",
  },
  {
    name: "an entry is answered when it is ordered",
    file: "journal/journal.ts",
    find: "    this.#outlet.wait(sequence, waiter);\n",
    replace: '    this.#outlet.wait(sequence, waiter);\n    waiter.durable("", sequence);\n',
    search: "crash",
  },
  {
    name: "a failed sync is tried again",
    file: "journal/segment-writer.ts",
    find: "      this.#file.syncData();\n",
    replace: "      try { this.#file.syncData(); } catch { this.#file.syncData(); }\n",
    search: "fault",
  },
  {
    name: "the writer lives on after a failure",
    file: "journal/segment-writer.ts",
    find: "    if (this.#failure !== undefined) throw this.#failure;\n",
    replace: "",
    search: "fault",
    workload: "rotations",
  },
  {
    name: "callers that wait when the disk fails get a success",
    file: "journal/waiting-list.ts",
    find: "for (const waiter of latest) waiter.failed(error);",
    replace: 'for (const waiter of latest) waiter.durable(1, { hashOf: () => "", copy: () => undefined });',
    search: "fault",
  },
  {
    name: "the writer thread answers before it has written",
    file: "journal/line-writer.ts",
    find: "    const place = this.#files.append(lines);\n    this.#stage.written(lines);\n    const tookUs = (performance.now() - began) * 1_000;\n    onDurable({ ...place, first: lines.first, durable: lines.last, tookUs }, this.#stage.tree());\n",
    replace:
      "    const place = { segment: 1, offset: 0, bytes: 0, fsyncs: 1 };\n    onDurable({ ...place, first: lines.first, durable: lines.last, tookUs: began - began }, this.#stage.tree());\n    this.#files.append(lines);\n    this.#stage.written(lines);\n",
    search: "order",
  },
  {
    name: "the writer thread writes the head before the data",
    file: "journal/line-writer.ts",
    find: "    const place = this.#files.append(lines);\n",
    replace: "    this.#files.writeHead(lines);\n    const place = this.#files.append(lines);\n",
    search: "order",
  },
  {
    name: "the writer thread lets an entry say that the one before it is durable",
    file: "journal/line-stage.ts",
    find: "at, durable: this.#durable };",
    replace: "at, durable: this.#chain.sequence };",
    search: "order",
  },
  {
    name: "a seed of the draws that nobody promised is taken as it is found",
    file: "flows/draw-seed.ts",
    find: "  const seed = randomBytes(SEED_BYTES);\n",
    replace:
      "  const known = store.read();\n  if (known !== undefined) return known;\n  const seed = randomBytes(SEED_BYTES);\n",
    search: "crash",
    workload: "learns",
  },
  {
    name: "an entry that nobody waits for ends the process when it fails",
    file: "journal/waiting-list.ts",
    find: "    durable.catch(() => undefined);\n",
    replace: "",
    search: "fault",
    workload: "learns",
  },
  {
    name: "a close waits for ever for a disk that does not answer",
    file: "journal/outlet.ts",
    find: "(await inTime(this.#drain()))",
    replace: "(await this.#drain().then(() => true))",
    search: "fault",
  },
  {
    name: "a close says nothing of a seal that failed",
    file: "engine.ts",
    find: "    const { failure } = this.#journal;\n    if (failure !== undefined) throw failure;\n",
    replace: "",
    search: "fault",
  },
  ...ENGINE_MUTANTS,
  ...FENCE_MUTANTS,
  ...HEAD_MUTANTS,
  ...SNAPSHOT_MUTANTS,
];
