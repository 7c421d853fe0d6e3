/**
 * `--key-file`: the secret key of a keyed journal. All bytes of the file are the key, including a final newline. A file that
 * other users can read is refused, because its key is not secret.
 * @module
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from "node:fs";
import { join } from "node:path";
import type { Head } from "@calybris/engine";
import { HEAD_FILE, nodeChain, parseHead, unreadable } from "@calybris/engine/internal";
import type { CalybrisError, ChainHash } from "@calybris/kernel";
import { EngineError } from "@calybris/engine";
import { Option } from "commander";
import { firstEntry } from "./entries.ts";
import { logFiles } from "./log-lines.ts";

const KEY_BYTES_MIN = 16;
const KEY_BYTES_MAX = 4_096;
/** Permission bits of group and others. */
const OTHERS_MODE = 0o077;
/** Opening must not block on a pipe without a writer, which is refused afterwards. */
const WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** The option, the same for all commands that open a journal. */
export function keyFileOption(): Option {
  return new Option("--key-file <file>", "key of a keyed journal; at least 16 bytes, readable by its owner only");
}

/** @throws CalybrisError `CAL_JOURNAL_KEY` for an invalid key, `CAL_INPUT_UNREADABLE` for an unreadable file. */
export function readKey(file: string | undefined): Uint8Array | undefined {
  return file === undefined ? undefined : readSecret(file, refused);
}

/**
 * Reads a secret that only its owner may read.
 *
 * @param refuse - creates the error for an invalid file.
 */
export function readSecret(file: string, refuse: (file: string, problem: string) => CalybrisError): Uint8Array {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, WITHOUT_WAITING);
    const problem = problemOf(fstatSync(descriptor));
    if (problem !== undefined) throw refuse(file, problem);
    return readFileSync(descriptor);
  } catch (cause) {
    throw unreadable(file, cause);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Refuses a key for an unkeyed journal, and a missing key for a keyed one, according to its head. */
export function requireKey(head: Pick<Head, "keyed">, key: Uint8Array | undefined, file: string): void {
  if (head.keyed && key === undefined) throw refused(file, "the journal is keyed and no --key-file was given");
  if (!head.keyed && key !== undefined) throw refused(file, "the journal's head says that it is not keyed");
}

/**
 * To be called before a journal is opened for writing: the key must be that of the journal. With a different key, recovery
 * would find every entry broken, without knowing the reason.
 */
export function requireKeyOfJournal(directory: string, keyFile: string | undefined, key: Uint8Array | undefined): void {
  const head = headOf(directory);
  if (head === undefined) return;
  requireKey(head, key, keyFile ?? directory);
  if (key === undefined || keyFile === undefined) return;
  const entry = logFiles(directory).files.slice(0, 1).map(firstEntry)[0];
  if (entry !== undefined && nodeChain(key)(entry.previousHash, Buffer.from(entry.data)) !== entry.entryHash)
    throw refused(keyFile, "it is not the one that entry 1 was written with, or entry 1 was altered");
}

/** The chain hash of a journal; `undefined` if it is keyed and its key was not given, or the journal is unreadable. */
export function chainOfJournal(directory: string, keyFile: string | undefined): ChainHash | undefined {
  const head = headOf(directory);
  const key = readKey(keyFile);
  if (head !== undefined && key !== undefined) requireKey(head, key, keyFile ?? directory);
  return key !== undefined || head?.keyed === false ? nodeChain(key) : undefined;
}

/** The journal's head; `undefined` if it is missing or unreadable. */
export function headOf(directory: string): Head | undefined {
  try {
    return parseHead(readFileSync(join(directory, HEAD_FILE), "utf8"));
  } catch {
    return undefined;
  }
}

function problemOf(stats: Stats): string | undefined {
  if (!stats.isFile()) return "it is not a regular file";
  if (stats.size < KEY_BYTES_MIN) return `it is ${stats.size} bytes long`;
  if (stats.size > KEY_BYTES_MAX) return `it is ${stats.size} bytes long; ${KEY_BYTES_MAX} are the most`;
  const mode = stats.mode & 0o777;
  // Windows has no such bits.
  if ((mode & OTHERS_MODE) !== 0 && process.platform !== "win32")
    return `others may use it (mode ${mode.toString(8)}); chmod 600 fixes that`;
  return undefined;
}

function refused(file: string, problem: string): CalybrisError {
  return new EngineError("CAL_JOURNAL_KEY", { file, problem });
}
