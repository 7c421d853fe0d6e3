/**
 * Chunks: lines that were chained in one go, as the writer is told of them. A chunk also says where the chain stands
 * after it, so the last one stays until the next is there.
 * @module
 */
import { CHUNK_BYTES, CHUNKS, type SharedMemory } from "./shared-memory.ts";

export interface Chunk {
  /** Positions of its lines, modulo 2^32. */
  readonly start: number;
  readonly end: number;
  /** Its entries. */
  readonly first: number;
  readonly last: number;
  /** A new segment begins with its first entry. */
  readonly rotate: boolean;
  /** Its last entry is a seal. */
  readonly sealed: boolean;
  /** Hash of its last entry. */
  readonly hash: string;
}

const START = 0;
const END = 4;
const FIRST = 8;
const LAST = 16;
const ROTATE = 24;
const SEALED = 25;
const HASH_LENGTH = 26;
const HASH = 32;

export function storeChunk({ chunks, chunkBytes }: SharedMemory, number: number, chunk: Chunk): void {
  const at = placeOf(number);
  chunks.setUint32(at + START, chunk.start);
  chunks.setUint32(at + END, chunk.end);
  chunks.setFloat64(at + FIRST, chunk.first);
  chunks.setFloat64(at + LAST, chunk.last);
  chunks.setUint8(at + ROTATE, chunk.rotate ? 1 : 0);
  chunks.setUint8(at + SEALED, chunk.sealed ? 1 : 0);
  chunks.setUint8(at + HASH_LENGTH, chunk.hash.length);
  chunkBytes.write(chunk.hash, at + HASH, "latin1");
}

/** Whether a chunk stands where another one ends, in the same segment. */
export function continues({ chunks }: SharedMemory, number: number, end: number): boolean {
  const at = placeOf(number);
  return chunks.getUint32(at + START) === end && chunks.getUint8(at + ROTATE) === 0;
}

export function chunkEnd({ chunks }: SharedMemory, number: number): number {
  return chunks.getUint32(placeOf(number) + END);
}

export function loadChunk({ chunks, chunkBytes }: SharedMemory, number: number): Chunk {
  const at = placeOf(number);
  return {
    start: chunks.getUint32(at + START),
    end: chunks.getUint32(at + END),
    first: chunks.getFloat64(at + FIRST),
    last: chunks.getFloat64(at + LAST),
    rotate: chunks.getUint8(at + ROTATE) === 1,
    sealed: chunks.getUint8(at + SEALED) === 1,
    hash: chunkBytes.toString("latin1", at + HASH, at + HASH + chunks.getUint8(at + HASH_LENGTH)),
  };
}

function placeOf(number: number): number {
  return ((number >>> 0) % CHUNKS) * CHUNK_BYTES;
}
