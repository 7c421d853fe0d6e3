import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { nodeDisk } from "../../../src/journal/disk.ts";

// The crash model takes the journal's directory for durable. Here that is held against the real disk: which directories
// are synced when it is made. The system's calls are counted, not replaced.

const { fsyncSync, openSync } = fs;
let directory: string;
let opened: Map<number, string>;
let synced: string[];

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), "directory-")));
  opened = new Map();
  synced = [];
  fs.openSync = (path, ...rest) => {
    const descriptor = openSync(path, ...rest);
    opened.set(descriptor, String(path));
    return descriptor;
  };
  fs.fsyncSync = (descriptor) => {
    synced.push(opened.get(descriptor) ?? "");
    fsyncSync(descriptor);
  };
  syncBuiltinESMExports();
});
afterEach(() => {
  fs.openSync = openSync;
  fs.fsyncSync = fsyncSync;
  syncBuiltinESMExports();
  rmSync(directory, { recursive: true, force: true });
});

test("a journal's directory is durable by name before anything in it is: each new parent is synced, and the one above", () => {
  const made = join(directory, "a", "b", "journal");
  nodeDisk.makeDirectory(made);
  expect(synced).toEqual([join(directory, "a", "b"), join(directory, "a"), directory]);
});

test("the name of a directory that is there already is made durable too: its creator may have died before it could", () => {
  nodeDisk.makeDirectory(directory);
  expect(synced).toEqual([join(directory, "..")]);
});

// Skipped elsewhere: only Linux has a directory that says it is there and takes no names.
test.runIf(process.platform === "linux").each(["/proc/x", "/dev/null/x"])(
  "where no directory can be made, making %s fails and does not try for ever",
  (path) => {
    expect(() => nodeDisk.makeDirectory(path)).toThrow(/ENOENT|EEXIST|ENOTDIR|EACCES|EROFS/);
  },
);
