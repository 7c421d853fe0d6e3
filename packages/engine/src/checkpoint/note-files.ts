/**
 * Checkpoints beside a journal: `checkpoint` is the newest, ready to be published; `checkpoints/<tree size>.note` are
 * the last 1,000, the newest included. Every checkpoint is also an entry of the journal.
 *
 *     checkpoints/<size>.note.next: write ─▶ sync ─▶ rename ─▶ the same for `checkpoint`
 * @module
 */
import type { SnapshotFiles } from "../snapshot/snapshot-files.ts";

/** File name of the newest checkpoint, in a journal's directory. */
export const CHECKPOINT_FILE = "checkpoint";
/** Directory of the last checkpoints, in a journal's directory. */
export const CHECKPOINT_DIRECTORY = "checkpoints";
const HISTORY_KEPT = 1_000;
const HISTORY_NAME = /^[0-9]{16}\.note$/;

/** Storage of notes, as a port. */
export interface NoteFiles {
  /** The newest stored note; `undefined` if none exists. */
  newest(): Promise<string | undefined>;
  /** Stores a note as the newest; durable when it resolves. A reader always finds a complete one. */
  keep(treeSize: bigint, note: string): Promise<void>;
}

export function historyName(treeSize: bigint): string {
  return `${String(treeSize).padStart(16, "0")}.note`;
}

export interface StoredNotesPorts {
  readonly journal: SnapshotFiles;
  /** Creates the history's directory, once. */
  readonly history: () => Promise<SnapshotFiles>;
  readonly read: (name: string) => Promise<string | undefined>;
}

/** Notes as files. */
export class StoredNotes implements NoteFiles {
  readonly #ports: StoredNotesPorts;
  #history: Promise<SnapshotFiles> | undefined;
  /** The write in progress; two at once would write the same files. */
  #keeping: Promise<unknown> = Promise.resolve();
  #newest = -1n;

  constructor(ports: StoredNotesPorts) {
    this.#ports = ports;
  }

  newest(): Promise<string | undefined> {
    return this.#ports.read(CHECKPOINT_FILE);
  }

  keep(treeSize: bigint, note: string): Promise<void> {
    const kept = this.#keeping.then(() => this.#keep(treeSize, note));
    this.#keeping = kept.catch(() => undefined);
    return kept;
  }

  /** A note of a smaller tree, with more signatures, goes only to the history. */
  async #keep(treeSize: bigint, note: string): Promise<void> {
    this.#history ??= this.#ports.history();
    const history = await this.#history;
    await replace(history, historyName(treeSize), note);
    if (treeSize >= this.#newest) await replace(this.#ports.journal, CHECKPOINT_FILE, note);
    if (treeSize > this.#newest) this.#newest = treeSize;
    const names = (await history.list()).filter((name) => HISTORY_NAME.test(name)).sort();
    for (const name of names.slice(0, -HISTORY_KEPT)) await history.remove(name);
  }
}

async function replace(files: SnapshotFiles, name: string, text: string): Promise<void> {
  const next = `${name}.next`;
  const file = await files.create(next);
  try {
    await file.write(Buffer.from(text));
    await file.sync();
  } finally {
    await file.close();
  }
  await files.rename(next, name);
  await files.syncNames();
}
