/**
 * The disk's present latency for a journal: the write and sync of one batch to preallocated space. It shows how much of a
 * measured latency is due to the disk.
 * @module
 */
import { closeSync, fdatasyncSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Approximate size of a batch of a few entries. */
const WRITTEN_BYTES = 1_600;
const SPACE_BYTES = 1 << 20;

/** Measures `count` syncs. Returns a sentence with the median and the 90th percentile. */
export function diskWait(folder: string, count: number): string {
  const file = join(folder, "disk-wait");
  const handle = openSync(file, "w");
  try {
    writeSync(handle, Buffer.alloc(SPACE_BYTES, "\n"));
    fsyncSync(handle);
    const bytes = Buffer.alloc(WRITTEN_BYTES, "x");
    const times = Float64Array.from({ length: count }, (_, index) => {
      const startedMs = performance.now();
      writeSync(handle, bytes, 0, WRITTEN_BYTES, (index * WRITTEN_BYTES) % (SPACE_BYTES - WRITTEN_BYTES));
      fdatasyncSync(handle);
      return performance.now() - startedMs;
    }).sort();
    const at = (share: number): string => (times[Math.floor((count - 1) * share)] ?? Number.NaN).toFixed(2);
    return `A write of ${WRITTEN_BYTES} bytes and its \`fdatasync\` took ${at(0.5)} ms at p50 and ${at(0.9)} ms at p90.`;
  } finally {
    closeSync(handle);
    rmSync(file);
  }
}
