/**
 * The state of a witness: the last cosigned checkpoint of each log, as the log's signed note. It is durable before the
 * witness signs, so that after a crash it cannot cosign a contradicting checkpoint.
 *
 *     <SHA-256 of the origin>.note
 * @module
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { nodeSha256, unreadable } from "@calybris/engine/internal";
import { freshWitnessState, parseCheckpoint, parseNote, toHex, toUtf8, type WitnessState } from "@calybris/kernel";
import { EngineError } from "@calybris/engine";

export class WitnessStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @throws CalybrisError `CAL_JOURNAL_UNREADABLE` for a damaged file; nothing is signed then. */
  stateOf(origin: string): WitnessState {
    const note = this.noteOf(origin);
    if (note === undefined) return freshWitnessState(nodeSha256);
    const file = this.#fileOf(origin);
    try {
      const { treeSize, root, origin: kept } = parseCheckpoint(parseNote(note).text);
      if (kept !== origin) throw new Error(`it is of ${kept}`);
      return { treeSize, root };
    } catch (cause) {
      throw new EngineError("CAL_JOURNAL_UNREADABLE", { path: file, problem: (cause as Error).message }, { cause });
    }
  }

  /** The last cosigned checkpoint as the log signed it; `undefined` before the first. */
  noteOf(origin: string): string | undefined {
    const file = this.#fileOf(origin);
    try {
      return readFileSync(file, "utf8");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw unreadable(file, cause);
    }
  }

  /** Returns once the note is durable under its name. */
  keep(origin: string, note: string): void {
    const file = this.#fileOf(origin);
    try {
      const next = `${file}.next`;
      const descriptor = openSync(next, "w", 0o640);
      try {
        const bytes = toUtf8(note);
        if (writeSync(descriptor, bytes) !== bytes.byteLength) throw new Error("the disk took a part of it");
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      renameSync(next, file);
      const directory = openSync(this.#directory, "r");
      try {
        fsyncSync(directory);
      } finally {
        closeSync(directory);
      }
    } catch (cause) {
      const problem = `it cannot be written: ${(cause as Error).message}`;
      throw new EngineError("CAL_JOURNAL_UNREADABLE", { path: file, problem }, { cause });
    }
  }

  #fileOf(origin: string): string {
    return join(this.#directory, `${toHex(nodeSha256(toUtf8(origin)))}.note`);
  }
}
