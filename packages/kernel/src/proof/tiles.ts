/**
 * Tiles (C2SP tlog-tiles): the hashes of a tree in immutable files of 256, from which anyone can compute any proof.
 *
 * Tile N of level L holds the roots of the perfect subtrees of 256^L leaves from number 256 · N on. The last tile of a level
 * is partial: its width is ⌊treeSize / 256^L⌋ mod 256, which is part of its name.
 * @module
 */
import { CalybrisError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import { type Sha256, sha256 } from "../sha256.ts";
import { U64_MAX } from "../units.ts";
import { HASH_BYTES, nodeHash } from "./merkle.ts";
import type { NodeSource } from "./merkle-proof.ts";

/** Hashes of a full tile. */
export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;
const TILE_LEVEL_MAX = 63;
const ENTRY_BYTES_MAX = 0xffff;

/** The name of a tile. */
export interface Tile {
  /** 0 to 63, or `entries` for the bundle of the entries under a tile of level 0. */
  readonly level: number | "entries";
  readonly index: bigint;
  /** 1 to 256 hashes, or entries. */
  readonly width: number;
}

/**
 * The path of a tile below the log's prefix.
 *
 * @example
 * ```ts
 * import { parseTilePath, tilePath } from "@calybris/kernel";
 * tilePath({ level: 0, index: 1234067n, width: 256 }); // "tile/0/x001/x234/067"
 * parseTilePath("tile/1/000.p/17"); // { level: 1, index: 0n, width: 17 }
 * ```
 */
export function tilePath(tile: Tile): string {
  const groups = [tile.index % 1000n];
  for (let rest = tile.index / 1000n; rest > 0n; rest /= 1000n) groups.unshift(rest % 1000n);
  const name = groups.map((group, at) => `${at < groups.length - 1 ? "x" : ""}${String(group).padStart(3, "0")}`);
  return `tile/${tile.level}/${name.join("/")}${tile.width === TILE_WIDTH ? "" : `.p/${tile.width}`}`;
}

const TILE_PATH = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,6}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/;

/** @throws CalybrisError `CAL_PROOF_MALFORMED` for anything that {@link tilePath} does not produce. */
export function parseTilePath(path: string): Tile {
  const match = TILE_PATH.exec(path);
  if (match === null) throw malformed("path is not of the form tile/<L>/<N>[.p/<W>]");
  const [, level = "", name = "", width] = match;
  const tile: Tile = {
    level: level === "entries" ? level : Number(level),
    index: BigInt(name.replaceAll(/[x/]/g, "")),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  if (tile.level !== "entries" && tile.level > TILE_LEVEL_MAX)
    throw malformed(`path has a level above ${TILE_LEVEL_MAX}`);
  if (tile.index > U64_MAX) throw malformed("path has an index beyond 64 bits");
  if (tile.width === 0 || (width !== undefined && tile.width >= TILE_WIDTH))
    throw malformed(`path has a width outside 1..${TILE_WIDTH - 1}`);
  if (tilePath(tile) !== path) throw malformed("path has superfluous zeros");
  return tile;
}

/** The hashes of a tile as one file: 32 bytes each. */
export function tileBytes(hashes: readonly Uint8Array[]): Uint8Array {
  invariant(hashes.length >= 1 && hashes.length <= TILE_WIDTH, `a tile has 1 to ${TILE_WIDTH} hashes`);
  const bytes = new Uint8Array(hashes.length * HASH_BYTES);
  for (const [at, hash] of hashes.entries()) {
    invariant(hash.byteLength === HASH_BYTES, `a hash has ${HASH_BYTES} bytes, got ${hash.byteLength}`);
    bytes.set(hash, at * HASH_BYTES);
  }
  return bytes;
}

/** @throws CalybrisError `CAL_PROOF_MALFORMED` unless there are exactly `width` hashes. */
export function tileHashes(bytes: Uint8Array, width: number): Uint8Array[] {
  if (bytes.byteLength !== width * HASH_BYTES)
    throw malformed(`has ${bytes.byteLength} bytes; ${width} hashes are ${width * HASH_BYTES}`);
  return Array.from({ length: width }, (_, at) => bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
}

/** Entries as one file: a big-endian u16 length before each. */
export function entryBundle(entries: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + 2 + entry.byteLength, 0));
  let at = 0;
  for (const entry of entries) {
    invariant(entry.byteLength <= ENTRY_BYTES_MAX, `an entry has at most ${ENTRY_BYTES_MAX} bytes`);
    bytes.set([entry.byteLength >> 8, entry.byteLength & 0xff], at);
    bytes.set(entry, at + 2);
    at += 2 + entry.byteLength;
  }
  return bytes;
}

/** @throws CalybrisError `CAL_PROOF_MALFORMED` unless there are exactly `width` entries and nothing after them. */
export function entriesOfBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.byteLength) {
    const [high, low] = [bytes[at], bytes[at + 1]];
    if (high === undefined || low === undefined) throw malformed("ends within a length");
    const end = at + 2 + high * 256 + low;
    if (end > bytes.byteLength) throw malformed("ends within an entry");
    if (entries.length === width) throw malformed(`has more than ${width} entries`);
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  if (entries.length !== width) throw malformed(`has ${entries.length} entries, not ${width}`);
  return entries;
}

/** The hash tiles that a tree of `treeSize` leaves has and one of `sinceSize` leaves does not, by level and index. */
export function* tilesSince(sinceSize: bigint, treeSize: bigint): Generator<Tile & { readonly level: number }> {
  for (let level = 0; level <= TILE_LEVEL_MAX; level++) {
    const [before, now] = [sinceSize, treeSize].map((size) => size >> BigInt(TILE_HEIGHT * level)) as [bigint, bigint];
    if (now === 0n) return;
    if (now === before) continue;
    for (let index = before >> BigInt(TILE_HEIGHT); index << BigInt(TILE_HEIGHT) < now; index++)
      yield { level, index, width: widthAt(level, index, treeSize) };
  }
}

/** The tile that holds the hash of a subtree, as named in the tree of `treeSize` leaves. */
export function tileOfNode(level: number, index: bigint, treeSize: bigint): Tile & { readonly level: number } {
  const tileLevel = Math.floor(level / TILE_HEIGHT);
  const first = index << BigInt(level % TILE_HEIGHT);
  const tileIndex = first >> BigInt(TILE_HEIGHT);
  return { level: tileLevel, index: tileIndex, width: widthAt(tileLevel, tileIndex, treeSize) };
}

function widthAt(level: number, index: bigint, treeSize: bigint): number {
  const left = (treeSize >> BigInt(TILE_HEIGHT * level)) - index * BigInt(TILE_WIDTH);
  return left > BigInt(TILE_WIDTH) ? TILE_WIDTH : Number(left);
}

/**
 * The subtree hashes of a tree, read from its tiles. The tiles need not be trusted: a proof is checked against the root.
 *
 * @param read - returns the bytes of a tile. {@link tilesNeeded} finds the tiles to fetch first.
 * @throws CalybrisError `CAL_PROOF_MALFORMED` if the length of a tile does not match its width.
 */
export function nodesOfTiles(
  treeSize: bigint,
  read: (tile: Tile & { readonly level: number }) => Uint8Array,
  hash: Sha256 = sha256,
): NodeSource {
  return (level, index) => {
    const tile = tileOfNode(level, index, treeSize);
    const count = 2 ** (level % TILE_HEIGHT);
    const from = Number((index * BigInt(count)) % BigInt(TILE_WIDTH));
    let hashes = tileHashes(read(tile), tile.width).slice(from, from + count);
    invariant(hashes.length === count, `subtree ${index} of level ${level} is complete in a tree of ${treeSize}`);
    while (hashes.length > 1) hashes = pairs(hashes).map(([left, right]) => nodeHash(left, right, hash));
    return hashes[0] as Uint8Array;
  };
}

/** The tiles that a proof reads, each once. Fetch them, then compute the proof on {@link nodesOfTiles}. */
export function tilesNeeded(treeSize: bigint, prove: (nodes: NodeSource) => unknown): Tile[] {
  const needed = new Map<string, Tile>();
  const nothing = new Uint8Array(HASH_BYTES);
  prove((level, index) => {
    const tile = tileOfNode(level, index, treeSize);
    needed.set(tilePath(tile), tile);
    return nothing;
  });
  return [...needed.values()];
}

/** Collects tiles as a tree grows: pass its `add` as the `onNode` of a `MerkleTree`. Memory is 256 hashes per level. */
export class TileFold {
  readonly #onFull: (tile: Tile & { readonly level: number }, hashes: readonly Uint8Array[]) => void;
  readonly #rows: Uint8Array[][];

  /** @param partial - the hashes of each level's partial tile, to continue from. */
  constructor(
    onFull: (tile: Tile & { readonly level: number }, hashes: readonly Uint8Array[]) => void,
    partial: readonly (readonly Uint8Array[])[] = [],
  ) {
    this.#onFull = onFull;
    this.#rows = partial.map((hashes) => [...hashes]);
  }

  readonly add = (level: number, index: number, hash: Uint8Array): void => {
    if (level % TILE_HEIGHT !== 0) return;
    const tileLevel = level / TILE_HEIGHT;
    this.#rows[tileLevel] ??= [];
    const row = this.#rows[tileLevel];
    row.push(hash);
    if (row.length < TILE_WIDTH) return;
    this.#rows[tileLevel] = [];
    this.#onFull({ level: tileLevel, index: BigInt(Math.floor(index / TILE_WIDTH)), width: TILE_WIDTH }, row);
  };

  /** The hashes of each level's partial tile. */
  partial(): readonly (readonly Uint8Array[])[] {
    return this.#rows.map((hashes) => [...hashes]);
  }
}

function pairs(hashes: readonly Uint8Array[]): [Uint8Array, Uint8Array][] {
  return Array.from({ length: hashes.length / 2 }, (_, at) => [
    hashes[2 * at] as Uint8Array,
    hashes[2 * at + 1] as Uint8Array,
  ]);
}

function malformed(problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_MALFORMED", { format: "tile", problem });
}
