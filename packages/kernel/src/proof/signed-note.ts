/**
 * Signed notes (C2SP signed-note): a text, a blank line, and one line for each signature.
 *
 *     text, which ends with a newline
 *
 *     — key name base64(key ID ‖ signature)
 *
 * The last blank line separates them. A note has one form: parsing and formatting reproduce it byte for byte. Parsing
 * verifies nothing, and an unverified text must be ignored: see `openNote`.
 * @module
 */
import { toUtf8 } from "../bytes.ts";
import { CalybrisError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import { fromBase64, toBase64 } from "./base64.ts";

/** One signature line. */
export interface NoteSignature {
  readonly name: string;
  /** 32 bits. Name and ID together identify a key and its algorithm. */
  readonly keyId: number;
  /** The signature bytes after the key ID. */
  readonly bytes: Uint8Array;
}

export interface SignedNote {
  /** With its final newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export const NOTE_BYTES_MAX = 1_000_000;
/** C2SP asks for at least 16. */
export const NOTE_SIGNATURES_MAX = 100;
const KEY_ID_BYTES = 4;
const DIVIDER = "\n\n";
const LINE = /^— ([^ ]+) ([A-Za-z0-9+/]+={0,2})$/u;
/** Not empty, no Unicode space, no plus. */
const NAME = /^[^\p{White_Space}+]+$/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a note must not contain.
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * @throws CalybrisError `CAL_PROOF_MALFORMED`.
 *
 * @example
 * ```ts
 * import { parseNote } from "@calybris/kernel";
 * const { text, signatures } = parseNote("Hello\n\n— example.org/key AAAAAf8=\n");
 * text; // "Hello\n"
 * signatures[0].keyId; // 1
 * ```
 */
export function parseNote(note: Uint8Array | string): SignedNote {
  const whole = noteText(note);
  const divider = whole.lastIndexOf(DIVIDER);
  if (divider < 0) throw malformed("has no blank line before its signatures");
  return { text: whole.slice(0, divider + 1), signatures: parseSignatureLines(whole.slice(divider + DIVIDER.length)) };
}

/** Parses signature lines without a text, as in a witness's answer; at least one. */
export function parseSignatureLines(text: string): NoteSignature[] {
  if (!text.endsWith("\n")) throw malformed("does not end with a newline");
  const lines = text.slice(0, -1).split("\n");
  if (lines.length > NOTE_SIGNATURES_MAX) throw malformed(`has more than ${NOTE_SIGNATURES_MAX} signatures`);
  return lines.map((line, at) => {
    const [, name = "", encoded = ""] = LINE.exec(line) ?? [];
    const bytes = fromBase64(encoded);
    if (!isKeyName(name) || bytes === undefined || bytes.byteLength <= KEY_ID_BYTES)
      throw malformed(`has a malformed signature line ${at + 1}`);
    const keyId = new DataView(bytes.buffer).getUint32(0);
    return { name, keyId, bytes: bytes.subarray(KEY_ID_BYTES) };
  });
}

/** The inverse of {@link parseNote}. */
export function formatNote(note: SignedNote): string {
  invariant(
    note.text.endsWith("\n") && !CONTROL.test(note.text),
    "the text of a note is lines without control characters",
  );
  invariant(note.signatures.length > 0, "a note is signed");
  return `${note.text}\n${note.signatures.map(signatureLine).join("")}`;
}

/** One signature with its newline. */
export function signatureLine(signature: NoteSignature): string {
  invariant(isKeyName(signature.name), "the name of a key has no space or plus");
  const bytes = new Uint8Array(KEY_ID_BYTES + signature.bytes.byteLength);
  new DataView(bytes.buffer).setUint32(0, signature.keyId);
  bytes.set(signature.bytes, KEY_ID_BYTES);
  return `— ${signature.name} ${toBase64(bytes)}\n`;
}

/** Whether a key may have this name. */
export function isKeyName(name: string): boolean {
  return NAME.test(name) && name.isWellFormed() && !CONTROL.test(name);
}

/** The text of a note or a similar message: UTF-8, newlines, no other control character. */
export function noteText(note: Uint8Array | string, format = "note"): string {
  const bytes = typeof note === "string" && note.isWellFormed() ? toUtf8(note) : note;
  if (bytes.length > NOTE_BYTES_MAX) throw malformed(`has more than ${NOTE_BYTES_MAX} bytes`, format);
  let text: string;
  try {
    text = utf8.decode(bytes as Uint8Array);
  } catch {
    throw malformed("is not UTF-8", format);
  }
  if (CONTROL.test(text)) throw malformed("has a control character other than newline", format);
  return text;
}

function malformed(problem: string, format = "note"): CalybrisError {
  return new CalybrisError("CAL_PROOF_MALFORMED", { format, problem });
}
