/**
 * The text of an entry; for a decision, the record from which the writer makes the text. When an entry is ordered, that text
 * is compared with the kernel writer's: for the first entries of each form, and for a sample of later ones. An entry whose
 * texts differ is never ordered; the engine stops.
 * @module
 */
import { DECISION_AT, type DecisionEntry, type EntryBody, entryDataTail, invariant, toHex } from "@calybris/kernel";
import { AT, type DecisionRecord, DIGEST_BYTES } from "./decision-record.ts";
import type { Tail } from "./entry-ring.ts";
import { RecordEntry } from "./record-entry.ts";
import { proveDecision } from "./record-proof.ts";
import { putDecisionText, textBytesAbout, textBytesMax } from "./record-text.ts";

/** Number of entries of a form that are all compared, and the sampling interval after them. */
const COMPARED_FIRST = 4;
const COMPARED_EVERY = 512;

export class EntryTails {
  readonly #text: typeof recordText;
  /** Number of entries written, by form. */
  readonly #counts = new Map<number, number>();

  constructor(text: typeof recordText = recordText) {
    this.#text = text;
  }

  /**
   * The text after the value of `durable` in the entry's data.
   *
   * @param record - of a decision; without it, the kernel writes the text.
   */
  of(sequence: number, at: number, body: EntryBody, record?: DecisionRecord): Tail {
    if (record === undefined) return entryDataTail({ sequence, at, body });
    record.pages.f64[(record.at + AT.time) >>> 3] = at;
    if (this.#isCompared(record)) {
      const { text, identity } = this.#text(record);
      const proven = body instanceof RecordEntry ? body.proven(identity).entry : { ...body, identity };
      const own = entryDataTail({ sequence, at, body: proven as DecisionEntry });
      invariant(text === own, "both writers of a decision's entry write the same text");
    }
    return record;
  }

  #isCompared(record: DecisionRecord): boolean {
    const form = formOf(record);
    const count = (this.#counts.get(form) ?? 0) + 1;
    this.#counts.set(form, count);
    return count <= COMPARED_FIRST || count % COMPARED_EVERY === 0;
  }
}

/** Approximate size of a tail, so that a segment's length is known before the text of a record is made. */
export function tailBytesAbout(tail: Tail): number {
  return typeof tail === "string" ? tail.length : textBytesAbout(tail.pages, tail.at);
}

/** The text that the writer will make of a record, and the identity of its decision. */
export function recordText({ pages, at }: DecisionRecord): { readonly text: string; readonly identity: string } {
  const digests = Buffer.alloc(3 * DIGEST_BYTES);
  proveDecision(pages, at, digests, 0);
  const out = Buffer.allocUnsafe(textBytesMax(pages, at));
  const end = putDecisionText(pages, at, out, 0, digests, 2 * DIGEST_BYTES);
  return { text: out.toString("utf8", 0, end), identity: toHex(digests.subarray(2 * DIGEST_BYTES)) };
}

/** A hash of an entry's form: entries that differ in more than values almost always have different forms. */
function formOf({ pages, at }: DecisionRecord): number {
  const { u8, u32 } = pages;
  const w = (at + AT.request) >>> 2;
  const bound = (at + AT.boundBudget) >>> 2;
  return (
    (u32[(at + AT.has) >>> 2] as number) |
    ((u8[at + AT.decision + DECISION_AT.action] as number) << 8) |
    ((u8[at + AT.defaulted] as number) << 10) |
    bit(u32[w + 2] !== 0, 16) |
    bit(u32[w + 8] !== u32[bound] || u32[w + 9] !== u32[bound + 1], 17) |
    bit(u32[w + 12] !== 0, 18) |
    bit(u32[w + 14] !== 0 || u32[w + 15] !== 0, 19) |
    bit(u32[w + 16] !== u32[bound + 2] || u32[w + 17] !== u32[bound + 3], 20) |
    bit(u32[w + 18] !== 0 || u32[w + 19] !== 0, 21) |
    bit(u32[(at + AT.useCaseBytes) >>> 2] !== 0, 22) |
    ((u8[at + AT.source] as number) << 23)
  );
}

function bit(is: boolean, position: number): number {
  return is ? 1 << position : 0;
}
