/**
 * Disk checks of `calybris doctor`: free space, file system, and the time to make a small entry durable.
 * @module
 */
import { closeSync, existsSync, fdatasyncSync, openSync, unlinkSync, writeSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Config } from "@calybris/gateway";
import type { Finding } from "./finding.ts";

const GIB = 1024 ** 3;
const FREE_BAD_BYTES = GIB / 4;
const FREE_WARN_BYTES = 4 * GIB;

/** The directory itself, or its nearest existing ancestor. */
export function nearestDirectory(directory: string): string {
  let at = resolve(directory);
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  return at;
}

export async function checkDisk({ journal }: Config): Promise<readonly Finding[]> {
  const directory = nearestDirectory(journal.directory);
  const { bavail, bsize, type } = await statfs(directory);
  const freeBytes = bavail * bsize;
  const found = `${(freeBytes / GIB).toFixed(1)} GiB free`;
  const verdict = freeBytes < FREE_BAD_BYTES ? "bad" : freeBytes < FREE_WARN_BYTES ? "warn" : "ok";
  const space: Finding = {
    check: "disk space",
    verdict,
    found,
    remedy: "Free some, or move sealed segments away with `calybris journal archive`; a full disk stops the service.",
  };
  const kind = FORGETFUL.get(type);
  if (kind === undefined) return [space];
  return [
    space,
    {
      check: "file system",
      verdict: "bad",
      found: `the journal would be on ${kind}`,
      remedy: "Choose a directory on a disk; synced data must survive a power cut.",
    },
  ];
}

/** File systems that do not guarantee durable storage, by their Linux magic numbers. */
const FORGETFUL: ReadonlyMap<number, string> = new Map([
  [0x0102_1994, "tmpfs, which is memory"],
  [0x8584_58f6, "ramfs, which is memory"],
  [0x6969, "NFS, where a lock and a sync are promises of another machine"],
]);

const SYNCS = 64;
const ENTRY_BYTES = 1_024;
const WARN_MS = 20;
/** A faster sync means that the disk does not wait for its medium. */
const LIE_MS = 0.005;

/** Measures consecutive syncs, as many as in a busy second, because the sync time determines the answer time. */
export function checkSyncs({ journal }: Config): Finding {
  const check = "sync time";
  const file = join(nearestDirectory(journal.directory), `.calybris-doctor-${process.pid}`);
  try {
    const times = syncTimes(file);
    const [p50, p99] = [times[times.length >> 1] ?? 0, times.at(-1) ?? 0];
    const found = `p50 ${p50.toFixed(2)} ms, worst of ${SYNCS} ${p99.toFixed(2)} ms`;
    if (p50 < LIE_MS)
      return {
        check,
        verdict: "warn",
        found,
        remedy: "This is faster than a disk: the storage may not wait for its medium. Check what it is.",
      };
    const remedy =
      "An answer waits for a sync. Use a local disk, one with a write cache that survives a power cut at best.";
    return { check, verdict: p50 > WARN_MS ? "warn" : "ok", found, remedy };
  } catch (error) {
    const remedy = "The directory must be writable by the user that runs the service.";
    return { check, verdict: "bad", found: (error as Error).message, remedy };
  }
}

function syncTimes(file: string): number[] {
  const descriptor = openSync(file, "wx", 0o600);
  try {
    const bytes = Buffer.alloc(ENTRY_BYTES, 0x61);
    writeSync(descriptor, Buffer.alloc(ENTRY_BYTES * SYNCS, 0x0a), 0, ENTRY_BYTES * SYNCS, 0);
    fdatasyncSync(descriptor);
    const times: number[] = [];
    for (let index = 0; index < SYNCS; index += 1) {
      const startedMs = performance.now();
      writeSync(descriptor, bytes, 0, ENTRY_BYTES, index * ENTRY_BYTES);
      fdatasyncSync(descriptor);
      times.push(performance.now() - startedMs);
    }
    return times.sort((a, b) => a - b);
  } finally {
    closeSync(descriptor);
    unlinkSync(file);
  }
}
