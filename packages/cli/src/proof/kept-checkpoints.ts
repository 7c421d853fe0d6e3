/**
 * Stores the checkpoints of a journal beside it, as `checkpoints/<tree size>.note`; each is complete and durable before it
 * gets its name.
 * @module
 */
import { EngineError } from "@calybris/engine";
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { unreadable } from "@calybris/engine/internal";
import { toUtf8 } from "@calybris/kernel";
import { proofText } from "./proof-file.ts";

const DIRECTORY = "checkpoints";
const NAME = /^([0-9]{16})\.note$/;

export interface KeptCheckpoint {
  readonly file: string;
  readonly note: string;
}

/** The newest checkpoint; `undefined` if there is none. */
export function newestCheckpoint(journal: string): KeptCheckpoint | undefined {
  const directory = join(journal, DIRECTORY);
  const name = names(directory).sort().at(-1);
  if (name === undefined) return undefined;
  const file = join(directory, name);
  return { file, note: proofText(file) };
}

/** Stores a checkpoint; returns its file. */
export function keepCheckpoint(journal: string, treeSize: number, note: string): string {
  const directory = join(journal, DIRECTORY);
  const file = join(directory, `${String(treeSize).padStart(16, "0")}.note`);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o750 });
    const unfinished = `${file}.next`;
    const descriptor = openSync(unfinished, "w", 0o640);
    try {
      const bytes = toUtf8(note);
      if (writeSync(descriptor, bytes) !== bytes.byteLength) throw new Error("the disk took a part of it");
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(unfinished, file);
    for (const each of [directory, journal]) syncDirectory(each);
  } catch (cause) {
    const problem = `${file} cannot be written: ${(cause as Error).message}`;
    throw new EngineError("CAL_JOURNAL_UNREADABLE", { path: directory, problem }, { cause });
  }
  return file;
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => NAME.test(name));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw unreadable(directory, cause);
  }
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
