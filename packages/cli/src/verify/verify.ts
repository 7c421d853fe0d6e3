/**
 * `calybris verify`: audits a journal, or any log in the published format, from its bytes alone.
 * @module
 */
import {
  type Audit,
  type AuditedCheckpoints,
  type AuditedMoney,
  type AuditOptions,
  type AuditReport,
  createAudit,
  type Finding,
  type RequestIdCheck,
} from "@calybris/audit";
import type { CalybrisClient } from "@calybris/client";
import { loadPolicy, nodeSha256 } from "@calybris/engine";
import { nodeChain } from "@calybris/engine/internal";
import {
  actorText,
  type CheckpointTrust,
  policyDigest,
  toHex,
  type TrustedSigner,
  type VerifierKey,
} from "@calybris/kernel";
import { Command, InvalidArgumentError } from "commander";
import { jsonText } from "../terminal/json-text.ts";
import { isArchive } from "../archive/files.ts";
import { fastestKernel } from "../decide/kernels.ts";
import { keyFileOption, readKey, requireKey } from "../journal/key-file.ts";
import { journalOption, placeOf } from "../journal/place.ts";
import { readTrustFile } from "../proof/trust-file.ts";
import { addKey, addSigner } from "../proof/trusted-keys.ts";
import { configOption } from "../service/config-file.ts";
import { apiKeyFileOption, clientOf, type TargetOptions, urlOption } from "../service/target.ts";
import { balanceText } from "../ledger/table.ts";
import { type LogFiles, logFiles } from "../journal/log-lines.ts";
import { count } from "../terminal/number-text.ts";
import { type Verdict, verdictText } from "../terminal/status-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { writeOutput } from "../terminal/write-output.ts";
import { progressOf, rangeCountFor, readInto } from "./audit-files.ts";
import { changeKeysOf, logKeysOf, readSeed, treesOf } from "./given.ts";
import { headGiven, type OwnHead, readOwnHead } from "./head-anchors.ts";
import { logRanges } from "./log-ranges.ts";
import { newestSnapshot } from "./newest-snapshot.ts";
import { type AuditedRanges, auditInRanges } from "./range-threads.ts";
import { repeatedPrints, RequestPrints, SuspectedIds } from "./request-prints.ts";
import { verifyPage } from "./web-page.ts";

/** Exit codes by status; 2 is for invalid input, as for every command. */
const EXIT: Readonly<Record<AuditReport["status"], number>> = Object.freeze({ intact: 0, broken: 1, incomplete: 3 });

export interface VerifyOptions {
  readonly policy?: readonly string[];
  readonly keyFile?: string | undefined;
  readonly head?: string;
  /** Begins at the newest snapshot of the directory. */
  readonly fromSnapshot?: true;
  /**
   * Maximum number of threads; each range needs a snapshot before it. Default: all cores, unless the log is small.
   */
  readonly threads?: number;
  /** Called with a message if a thread fails and the journal is audited in this one. Default: no message. */
  readonly complain?: (text: string) => void;
  /** Whether to compute the conservation proof. */
  readonly isProven?: boolean;
  /** Signed checkpoints kept elsewhere. The journal must contain their trees. */
  readonly checkpoint?: readonly string[];
  /** Keys that verify checkpoints. */
  readonly trust?: CheckpointTrust;
  /** Trusted signers of policy changes. */
  readonly changeSigners?: readonly TrustedSigner[];
  /** The secret seed of the draws. */
  readonly seedFile?: string;
}

interface VerifyCommandOptions extends TargetOptions, Omit<VerifyOptions, "keyFile" | "trust" | "changeSigners"> {
  readonly changeKey: readonly TrustedSigner[];
  readonly logKey: readonly VerifierKey[];
  readonly trust?: string;
  readonly web?: string;
  readonly json?: true;
}

export function verifyCommand(terminal: Terminal): Command {
  return new Command("verify")
    .description("check a journal: chain, digests, every decision and every balance recomputed")
    .argument("[path]", "a journal directory, or a log file; instead of --journal")
    .option("--policy <file>", "a policy that the journal must have activated; repeatable", collected)
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(urlOption())
    .addOption(apiKeyFileOption())
    .addOption(keyFileOption())
    .option("--head <file>", "head stored elsewhere; the journal must reach it")
    .option("--checkpoint <file>", "signed checkpoint stored elsewhere; its tree must match the journal", collected)
    .option("--log-key <key>", "verifier key of the log that signed it; may be repeated", addKey, [])
    .option(
      "--trust <file>",
      "keys of the log, of witnesses and of signers with their dates, and the quorum, instead of --log-key",
    )
    .option(
      "--change-key <key>",
      "signer of policy changes: its verifier key, or ID=KEY in base64; may be repeated",
      addSigner,
      [],
    )
    .option("--seed-file <file>", "secret seed of the draws (`draw-seed` of the journal); draws are checked as well")
    .option("--from-snapshot", "begin after the newest state snapshot; earlier segments are not needed")
    .option("--threads <count>", "number of journal ranges that are read in parallel (default: all cores)", threadsOf)
    .option("--web <file>", "write the page that verifies in a browser, offline, instead of verifying here")
    .option("--json", "print the report as JSON")
    .addHelpText("after", "\nExit code: 0 intact, 1 broken, 2 usage, 3 incomplete (something could not be checked).")
    .action(async (path: string | undefined, options: VerifyCommandOptions, command: Command) => {
      if (options.web !== undefined) {
        writeOutput(options.web, await verifyPage());
        terminal.print(`Written: ${options.web}. Open it in a browser and drop the journal's files on it.`);
        return;
      }
      if (path !== undefined && (options.journal ?? options.url) !== undefined)
        command.error("error: give one of a path, --journal and --url");
      if (options.checkpoint !== undefined && (options.trust === undefined) === (options.logKey.length === 0))
        command.error("error: with option '--checkpoint' give either '--log-key' or '--trust'");
      const { trust: file, logKey, changeKey, ...rest } = options;
      const trusted = file === undefined ? undefined : readTrustFile(file);
      const trust = trusted ?? { logs: logKey.map((key) => ({ key })), ...NO_WITNESS };
      const changeSigners = [...(trusted?.signers ?? []), ...changeKey];
      const target = path === undefined ? options : { ...options, journal: path };
      const { report } = await auditTarget(target, { ...rest, trust, changeSigners, complain: terminal.complain });
      terminal.print(options.json === true ? jsonText(report) : reportText(report));
      terminal.exitCode = EXIT[report.status];
    });
}

const NO_WITNESS = { witnesses: [], quorum: 0 } as const;

function threadsOf(text: string): number {
  if (!/^[1-9][0-9]{0,2}$/.test(text)) throw new InvalidArgumentError("Write a number from 1 to 999.");
  return Number(text);
}

function collected(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

export interface AuditedLog {
  readonly report: AuditReport;
  readonly prove: Audit["prove"];
}

/** @throws CalybrisError if an input cannot be read. Damage to the log itself is in the report. */
export async function verifyLog(path: string, options: VerifyOptions = {}): Promise<AuditReport> {
  return (await auditLog(path, options)).report;
}

/** Audits the journal or the service that a command's options name. */
export async function auditTarget(target: TargetOptions, options: VerifyOptions): Promise<AuditedLog> {
  const client = clientOf(target);
  if (client !== undefined) return auditService(client, target.url ?? "", { ...options, keyFile: target.keyFile });
  const { directory, keyFile } = await placeOf(target);
  return auditLog(directory, { ...options, keyFile });
}

/**
 * Like {@link verifyLog}, with the conservation proof. Several threads can only establish that a journal is intact. If they
 * find anything else, one audit of the whole journal makes the report, so the report is the same.
 */
export async function auditLog(path: string, options: VerifyOptions = {}): Promise<AuditedLog> {
  const begin = options.fromSnapshot === true ? newestSnapshot(path) : undefined;
  const log = begin ?? logFiles(path);
  const key = readKey(options.keyFile);
  const hasOwnHead = log.isDirectory && !isArchive(path);
  const own = hasOwnHead ? readOwnHead(path, key) : {};
  const isPlain = hasOwnHead && begin === undefined && own.torn === undefined && log.missing === undefined;
  const inRanges = isPlain ? await auditedInRanges(path, log, key, own, options) : undefined;
  if (inRanges !== undefined) return inRanges;
  // An audit consumes the search for the head's MAC, so each audit reads the head again.
  const whole = async (requestIds: RequestIdCheck): Promise<Audit> => {
    const head = own.mac === undefined ? own : readOwnHead(path, key);
    const audit = createAudit({ ...(await optionsOf(path, key, head, options)), snapshot: begin?.lines, requestIds });
    readInto(log, audit);
    return audit;
  };
  const prints = new RequestPrints();
  let audit: Audit;
  try {
    audit = await whole(prints);
    const repeated = repeatedPrints([prints.written]);
    if (repeated.size > 0) audit = await whole(new SuspectedIds(repeated));
  } finally {
    prints.close();
  }
  const unchecked = own.torn === undefined ? [] : [own.torn];
  return { report: withMissing(withUnchecked(audit.finish(), unchecked), log.missing), prove: audit.prove };
}

/** `undefined` if there is only one range, or an audit of the whole journal must find the damage. */
async function auditedInRanges(
  directory: string,
  log: LogFiles,
  key: Uint8Array | undefined,
  own: OwnHead,
  options: VerifyOptions,
): Promise<AuditedRanges | undefined> {
  const count = rangeCountFor(options.threads, log.bytes);
  const ranges = count === 1 ? [] : logRanges(directory, log, count);
  if (ranges.length < 2) return undefined;
  const given = await optionsOf(directory, key, own, options);
  const { heads = [], trees = [], drawSeed } = given;
  const { trust, changeSigners, isProven = false } = options;
  const progress = progressOf(log);
  try {
    const data = { directory, key, heads, trees, trust, changeSigners, drawSeed, isProven };
    return await auditInRanges(ranges, given, data, progress.update, (problem) =>
      options.complain?.(`A thread of the audit failed (${problem}); the journal is audited again on one thread.`),
    );
  } finally {
    progress.stop();
  }
}

/**
 * Audits the journal of a running service, by its lines on disk. The service's own head proves nothing against the service
 * itself; a head kept elsewhere (`--head`) does.
 */
async function auditService(client: CalybrisClient, url: string, options: VerifyOptions): Promise<AuditedLog> {
  const { sequence, entryHash: lastHash, keyed } = await client.journalHead();
  const key = readKey(options.keyFile);
  const head = { sequence, lastHash, keyed, source: url };
  const audit = createAudit(await optionsOf(url, key, { head }, options));
  let byteOffset = 0;
  for await (const line of client.journalEntries({ from: 1, to: sequence })) {
    const bytes = Buffer.from(line);
    audit.line(bytes, { file: url, byteOffset });
    byteOffset += bytes.byteLength + 1;
  }
  return { report: audit.finish(), prove: audit.prove };
}

/** The options of an audit that checks a log against its heads and the given policies. */
async function optionsOf(
  path: string,
  key: Uint8Array | undefined,
  own: OwnHead,
  options: VerifyOptions,
): Promise<AuditOptions> {
  const given = options.head === undefined ? undefined : await headGiven(options.head, path);
  const heads = [own.head, given].filter((head) => head !== undefined);
  for (const head of heads) requireKey(head, key, options.keyFile ?? path);
  const seed = options.seedFile === undefined ? undefined : readSeed(options.seedFile);
  const snapshots = await Promise.all((options.policy ?? []).map((file) => loadPolicy(file)));
  return {
    sha256: nodeSha256,
    chain: nodeChain(key),
    isKeyed: key !== undefined,
    kernelFor: fastestKernel,
    heads,
    trees: await treesOf(options.checkpoint ?? [], options.trust),
    logKeys: logKeysOf(options.trust),
    changeKeys: changeKeysOf(options.changeSigners),
    ...(seed && { drawSeed: seed }),
    headMissing: own.missing,
    headMac: own.mac,
    pinnedPolicyDigests: snapshots.map(({ policy }) => toHex(policyDigest(policy, nodeSha256))),
  };
}

function withUnchecked(report: AuditReport, unchecked: readonly string[]): AuditReport {
  if (unchecked.length === 0) return report;
  return {
    ...report,
    status: report.status === "intact" ? "incomplete" : report.status,
    reasonsIncomplete: [...report.reasonsIncomplete, ...unchecked],
  };
}

/**
 * Reports a missing segment as damage, even if the entries before and after it are contiguous: the engine refuses the log.
 */
function withMissing(report: AuditReport, missing: string | undefined): AuditReport {
  if (missing === undefined) return report;
  const place = { sequence: 0, file: missing, byteOffset: 0 };
  const finding: Finding = { ...place, problem: "segment", expected: "a segment of this name", found: "no such file" };
  return {
    ...report,
    status: "broken",
    findings: [finding, ...report.findings],
    findingCount: report.findingCount + 1,
  };
}

/** The terminal report. */
export function reportText(report: AuditReport): string {
  const rows: string[] = [];
  const counts = (of: object): string =>
    Object.entries(of)
      .filter(([, number]) => number > 0)
      .map(([name, number]) => `${name} ${count(number as number)}`)
      .join(", ");
  rows.push(`entries    ${count(report.entries)}`);
  if (report.decisions > 0) {
    rows.push(
      `decisions  ${count(report.decisions)} (${counts(report.actions)})`,
      `reasons    ${counts(report.reasons)}`,
    );
  }
  for (const { id, digest, actor, keyName, onBehalfOf } of report.policies)
    rows.push(`policy ${id}   ${digest}${actor === undefined ? "" : ` by ${actorText(actor, keyName, onBehalfOf)}`}`);
  if (report.head !== undefined) rows.push(`head       ${report.head.sequence} ${report.head.hash}`);
  if (report.checkpoints !== undefined) rows.push(checkpointsLine(report.checkpoints));
  if (report.money !== undefined) rows.push(moneyLine(report.money));
  const status = verdictText(report.status.toUpperCase(), VERDICTS[report.status]);
  return [status, ...[...rows, ...findingLines(report)].map(printable)].join("\n");
}

const VERDICTS: Readonly<Record<AuditReport["status"], Verdict>> = {
  intact: "good",
  broken: "bad",
  incomplete: "open",
};

function checkpointsLine({ count: all, rootsVerified, signaturesVerified, latest }: AuditedCheckpoints): string {
  const newest = `the newest of ${count(latest.treeSize)} entries, by ${latest.origin}`;
  return `signed     ${count(all)} checkpoints: ${count(rootsVerified)} roots and ${count(signaturesVerified)} signatures verified; ${newest}`;
}

function moneyLine({ tenants, total, reservations, conserved }: AuditedMoney): string {
  const sums = balanceText(total);
  return `money      tenants ${count(tenants)}, reservations ${count(reservations)}, ${conserved ? "conserved" : "NOT CONSERVED"}: ${sums}`;
}

/** The contradictions, and the checks that could not be made. */
export function findingLines(report: AuditReport): readonly string[] {
  const rows: string[] = [];
  for (const { sequence, file, byteOffset, problem, expected, found } of report.findings) {
    rows.push(
      "",
      `entry ${sequence} in ${file} at byte ${byteOffset}: ${problem}`,
      `  expected ${expected}`,
      `  found    ${found}`,
    );
  }
  if (report.findingCount > report.findings.length)
    rows.push("", `and ${count(report.findingCount - report.findings.length)} more`);
  if (report.reasonsIncomplete.length > 0) rows.push("", "Not checked:");
  for (const reason of report.reasonsIncomplete) rows.push(`  ${reason}`);
  for (const claim of report.notEstablished) rows.push(`  not established ${claim}`);
  return rows;
}
