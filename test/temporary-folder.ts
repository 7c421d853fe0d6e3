/**
 * A folder of this run for everything that its tests write, removed when they have ended. It lies in memory where there is
 * room: tests sync thousands of small journals, and a sync of a disk takes most of their time. What a disk does when it fails
 * is simulated (`packages/engine/test/search`); processes that are killed on a real one are a search of `npm run torture`. A
 * test that needs a disk makes its folder in `CALYBRIS_TESTS_DISK`.
 * @module
 */
import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MEMORY = "/dev/shm";
/** The largest tests install every package. */
const ROOM_BYTES = 8 * 2 ** 30;

function hasRoom(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= ROOM_BYTES;
  } catch {
    return false;
  }
}

export default function makeTemporaryFolder(): () => void {
  process.env["CALYBRIS_TESTS_DISK"] = tmpdir();
  const folder = mkdtempSync(join(hasRoom(MEMORY) ? MEMORY : tmpdir(), "calybris-tests-"));
  process.env["TMPDIR"] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
