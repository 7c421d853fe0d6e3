/**
 * One engine per directory. The lock is an exclusive SQLite transaction on the file `lock`, open for the life of the
 * engine: the operating system holds it and drops it with the process, however that ends. The file itself says nothing; one
 * that was left behind locks nothing.
 *
 * Refused: a Unix socket that the owner listens on. "Nobody answers, so unlink it" is a race that two processes won in 28
 * of 60 rounds.
 * @module
 */
import { randomInt } from "node:crypto";
import { statfsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";

import { EngineError } from "../engine-errors.ts";
import { type FileIdentity, identify, isSameFile } from "./file-identity.ts";

export const LOCK_FILE = "lock";

export interface Lock {
  /** The file that is locked. While its name leads to it, no other process can own the directory. */
  readonly file: FileIdentity;
  release(): Promise<void>;
}

/**
 * Takes the lock of a directory. Waits no longer than others need who try in the same instant.
 *
 * @throws CalybrisError `CAL_JOURNAL_LOCKED` when another engine has it, in this process or another;
 *   `CAL_JOURNAL_UNREADABLE` when the directory takes no lock, or is on a network file system.
 */
export async function acquireLock(directory: string): Promise<Lock> {
  for (let attempt = 1; ; attempt++) {
    const lock = tryLock(directory);
    if (lock !== undefined) return lock;
    if (attempt === ATTEMPTS) throw new EngineError("CAL_JOURNAL_LOCKED", { directory });
    await delay(randomInt(1, RETRY_MS_MAX));
  }
}

/** Of several that try in the same instant, SQLite may refuse every one: they come back at different times. */
const ATTEMPTS = 4;
const RETRY_MS_MAX = 20;

/** `undefined` when somebody else has it. */
function tryLock(directory: string): Lock | undefined {
  const path = join(directory, LOCK_FILE);
  let database: DatabaseSync | undefined;
  try {
    refuseNetwork(statfsSync(directory).type);
    database = exclusive(path);
    if (database === undefined) return undefined;
    const file = lockedFile(path);
    if (file !== undefined) return { file, release: release.bind(undefined, database) };
    database.close();
    return undefined;
  } catch (cause) {
    if (database?.isOpen === true) database.close();
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError("CAL_JOURNAL_UNREADABLE", { path: directory, problem }, { cause });
  }
}

/** Locks of these file systems may be local to the machine, or lost when the server restarts. */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB"],
  [0x517b, "SMB"],
  [0x5346414f, "AFS"],
  [0x73757245, "Coda"],
  [0x564c, "NCP"],
]);

/** @param type - what `statfs` says of the file system. */
export function refuseNetwork(type: number): void {
  const name = NETWORK_FILE_SYSTEMS.get(type);
  if (name !== undefined) throw new Error(`a lock on a network file system (${name}) protects nothing`);
}

const SQLITE_BUSY = 5;

/** `undefined` when somebody else has it. */
function exclusive(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // In memory, because nothing is ever committed: with a file, or none, SQLite writes, which a full disk refuses.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}

/** The file that was locked; `undefined` when the name leads to another one by now, whose lock is free. */
function lockedFile(path: string): FileIdentity | undefined {
  const before = identify(path);
  const other = exclusive(path);
  other?.close();
  return other === undefined && isSameFile(before, identify(path)) ? before : undefined;
}

async function release(database: DatabaseSync): Promise<void> {
  database.close();
}
