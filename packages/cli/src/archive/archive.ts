/**
 * `calybris journal archive`: moves sealed, verified segments to another disk.
 *
 *     verify all of them ─▶ copy ─▶ sync ─▶ read back and compare ─▶ note in the manifest ─▶ replace by a link
 *
 * A link to the copy replaces the segment atomically, so every reader, including a running service, finds the journal
 * intact. An interrupted run can be repeated, and continues.
 * @module
 */
import { existsSync, lstatSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { basename, isAbsolute, join, relative, resolve } from "node:path";
import { PACKED_ENDING } from "@calybris/engine/internal";
import { Command, InvalidArgumentError, Option } from "commander";
import { copyVerified, type Packing, noteInManifest, replaceByLink } from "./files.ts";
import { verifySealed } from "./verify.ts";
import { type JournalOptions, journalOption, placeOf } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { jsonText } from "../terminal/json-text.ts";
import { chainOfJournal, keyFileOption } from "../journal/key-file.ts";
import { repairClockCommand } from "../journal/repair-clock.ts";
import { logFiles } from "../journal/log-lines.ts";
import { bytesText, count } from "../terminal/number-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { CliError } from "../cli-errors.ts";

interface ArchiveOptions extends JournalOptions {
  readonly to: string;
  readonly keep: number;
  readonly pack: Packing;
  readonly json?: true;
}

/** The journal and the target of an archive run. */
export interface ArchiveJob {
  readonly journal: string;
  readonly to: string;
  readonly keep: number;
  /** Default `"zstd"`. */
  readonly pack?: Packing;
  readonly keyFile?: string | undefined;
}

/** A moved segment. */
export interface Archived {
  readonly segment: string;
  /** Its file in the archive. */
  readonly file: string;
  /** Size of that file. */
  readonly bytes: number;
  /** SHA-256 of its uncompressed contents, hexadecimal. */
  readonly sha256: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Hash of its last entry, which the next segment continues. */
  readonly lastHash: string;
}

export function journalCommand(terminal: Terminal): Command {
  const archive = new Command("archive")
    .description("move sealed segments to another disk, leaving links")
    .addOption(new Option("--pack <format>", "format of the copies").choices(["zstd", "none"]).default("zstd"))
    .addOption(journalOption())
    .addOption(configOption())
    .requiredOption("--to <directory>", "target directory; created if missing")
    .option("--keep <count>", "number of newest sealed segments to keep in place", wholeCount, 0)
    .addOption(keyFileOption())
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nEach segment is verified, copied and read back before it is replaced by a link. The copies remain part of the journal.\nThe open segment always stays. A packed copy is readable by zstdcat, DuckDB, `calybris verify` and the service.",
    )
    .action(async (options: ArchiveOptions) => {
      const { directory, keyFile } = await placeOf(options);
      const moved = archiveJournal({ ...options, journal: directory, keyFile });
      terminal.print(options.json === true ? jsonText({ archived: moved }) : archivedText(moved, options));
    });
  return new Command("journal")
    .description("manage a journal: archive its segments, repair its clock")
    .addCommand(archive)
    .addCommand(repairClockCommand(terminal));
}

/** @throws CalybrisError `CAL_ARCHIVE_REFUSED` for any fault; only segments with verified copies were moved. */
export function archiveJournal(options: ArchiveJob): readonly Archived[] {
  const { pack = "zstd" } = options;
  const from = resolve(options.journal);
  const to = resolve(options.to);
  const { files } = logFiles(from);
  refuseOverlap(from, to);
  const sealed = files.slice(0, -1);
  const movable = sealed.slice(0, Math.max(0, sealed.length - options.keep)).filter(isPlainFile);
  if (movable.length === 0) return [];
  const spans = verifySealed(sealed, chainOfJournal(from, options.keyFile));
  mkdirSync(to, { recursive: true, mode: 0o700 });
  return movable.map((file) => {
    const span = spans.get(file);
    if (span === undefined) throw new CliError("CAL_ARCHIVE_REFUSED", { path: file, problem: "it has no entry" });
    const name = `${basename(file)}${pack === "zstd" ? PACKED_ENDING : ""}`;
    const copy = join(to, name);
    const sha256 = copyVerified(file, copy, pack);
    const archived: Archived = { segment: basename(file), file: name, bytes: statSync(copy).size, sha256, ...span };
    noteInManifest(to, archived);
    replaceByLink(file, copy);
    return archived;
  });
}

/** False for a link, which is a segment moved before. */
function isPlainFile(file: string): boolean {
  return lstatSync(file).isFile();
}

function refuseOverlap(from: string, to: string): void {
  const real = existsSync(to) ? realpathSync(to) : to;
  const way = relative(realpathSync(from), real);
  if (way !== "" && (way.startsWith("..") || isAbsolute(way))) return;
  throw new CliError("CAL_ARCHIVE_REFUSED", {
    path: to,
    problem: "it is the journal's own directory, or inside it",
  });
}

function archivedText(moved: readonly Archived[], { to }: ArchiveOptions): string {
  if (moved.length === 0) return "nothing to move: no sealed segment is left in its place";
  const rows = moved.map(
    ({ file, bytes, firstSequence, lastSequence, sha256 }) =>
      `${file}  entries ${count(firstSequence)} to ${count(lastSequence)}  ${bytesText(bytes)}  sha256 of the entries ${sha256}`,
  );
  return [...rows, `moved ${moved.length} to ${to}; the journal links to them there`].map(printable).join("\n");
}

function wholeCount(text: string): number {
  if (!/^[0-9]{1,6}$/.test(text)) throw new InvalidArgumentError("Write a whole number up to 999999.");
  return Number(text);
}
