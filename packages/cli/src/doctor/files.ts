/**
 * File checks of `calybris doctor`: permissions and validity.
 * @module
 */
import { accessSync, constants, existsSync, lstatSync, readdirSync, readlinkSync, type Stats, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import {
  DirectorySnapshots,
  faultySnapshots,
  inspectHead,
  listSegments,
  listSnapshots,
  nodeChain,
  nodeDisk,
  segmentNumber,
} from "@calybris/engine/internal";
import type { Config } from "@calybris/gateway";
import { nearestDirectory } from "./disk.ts";
import { counted } from "../terminal/number-text.ts";
import type { Finding } from "./finding.ts";
import { lastEntry } from "./last-entry.ts";
import { readKey } from "../journal/key-file.ts";

const OTHERS_WRITE = 0o022;
const OTHERS_ANY = 0o077;

export async function checkFiles(config: Config): Promise<readonly Finding[]> {
  const { journal, policy, budgets, tls } = config;
  return [
    checkDirectory(journal.directory),
    ...(await checkJournal(journal.directory)),
    ...checkArchive(journal.directory),
    ...checkSnapshots(config),
    ...[policy.file, budgets.file, tls.certificateFile].flatMap((file) =>
      file === undefined ? [] : [checkReadable(file)],
    ),
    ...[journal.keyFile, tls.keyFile].flatMap((file) => (file === undefined ? [] : [checkSecret(file)])),
  ];
}

function checkDirectory(directory: string): Finding {
  const check = "journal directory";
  const nearest = nearestDirectory(directory);
  const remedy = "Make it with mode 700, owned by the user that runs the service.";
  try {
    accessSync(nearest, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return { check, verdict: "bad", found: `${nearest} cannot be written by this user`, remedy };
  }
  const stats = statSync(nearest);
  if (!stats.isDirectory()) return { check, verdict: "bad", found: `${nearest} is not a directory`, remedy };
  const mode = `mode ${(stats.mode & 0o777).toString(8)}`;
  if (isOpen(stats, OTHERS_WRITE))
    return {
      check,
      verdict: "warn",
      found: `${nearest}: others may write there (${mode})`,
      remedy: "chmod 700 fixes that.",
    };
  const relative = isAbsolute(directory) ? "" : ", relative to where the service is started";
  return { check, verdict: "ok", found: `${directory}${relative} (${mode})` };
}

const LOST =
  "Entries may be gone, and a start refuses that. Restore head.json and the segments from a backup; without one, `calybris serve --accept-loss` opens what is there.";

async function checkJournal(directory: string): Promise<readonly Finding[]> {
  const check = "journal";
  try {
    const segments = listSegments(nodeDisk, directory);
    if (segments.length === 0) return [{ check, verdict: "ok", found: "a new one will begin" }];
    const file = inspectHead(nodeDisk, directory);
    if (file.state === "whole") {
      const { sequence, hash, keyed } = file.head;
      // Read after the head, which is never ahead of the entries.
      const last = await lastEntry(directory);
      const isShort = last === undefined || last.head.sequence < sequence;
      if (isShort || (last.head.sequence === sequence && last.entryHash !== hash)) {
        const ends = last === undefined ? "no entry can be read" : `the last entry is ${last.head.sequence}`;
        const found = `${ends}, and head.json names ${isShort ? `entry ${sequence}` : "another one of that sequence"}`;
        return [{ check, verdict: "bad", found, remedy: LOST }];
      }
      return [
        {
          check,
          verdict: "ok",
          found: `${counted(segments.length, "segment", "segments")}, head ${sequence}${keyed ? ", keyed" : ""}`,
        },
      ];
    }
    const found = `${counted(segments.length, "segment", "segments")} and no intact head`;
    if (file.state === "torn") {
      const remedy =
        "The machine stopped while it was written; the next start writes it anew. `calybris verify` checks the rest.";
      return [{ check, verdict: "warn", found, remedy }];
    }
    return [{ check, verdict: "bad", found: `${found}: ${file.found}`, remedy: LOST }];
  } catch (error) {
    return [{ check, verdict: "bad", found: (error as Error).message, remedy: "Check its permissions." }];
  }
}

/** Checks snapshots: a start without one takes longer, and needs the segments before it. */
function checkSnapshots({ journal }: Config): readonly Finding[] {
  const check = "snapshots";
  try {
    const count = listSnapshots(nodeDisk, journal.directory).length;
    if (count === 0) return [];
    const faulty = faultySnapshots(
      new DirectorySnapshots(nodeDisk, journal.directory),
      nodeChain(readKey(journal.keyFile)),
    );
    if (faulty.length === 0) return [{ check, verdict: "ok", found: `${count} that a start can use` }];
    const remedy = "The next start uses an older one, or reads all segments, and writes another in time.";
    return faulty.map(({ file, problem }) => ({ check, verdict: "warn", found: `${file}: ${problem}`, remedy }));
  } catch (error) {
    return [{ check, verdict: "bad", found: (error as Error).message, remedy: "See to its permissions." }];
  }
}

/** Finds dangling links to archived segments. */
function checkArchive(directory: string): readonly Finding[] {
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => segmentNumber(name) !== undefined) : [];
  const links = names.map((name) => join(directory, name)).filter((file) => lstatSync(file).isSymbolicLink());
  const check = "archive";
  const [broken, ...more] = links.filter((file) => !existsSync(file));
  if (broken === undefined)
    return links.length === 0
      ? []
      : [{ check, verdict: "ok", found: `${counted(links.length, "segment", "segments")}, all reachable` }];
  const found = `${broken} is a link to ${readlinkSync(broken)}, which cannot be reached${more.length === 0 ? "" : `; so ${more.length === 1 ? "is" : "are"} ${more.length} more`}`;
  const remedy = "Make the archive available again: its entries cannot be read or verified until then.";
  return [{ check, verdict: "warn", found, remedy }];
}

function checkReadable(file: string): Finding {
  try {
    accessSync(file, constants.R_OK);
    return { check: "file", verdict: "ok", found: file };
  } catch (error) {
    return {
      check: "file",
      verdict: "bad",
      found: (error as Error).message,
      remedy: "Check the path and its permissions.",
    };
  }
}

function checkSecret(file: string): Finding {
  const readable = checkReadable(file);
  if (readable.verdict !== "ok") return readable;
  const stats = statSync(file);
  if (!isOpen(stats, OTHERS_ANY)) return { check: "secret", verdict: "ok", found: `${file}, its owner's alone` };
  const found = `others may use ${file} (mode ${(stats.mode & 0o777).toString(8)})`;
  return { check: "secret", verdict: "bad", found, remedy: "chmod 600 fixes that." };
}

/** Whether any of the mode bits is set. Windows does not have these bits. */
function isOpen({ mode }: Stats, bits: number): boolean {
  return process.platform !== "win32" && (mode & bits) !== 0;
}
