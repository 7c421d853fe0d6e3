/**
 * The entry of a checkpoint: the root of the journal's Merkle tree at an earlier size, signed.
 * @module
 */
import { type EntryTable, formOf } from "./entry-table.ts";
import { type EntryValue, textWhere } from "./entry-value.ts";
import { type Checkpoint, parseCheckpoint } from "./proof/checkpoint.ts";
import { parseNote } from "./proof/signed-note.ts";

/** The journal's key signed the root of the entries before. A size may have several, with other cosignatures. */
export interface CheckpointEntry {
  readonly kind: "checkpoint";
  /** The signed note. */
  readonly note: string;
}

/** The checkpoint that an entry holds. Its signatures are not verified. */
export function checkpointIn({ note }: CheckpointEntry): Checkpoint {
  return parseCheckpoint(parseNote(note).text);
}

export const CHECKPOINT_NOTE_LENGTH_MAX = 16_384;

const NOTE: EntryValue<string> = textWhere(
  (value) => value.length <= CHECKPOINT_NOTE_LENGTH_MAX,
  { type: "string", maxLength: CHECKPOINT_NOTE_LENGTH_MAX },
  `a note of up to ${CHECKPOINT_NOTE_LENGTH_MAX} characters`,
);

export const CHECKPOINT_TABLE: EntryTable = {
  says: "The log's key signed a root of the Merkle tree of the preceding entries. The tree's size is at least the sequence before the `state` entry of this segment.",
  forms: [
    formOf<CheckpointEntry>(
      { note: { type: NOTE, holds: "the signed note of the checkpoint (docs/formats/proofs.md)" } },
      noteFault,
    ),
  ],
};

function noteFault(entry: CheckpointEntry): string | undefined {
  try {
    checkpointIn(entry);
    return undefined;
  } catch (error) {
    return `note ${(error as Error).message}`;
  }
}
