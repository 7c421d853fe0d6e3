/**
 * Loaded before a process begins (`--import`), in its threads too: notes in a file what a thread wrote and synced, in the
 * order in which it did. A sync is noted when it has returned. It takes a while, as on a disk, so that an answer that does
 * not wait for it comes before it.
 *
 *     write <path> <end>      synced <path> <nanoseconds>      head <sequence>
 * @module
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { isMainThread } from "node:worker_threads";

/** Lines begin with a brace; space is prepared with newlines, and does not count. */
const LINE_BEGIN = 0x7b;
const SYNC_MS = 3;
const notes = process.env["CALYBRIS_ORDER_NOTES"];

if (!isMainThread && notes !== undefined) {
  const { openSync, writeSync, fdatasyncSync, fsyncSync } = fs;
  const paths = new Map<number, string>();
  const out = openSync(notes, "a");
  const still = new Int32Array(new SharedArrayBuffer(4));
  const note = (text: string): void => {
    writeSync(out, `${text}\n`);
  };
  fs.openSync = (path, ...rest) => {
    const descriptor = openSync(path, ...rest);
    paths.set(descriptor, String(path));
    return descriptor;
  };
  fs.writeSync = ((descriptor: number, bytes: Uint8Array, offset: number, length: number, position: number) => {
    const count = writeSync(descriptor, bytes, offset, length, position);
    const head = length < 1_024 ? /"sequence":([0-9]+),"last_hash"/.exec(Buffer.from(bytes).toString("latin1")) : null;
    if (head !== null) note(`head ${head[1]}`);
    else if (bytes[0] === LINE_BEGIN) note(`write ${paths.get(descriptor) ?? ""} ${position + count}`);
    return count;
  }) as typeof fs.writeSync;
  const synced = (sync: (descriptor: number) => void) => (descriptor: number) => {
    Atomics.wait(still, 0, 0, SYNC_MS);
    sync(descriptor);
    note(`synced ${paths.get(descriptor) ?? ""} ${process.hrtime.bigint()}`);
  };
  fs.fdatasyncSync = synced(fdatasyncSync);
  fs.fsyncSync = synced(fsyncSync);
  syncBuiltinESMExports();
}
