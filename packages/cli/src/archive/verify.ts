/**
 * Verifies the sealed segments of a journal from its first entry, before any of them is moved.
 * @module
 */
import { createAudit } from "@calybris/audit";
import { nodeSha256 } from "@calybris/engine";
import { type ChainHash, parseEntryHead, parseEntryLine } from "@calybris/kernel";
import { fastestKernel } from "../decide/kernels.ts";
import { readLog } from "../journal/log-lines.ts";
import { CliError } from "../cli-errors.ts";

/** The entries of one segment. */
export interface Span {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly lastHash: string;
}

/**
 * @param chain - the journal's chain hash; `undefined` if its key was not given.
 * @returns the entries of each file.
 * @throws CalybrisError `CAL_ARCHIVE_REFUSED` for the first fault.
 */
export function verifySealed(files: readonly string[], chain: ChainHash | undefined): ReadonlyMap<string, Span> {
  if (chain === undefined)
    throw new CliError("CAL_ARCHIVE_REFUSED", {
      path: files[0] ?? "",
      problem: "the journal is keyed, so its chain is verified with --key-file alone",
    });
  const audit = createAudit({ sha256: nodeSha256, chain, kernelFor: fastestKernel });
  const spans = new Map<string, Span>();
  for (const file of files) {
    let first: number | undefined;
    let last: { readonly text: string } | undefined;
    for (const line of readLog(file)) {
      const text = Buffer.from(line.bytes).toString("utf8");
      if (line.hasNewline) audit.line(line.bytes, line);
      else refuse(file, "its last line is not ended");
      first ??= parseEntryLine(text)?.sequence;
      last = { text };
    }
    const entry = last === undefined ? undefined : parseEntryLine(last.text);
    if (entry === undefined || first === undefined) refuse(file, "it has no entry");
    if (parseEntryHead(entry.data)?.kind !== "seal") refuse(file, "it does not end with a seal");
    spans.set(file, { firstSequence: first, lastSequence: entry.sequence, lastHash: entry.entryHash });
  }
  const { findings } = audit.finish();
  const [finding] = findings;
  if (finding !== undefined)
    refuse(finding.file, `entry ${finding.sequence} at byte ${finding.byteOffset}: ${finding.problem}`);
  return spans;
}

function refuse(path: string, problem: string): never {
  throw new CliError("CAL_ARCHIVE_REFUSED", { path, problem });
}
