/**
 * A state snapshot: the state after the entries of a journal up to one sequence, in a file of JSON lines beside the journal.
 * The `state` entry after that sequence binds it: `snapshotDigest` is SHA-256 over
 *
 *     calyssn1 NUL · sequence u64 · of each line, in order, its SHA-256
 *
 * so an unchanged page of a long part need not be hashed again. Format: docs/formats.md.
 * @module
 */
import { bytesFromBase64Url } from "./base64url.ts";
import { ByteWriter, toHex } from "./bytes.ts";
import { type ExactJson, exactInteger, parseExact } from "./exact-json.ts";
import type { Sha256 } from "./sha256.ts";
import { I64_MAX } from "./units.ts";

/** The version of the format; the first line records it. */
export const STATE_SNAPSHOT_FORMAT = 1;

const DIGEST_BYTES = 32;
const TAGGED_STEP_BYTES = 9 + 8;

/**
 * Records per page of each long part. A page covers consecutive sequences for `live`, `open` and `reported`, consecutive
 * records for the others.
 */
export const SNAPSHOT_PAGE_RECORDS: Readonly<
  Record<"live" | "open" | "held" | "closed" | "outcomes" | "requests" | "reported", number>
> = Object.freeze({
  live: 65_536,
  open: 1_024,
  held: 1_024,
  closed: 1_024,
  outcomes: 1_024,
  requests: 8_192,
  reported: 65_536,
});

/**
 * A page of open reservations is frozen from the entry whose sequence is this many pages after its first, until half of its
 * records are closed. So closing a reservation changes no old page, and a snapshot writes only young ones.
 */
export const OPEN_PAGES_YOUNG = 8;

/**
 * Parts that the digest of a snapshot does not cover: two are known only once every entry is chained, and regret is measured
 * outside the engine. The last line of the snapshot binds them to it; `treeRoot` of the `state` entry binds the tree.
 */
export const SNAPSHOT_LATE_PARTS: readonly string[] = Object.freeze(["identities", "regret", "tree"]);

/** The digest of a snapshot, in hexadecimal. */
export class StateSnapshotDigest {
  readonly #sha256: Sha256;
  readonly #digests: Uint8Array[] = [];

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  /** @param digest - SHA-256 of the next line, without its newline. */
  add(digest: Uint8Array): void {
    this.#digests.push(digest);
  }

  /** @param sequence - of the last entry that the snapshot holds. */
  finish(sequence: number): string {
    const writer = new ByteWriter(TAGGED_STEP_BYTES + DIGEST_BYTES * this.#digests.length);
    writer.tag("calyssn1").u64(BigInt(sequence));
    for (const digest of this.#digests) writer.raw(digest);
    return toHex(this.#sha256(writer.finish()));
  }
}

/** The first line of a snapshot. */
export interface SnapshotHead {
  /** Journal sequence of the last entry that it holds. */
  readonly sequence: number;
  /** The time from which the next entry continues, microseconds since the Unix epoch. */
  readonly at: number;
  /** Number of the last decision. */
  readonly decisions: number;
  /** The active policy. */
  readonly policy: number;
  /** The last entry is a seal. */
  readonly sealed: boolean;
}

export function snapshotHeadJson({ sequence, at, decisions, policy, sealed }: SnapshotHead): ExactJson {
  return { snapshot: STATE_SNAPSHOT_FORMAT, sequence, at, decisions, policy, sealed };
}

/** Parses the first line of a snapshot. Throws RangeError for any other line or format version. */
export function snapshotHeadOf(line: string): SnapshotHead {
  const members = new SnapshotMembers(line);
  if (members.json("snapshot") !== STATE_SNAPSHOT_FORMAT) throw new RangeError("it is not of this format");
  return {
    sequence: members.whole("sequence"),
    at: members.whole("at"),
    decisions: members.whole("decisions"),
    policy: members.whole("policy"),
    sealed: members.flag("sealed"),
  };
}

/** A line of a snapshot, read member by member. Each method throws a RangeError that names the member. */
export class SnapshotMembers {
  readonly #members: { readonly [key: string]: ExactJson };

  constructor(line: string | ExactJson) {
    const json = typeof line === "string" ? parsed(line) : line;
    if (typeof json !== "object" || json === null || Array.isArray(json)) throw new RangeError("it is no object");
    this.#members = json as { readonly [key: string]: ExactJson };
  }

  has(key: string): boolean {
    return this.#members[key] !== undefined;
  }

  json(key: string): ExactJson {
    const value = this.#members[key];
    if (value === undefined) throw new RangeError(`${key} is missing`);
    return value;
  }

  /** From 0 to 2^53 − 1. */
  whole(key: string): number {
    const value = this.json(key);
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`${key} is not a whole number`);
    return value;
  }

  /** From 0 to 2^63 − 1. */
  amount(key: string): bigint {
    const value = exactInteger(this.json(key));
    if (value === undefined || value < 0n || value > I64_MAX) throw new RangeError(`${key} is no amount`);
    return value;
  }

  /** A list of `count` integers from 0 to 2^63 − 1. */
  amounts(key: string, count: number): readonly bigint[] {
    const amounts = this.list(key).map((value) => exactInteger(value) ?? -1n);
    if (amounts.length !== count || amounts.some((amount) => amount < 0n || amount > I64_MAX))
      throw new RangeError(`${key} is no list of ${count} amounts`);
    return amounts;
  }

  flag(key: string): boolean {
    const value = this.json(key);
    if (typeof value !== "boolean") throw new RangeError(`${key} is neither true nor false`);
    return value;
  }

  text(key: string): string {
    const value = this.json(key);
    if (typeof value !== "string") throw new RangeError(`${key} is not a string`);
    return value;
  }

  /** Bytes from base64url, padded with zeros to complete records: trailing zeros are not written. */
  bytes(key: string, recordBytes = 1): Uint8Array {
    const given = bytesFromBase64Url(this.text(key));
    if (given === undefined) throw new RangeError(`${key} is no base64url`);
    const bytes = new Uint8Array(Math.ceil(given.byteLength / recordBytes) * recordBytes);
    bytes.set(given);
    return bytes;
  }

  list(key: string): readonly ExactJson[] {
    const value = this.json(key);
    if (!Array.isArray(value)) throw new RangeError(`${key} is no list`);
    return value;
  }

  /** A list of safe integers. */
  integers(key: string): readonly number[] {
    return integersIn(this.json(key), key);
  }

  /** A list of lists of safe integers. */
  integerLists(key: string): (readonly number[])[] {
    return this.list(key).map((value) => integersIn(value, key));
  }

  texts(key: string): readonly string[] {
    return this.list(key).map((value) => {
      if (typeof value !== "string") throw new RangeError(`${key} is no list of texts`);
      return value;
    });
  }

  /** A list of objects. */
  objects(key: string): readonly SnapshotMembers[] {
    return this.list(key).map((value) => new SnapshotMembers(value));
  }
}

function integersIn(value: ExactJson, key: string): readonly number[] {
  if (Array.isArray(value) && value.every((each) => Number.isSafeInteger(each))) return value as readonly number[];
  throw new RangeError(`${key} is no list of integers`);
}

function parsed(line: string): ExactJson {
  try {
    return parseExact(line);
  } catch {
    throw new RangeError("it is not JSON");
  }
}
