/**
 * A 53-bit fingerprint of a disk's content, a sum over its sectors, so that changing one sector costs one sector. Two
 * disks with one fingerprint are taken for one: among ten million disks that happens by chance about once in two hundred.
 * @module
 */
import { SECTOR_BYTES } from "./model.ts";

/** Two halves that are added up, each on its own. */
export interface Fingerprint {
  high: number;
  low: number;
}

export function fingerprintOf(contents: ReadonlyMap<string, Buffer>): Fingerprint {
  const sum = { high: 0, low: 0 };
  for (const [name, bytes] of contents) {
    addFile(sum, name, bytes.byteLength);
    for (let sector = 0; sector * SECTOR_BYTES < bytes.byteLength; sector++)
      addSector(sum, name, sector, bytes.subarray(sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES));
  }
  return sum;
}

export function addFile(sum: Fingerprint, name: string, size: number): void {
  const seed = seedOf(name);
  add(sum, seed ^ Math.imul(size + 1, 0xc2b2ae35), seed + Math.imul(size + 1, 0x27d4eb2f));
}

export function addSector(sum: Fingerprint, name: string, sector: number, bytes: Buffer): void {
  let high = Math.imul(sector + 1, 0x9e3779b1) ^ seedOf(name);
  let low = Math.imul(sector + 1, 0x85ebca77) + seedOf(name);
  const words = bytes.byteLength >> 2;
  for (let index = 0; index < words; index++) {
    const word = bytes.readInt32LE(index << 2);
    high = Math.imul(high ^ word, 0x01000193);
    low = Math.imul(low + word, 0x85ebca6b);
    low ^= low >>> 15;
  }
  for (let index = words << 2; index < bytes.byteLength; index++) {
    high = Math.imul(high ^ (bytes[index] as number), 0x01000193);
    low = Math.imul(low + (bytes[index] as number), 0x85ebca6b);
  }
  add(sum, high, low);
}

/** The fingerprint as one number. */
export function fingerprintNumber({ high, low }: Fingerprint): number {
  return (mix(high) >>> 0) * 2 ** 21 + (mix(low) & 0x1f_ffff);
}

function add(sum: Fingerprint, high: number, low: number): void {
  sum.high = (sum.high + mix(high)) | 0;
  sum.low = (sum.low + mix(low)) | 0;
}

const seeds = new Map<string, number>();

function seedOf(name: string): number {
  let seed = seeds.get(name);
  if (seed !== undefined) return seed;
  seed = 0x2545f491;
  for (let index = 0; index < name.length; index++) seed = mix(seed + name.charCodeAt(index));
  seeds.set(name, seed);
  return seed;
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}
