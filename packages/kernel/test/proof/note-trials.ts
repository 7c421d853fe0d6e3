/**
 * Every byte of a checkpoint that a log and a witness signed, altered, dropped and doubled. A reader knows the key of the log:
 * what it then accepts must have the text that was signed.
 * @module
 */
import {
  type CalybrisError,
  cosignNote,
  emptyRoot,
  formatCheckpoint,
  formatNote,
  openNote,
  signNote,
  verifierKey,
} from "../../src/index.ts";
import { signerOf, verifyOfPlatform } from "./platform-ed25519.ts";

export interface NoteTrials {
  readonly tried: number;
  readonly rejected: number;
  /** Opened, with the same text. */
  readonly same: number;
  readonly wrong: readonly string[];
}

/** @param otherValues - what a byte is altered to. */
export async function alterEveryByte(otherValues: (value: number) => readonly number[]): Promise<NoteTrials> {
  const [log, witness] = [signerOf(new Uint8Array(32).fill(1)), signerOf(new Uint8Array(32).fill(2))];
  const text = formatCheckpoint({ origin: "example.org/log", treeSize: 1234n, root: emptyRoot() });
  const signatures = [
    await signNote(text, "example.org/log", log),
    await cosignNote(text, "witness.example", 1_700_000_000n, witness),
  ];
  const note = new TextEncoder().encode(formatNote({ text, signatures }));
  const keys = [verifierKey("example.org/log", "ed25519", log.publicKey)];
  let [tried, rejected, same] = [0, 0, 0];
  const wrong: string[] = [];
  const attempt = async (altered: Uint8Array, how: string): Promise<void> => {
    tried += 1;
    try {
      const opened = await openNote(altered, keys, verifyOfPlatform);
      if (opened.note.text === text) same += 1;
      else wrong.push(how);
    } catch (error) {
      if ((error as CalybrisError).code?.startsWith("CAL_PROOF_")) rejected += 1;
      else throw error;
    }
  };
  for (const [at, value] of note.entries()) {
    for (const other of otherValues(value)) await attempt(note.with(at, other), `byte ${at} as ${other}`);
    const [before, after] = [[...note.subarray(0, at)], [...note.subarray(at + 1)]];
    await attempt(Uint8Array.from([...before, ...after]), `byte ${at} dropped`);
    await attempt(Uint8Array.from([...before, value, value, ...after]), `byte ${at} doubled`);
  }
  return { tried, rejected, same, wrong };
}
