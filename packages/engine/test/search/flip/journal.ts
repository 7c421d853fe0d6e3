/**
 * A small journal, and everything that can be done to its bytes by accident or on purpose.
 * @module
 */
import { nodeChain } from "../../../src/journal/chain-hash.ts";
import type { DiskFile } from "../../../src/journal/disk.ts";
import { HEAD_BYTES, HEAD_FILE, writeHead } from "../../../src/journal/head.ts";
import { segmentName, segmentNumber } from "../../../src/journal/segment.ts";
import { PlainDisk } from "../crash/disk.ts";
import { type Command, DIRECTORY, entriesOf, obey, openEngine } from "../crash/process.ts";

export interface SmallJournal {
  readonly contents: ReadonlyMap<string, Buffer>;
  /** The data of every entry. */
  readonly entries: readonly string[];
  /** The highest sequence that an entry says to be durable: nothing up to it may ever be missing. */
  readonly promised: number;
  readonly key: Uint8Array | undefined;
}

/** Another state of the files, and how it came about. */
export interface Damage {
  readonly what: string;
  readonly contents: ReadonlyMap<string, Buffer>;
  /** It leaves a journal that is intact but for what the head says: shorter, or another one. */
  readonly needsHead?: boolean;
}

const COMMANDS: readonly Command[] = [
  { kind: "decide", ids: ["a"] },
  { kind: "budget" },
  { kind: "grant", id: "first" },
  { kind: "decide", ids: ["b", "c"] },
  { kind: "settle", ids: ["b"] },
  { kind: "policy", epoch: 8 },
  { kind: "decide", ids: ["d", "e"] },
];

/** A journal of three segments whose last batch holds two decisions; its ids begin with `prefix`. */
export async function smallJournal(prefix = "", key?: Uint8Array): Promise<SmallJournal> {
  const contents = new Map<string, Buffer>();
  const engine = await openEngine({ disk: new PlainDisk(contents), segmentBytesMax: 3_000, ...(key && { key }) });
  for (const command of COMMANDS)
    await obey(engine, "ids" in command ? { ...command, ids: command.ids.map((id) => prefix + id) } : command);
  const copy = new Map([...contents].map(([name, bytes]) => [name, Buffer.from(bytes)]));
  const entries = entriesOf(copy);
  const promised = Math.max(...entries.map((data) => Number(/"durable":([0-9]+)/.exec(data)?.[1])));
  return { contents: copy, entries, promised, key };
}

export function segmentsOf(contents: ReadonlyMap<string, Buffer>): string[] {
  return [...contents.keys()].filter((name) => segmentNumber(name) !== undefined).sort();
}

/** Bits of bytes flipped, `bits` of each byte; all of them with 8. */
export function* flips({ contents }: SmallJournal, bits: number): Generator<Damage> {
  for (const name of segmentsOf(contents)) {
    const original = contents.get(name) as Buffer;
    for (let at = 0; at < original.byteLength; at++) {
      for (let bit = 0; bit < bits; bit++) {
        const mask = 1 << (bits === 8 ? bit : (at + bit) % 8);
        const bytes = Buffer.from(original);
        bytes[at] = (bytes[at] as number) ^ mask;
        yield { what: `${name}: byte ${at} xor ${mask}`, contents: new Map(contents).set(name, bytes) };
      }
    }
  }
}

/** Each byte taken out, and each segment cut before each byte, those after it kept. */
export function* cuts({ contents }: SmallJournal): Generator<Damage> {
  const last = segmentsOf(contents).at(-1);
  for (const name of segmentsOf(contents)) {
    const bytes = contents.get(name) as Buffer;
    for (let at = 0; at < bytes.byteLength; at++) {
      const without = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
      yield { what: `${name}: without byte ${at}`, contents: new Map(contents).set(name, without) };
      yield {
        what: `${name}: cut at ${at}`,
        contents: new Map(contents).set(name, bytes.subarray(0, at)),
        needsHead: name === last,
      };
    }
  }
}

/** Entries doubled, left out, swapped, and taken from another journal, where they have valid hashes. */
export function* moves(journal: SmallJournal, other: SmallJournal): Generator<Damage> {
  const lines = linesOf(journal.contents);
  const foreign = linesOf(other.contents);
  for (const [index, line] of lines.entries()) {
    for (let at = 0; at <= lines.length; at++)
      yield rearranged(journal, `entry ${index + 1} again before entry ${at + 1}`, lines.toSpliced(at, 0, line));
    const isLast = index === lines.length - 1;
    yield { ...rearranged(journal, `entry ${index + 1} left out`, lines.toSpliced(index, 1)), needsHead: isLast };
    for (let with_ = index + 1; with_ < lines.length; with_++) {
      const swapped = lines.with(index, lines[with_] as Line).with(with_, line);
      yield rearranged(journal, `entries ${index + 1} and ${with_ + 1} swapped`, swapped);
    }
    for (const [from, stranger] of foreign.entries()) {
      const what = `entry ${from + 1} of another journal`;
      yield rearranged(journal, `${what} for entry ${index + 1}`, lines.with(index, stranger));
      yield rearranged(journal, `${what} after entry ${index + 1}`, lines.toSpliced(index + 1, 0, stranger));
    }
    const rest = [...lines.slice(0, index), ...foreign.slice(index)];
    // Both begin with the same genesis, so that the rest of the one continues it as well as the rest of the other.
    yield { ...rearranged(journal, `another journal from entry ${index + 1} on`, rest), needsHead: index < 2 };
  }
}

/** From each entry on, one number in it changed, and every hash after it made to fit: by somebody who has no key. */
export function* forgeries(journal: SmallJournal): Generator<Damage & { readonly withHead: Damage["contents"] }> {
  const lines = linesOf(journal.contents);
  for (const [index, { text }] of lines.entries()) {
    const changed = text.replace(/("at":[0-9]*)[0-9]/, (_, kept: string) => `${kept}${(index + 3) % 10}`);
    if (changed === text) continue;
    let previous = /"previous_hash":"([^"]*)"/.exec(text)?.[1] ?? "";
    const forged = lines.map((line, at) => {
      if (at < index) return line;
      const data = (at === index ? changed : line.text).replace(/^.*?"data":/, "").slice(0, -1);
      const hash = nodeChain()(previous, Buffer.from(data));
      const rewritten = `{"sequence":${at + 1},"previous_hash":"${previous}","entry_hash":"${hash}","data":${data}}`;
      previous = hash;
      return { ...line, text: rewritten };
    });
    const damage = rearranged(journal, `entry ${index + 1} forged, and all hashes after it`, forged);
    const head = new PlainDisk(new Map());
    const file = head.open(DIRECTORY, HEAD_FILE, true) as DiskFile;
    writeHead(file, { sequence: lines.length, hash: previous, keyed: journal.key !== undefined });
    const withHead = new Map([...damage.contents, ...head.contents]);
    yield { ...damage, withHead };
  }
}

/** The same files with a head of which a write was cut off. */
export function withTornHead(contents: ReadonlyMap<string, Buffer>): Map<string, Buffer> {
  const torn = Buffer.from(contents.get(HEAD_FILE) ?? "");
  torn[HEAD_BYTES - 1] = torn[HEAD_BYTES - 1] === 0x20 ? 0x09 : 0x20;
  return new Map(contents).set(HEAD_FILE, torn);
}

/** The same files with no head, or one that no write of ours leaves so. */
export function withoutHead(contents: ReadonlyMap<string, Buffer>): readonly Damage[] {
  const removed = new Map(contents);
  removed.delete(HEAD_FILE);
  const blanks = [0, 0x20, 0x0a].map((byte) => Buffer.alloc(HEAD_BYTES, byte));
  const others = [...blanks, Buffer.alloc(0), Buffer.from("{}\n"), Buffer.alloc(HEAD_BYTES, "x")];
  return [
    { what: "the head removed", contents: removed },
    ...others.map((bytes, index) => ({
      what: `the head blanked, way ${index + 1}`,
      contents: new Map(contents).set(HEAD_FILE, bytes),
    })),
  ];
}

/** Nothing promises the last batch, and a torn head says nothing; yet these are no torn tails. */
export function* disguises(journal: SmallJournal): Generator<Damage> {
  const contents = withTornHead(journal.contents);
  const segments = segmentsOf(contents);
  const [first, last] = [segments[0] as string, segments.at(-1) as string];
  const bytes = contents.get(last) as Buffer;
  const next = segmentName(segments.length + 1);
  const lines = bytes.toString("latin1").trimEnd().split("\n");
  const rewritten = (what: string, change: (line: string) => string): Damage => ({
    what,
    contents: new Map(contents).set(last, Buffer.from(`${lines.map(change).join("\n")}\n`, "latin1")),
  });
  yield rewritten("a last segment in CRLF", (line) => `${line}\r`);
  yield rewritten("a last segment with blanks after its lines", (line) => `${line} `);
  yield rewritten("a last segment written by another JSON writer", (line) =>
    JSON.stringify(JSON.parse(line), null, 0).replace(",", ", "),
  );
  yield {
    what: "the first segment once more behind the last",
    contents: new Map(contents).set(next, contents.get(first) as Buffer),
  };
  yield {
    what: "the last entry once more",
    contents: new Map(contents).set(next, Buffer.from(`${lines.at(-1)}\n`, "latin1")),
  };
  yield {
    what: "the last line altered",
    contents: new Map(contents).set(
      last,
      Buffer.from(`${lines.join("\n").replace(/"at":([0-9]+)(?!.*"at")/s, '"at":1$1')}\n`, "latin1"),
    ),
  };
}

interface Line {
  readonly segment: string;
  readonly text: string;
}

function linesOf(contents: ReadonlyMap<string, Buffer>): Line[] {
  return segmentsOf(contents).flatMap((segment) =>
    (
      contents
        .get(segment)
        ?.toString("latin1")
        .match(/[^\n]+/g) ?? []
    ).map((text) => ({ segment, text })),
  );
}

/** The lines in their new order; each goes to the segment of the one before it when it is not from here. */
function rearranged({ contents }: SmallJournal, what: string, lines: readonly Line[]): Damage {
  const texts = new Map(segmentsOf(contents).map((name) => [name, ""]));
  let last = segmentName(1);
  for (const { segment, text } of lines) {
    if (texts.has(segment) && segment >= last) last = segment;
    texts.set(last, `${texts.get(last)}${text}\n`);
  }
  const copy = new Map(contents);
  for (const [name, text] of texts) copy.set(name, Buffer.from(text, "latin1"));
  return { what, contents: copy };
}
