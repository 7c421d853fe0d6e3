/**
 * Audits the files of a journal, line by line, and keeps the data of the page: the drawing, money over time, and the
 * positions of entries.
 * @module
 */
import { createAudit, type HeadAnchor } from "@calybris/audit";
import {
  fromHex,
  keyedChain,
  MerkleTree,
  parseCheckpoint,
  parseEntryBody,
  parseEntryHead,
  parseEntryLine,
  parseNote,
  type PolicySnapshot,
  snapshotFromJson,
  toHex,
  wasmKernel,
} from "@calybris/kernel";
import { Cells } from "./cells.ts";
import { shownEntry } from "./entry-view.ts";
import { linesOf } from "./lines.ts";
import { MoneySamples } from "./money-samples.ts";
import type { Audited, CheckpointFinding, NoteGiven, ShownEntry } from "./protocol.ts";

const SEGMENT = /^segment-\d+\.jsonl(?:\.zst)?$/;
const HEAD_SCHEMA = "calybris.wal-anchor.v1";

interface Policy {
  readonly sequence: number;
  readonly snapshot: PolicySnapshot;
}

interface AwaitedRoot {
  readonly note: NoteGiven;
  readonly origin: string;
  readonly treeSize: bigint;
  readonly root: string;
}

export type OnProgress = (bytes: number, total: number, entries: number) => void;

export class AuditRun {
  readonly #files: readonly File[];
  readonly #policies: Policy[] = [];
  /** The first entry of each file. */
  readonly #firsts: number[] = [];

  constructor(files: readonly File[]) {
    this.#files = segmentsFirst(files);
  }

  /** @param key - the key of a keyed journal. */
  async run(
    notes: readonly NoteGiven[],
    heads: readonly HeadAnchor[],
    key: Uint8Array | undefined,
    onProgress: OnProgress,
  ): Promise<Audited> {
    const started = performance.now();
    const total = this.#files.reduce((sum, { size }) => sum + size, 0);
    const audit = createAudit({ kernelFor: wasmKernel, heads, ...(key && { chain: keyedChain(key), isKeyed: true }) });
    const cells = new Cells();
    const tree = new MerkleTree();
    const money = new MoneySamples(audit);
    const awaited = notes.map(awaitedRoot);
    const checkpoints: CheckpointFinding[] = [];
    let [bytes, entries] = [0, 0];
    for (const file of this.#files) {
      const before = bytes;
      this.#firsts.push(Number.POSITIVE_INFINITY);
      for await (const lines of linesOf(file, (read) => onProgress(before + read, total, entries))) {
        for (const { bytes: line, byteOffset, hasNewline } of lines) {
          const place = { file: file.name, byteOffset };
          if (!hasNewline) audit.unterminated(line, place);
          else {
            audit.line(line, place);
            entries += 1;
            this.#note(line, cells, tree);
            money.note();
            for (const one of awaited)
              if (one.root !== undefined && one.treeSize === BigInt(tree.treeSize))
                checkpoints.push(findingOf(one, toHex(tree.root()) === one.root ? "matches" : "differs"));
          }
        }
      }
      bytes += file.size;
      onProgress(bytes, total, entries);
    }
    for (const one of awaited) {
      if (one.root === undefined) checkpoints.push(findingOf(one, "malformed"));
      else if (one.treeSize > BigInt(tree.treeSize)) checkpoints.push(findingOf(one, "beyond"));
    }
    const milliseconds = performance.now() - started;
    return { report: audit.finish(), cells: cells.cells, money: money.finish(), checkpoints, bytes, milliseconds };
  }

  #note(line: Uint8Array, cells: Cells, tree: MerkleTree): void {
    const entry = parseEntryLine(new TextDecoder().decode(line));
    const head = entry === undefined ? undefined : parseEntryHead(entry.data);
    if (entry === undefined || head === undefined) return;
    const at = this.#firsts.length - 1;
    this.#firsts[at] = Math.min(this.#firsts[at] ?? 0, entry.sequence);
    cells.add(entry.sequence, head.kind);
    const hash = fromHex(entry.entryHash);
    if (hash !== undefined && entry.sequence === tree.treeSize + 1) tree.append(entry.sequence, hash);
    if (head.kind !== "genesis" && head.kind !== "policy") return;
    try {
      const body = parseEntryBody(head, entry.data, never);
      if (body?.kind === "genesis" || body?.kind === "policy")
        this.#policies.push({ sequence: entry.sequence, snapshot: snapshotFromJson(body.snapshot ?? null) });
    } catch {
      // The audit reports a malformed entry; it adds nothing to the page.
    }
  }

  /** Reads one entry again. */
  async entry(sequence: number): Promise<ShownEntry | undefined> {
    const at = this.#firsts.findLastIndex((first) => first <= sequence);
    const file = this.#files[at];
    if (file === undefined) return undefined;
    for await (const lines of linesOf(file))
      for (const { bytes } of lines) {
        const entry = parseEntryLine(new TextDecoder().decode(bytes));
        if (entry?.sequence !== sequence) continue;
        return shownEntry(entry, this.#policies.findLast((policy) => policy.sequence < sequence)?.snapshot);
      }
    return undefined;
  }
}

function never(): never {
  throw new RangeError("it decides nothing, yet names a policy");
}

function segmentsFirst(files: readonly File[]): readonly File[] {
  const segments = files.filter(({ name }) => SEGMENT.test(name));
  const chosen = segments.length > 0 ? segments : files;
  return chosen.toSorted((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }));
}

/** The head in a text, whose author is not verified; `undefined` if the text is not a head. */
export function headOf(text: string, file: string): HeadAnchor | undefined {
  try {
    const { schema_version, sequence, last_hash } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (schema_version !== HEAD_SCHEMA || !Number.isSafeInteger(sequence) || typeof last_hash !== "string")
      return undefined;
    return { sequence: sequence as number, lastHash: last_hash, source: file };
  } catch {
    return undefined;
  }
}

function awaitedRoot(note: NoteGiven): AwaitedRoot | { readonly note: NoteGiven; readonly root: undefined } {
  try {
    const { origin, treeSize, root } = parseCheckpoint(parseNote(note.text).text);
    return { note, origin, treeSize, root: toHex(root) };
  } catch {
    return { note, root: undefined };
  }
}

function findingOf(one: ReturnType<typeof awaitedRoot>, result: CheckpointFinding["result"]): CheckpointFinding {
  const { origin, treeSize } = one.root === undefined ? { origin: "", treeSize: "" } : one;
  return { file: one.note.file, origin, treeSize: String(treeSize), result };
}
