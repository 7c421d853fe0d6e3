/**
 * One engine per directory. The lock is an exclusive SQLite transaction on the file `lock`, open for the life of the
 * engine: the operating system holds it and releases it with the process, however that ends. The content of the file is
 * irrelevant; a leftover file locks nothing.
 *
 * Rejected alternative: a Unix socket that the owner listens on. Unlinking a socket that does not answer is a race, which
 * two processes won in 28 of 60 rounds.
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
  /** The locked file. While its name refers to it, no other process can own the directory. */
  readonly file: FileIdentity;
  release(): Promise<void>;
}

/**
 * Takes the lock of a directory. Retries briefly, in case several processes try at the same instant.
 *
 * @throws CalybrisError `CAL_JOURNAL_LOCKED` when another engine has it, in this process or another;
 *   `CAL_JOURNAL_UNREADABLE` when the directory cannot be locked, or is on a network file system.
 */
export async function acquireLock(directory: string): Promise<Lock> {
  for (let attempt = 1; ; attempt++) {
    const lock = tryLock(directory);
    if (lock !== undefined) return lock;
    if (attempt === ATTEMPTS) throw new EngineError("CAL_JOURNAL_LOCKED", { directory });
    await delay(randomInt(1, RETRY_MS_MAX));
  }
}

/** If several processes try at the same instant, SQLite may refuse all of them; they retry at different times. */
const ATTEMPTS = 4;
const RETRY_MS_MAX = 20;

/** `undefined` if another engine has it. */
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

/** @param type - file system type from `statfs`. */
export function refuseNetwork(type: number): void {
  const name = NETWORK_FILE_SYSTEMS.get(type);
  if (name !== undefined) throw new Error(`a lock on a network file system (${name}) protects nothing`);
}

const SQLITE_BUSY = 5;

/** `undefined` if another engine has it. */
function exclusive(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // In memory, because nothing is ever committed: other journal modes write, which fails on a full disk.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}

/** The locked file; `undefined` if the name refers to another file by now, whose lock is free. */
function lockedFile(path: string): FileIdentity | undefined {
  const before = identify(path);
  const other = exclusive(path);
  other?.close();
  return other === undefined && isSameFile(before, identify(path)) ? before : undefined;
}

async function release(database: DatabaseSync): Promise<void> {
  database.close();
}
