/**
 * Audits a log, one line at a time and in constant memory. It trusts only the bytes. For each line it checks, in this order:
 * the line's form, its sequence, the chain, and the content.
 *
 * An incomplete line may be a torn tail: a write that was cut off before it was acknowledged. It counts as a torn tail only
 * while nothing contradicts that: a later complete entry that was written when more was known to be durable, an entry that
 * belongs before it, or an external head. Recovery truncates by the same rule.
 * @module
 */
import {
  CalybrisError,
  type ChainedLine,
  type ChainHash,
  type ConservationProof,
  contradictionOfTear,
  GENESIS_HASH,
  parseChainedLine,
  parseEntryHead,
  plainChain,
  sha256 as portableSha256,
  referenceKernel,
  type Sha256,
} from "@calybris/kernel";
import { ContentAudit } from "./content.ts";
import type { AuditState } from "./audit-state.ts";
import type { AuditOptions, HeadMacCheck } from "./audit-options.ts";
import { readSnapshot } from "./snapshot.ts";
import { excerpt, isBlank, parsePublishedLine, type RawLine, rawLine } from "./line.ts";
import {
  type AuditedMoney,
  type AuditReport,
  type Finding,
  Findings,
  type HeadAnchor,
  type Place,
  type TornTail,
  type TreeAnchor,
} from "./report.ts";
import { type Given, givenOf, unestablished } from "./unestablished.ts";

export interface Audit {
  /** Takes the next line, without its newline. */
  readonly line: (line: Uint8Array | string, place: Place) => void;
  /** Takes bytes at the end of a file that are not terminated by a newline. */
  readonly unterminated: (bytes: Uint8Array | string, place: Place) => void;
  /** Whether there is no finding and no suspicion so far. */
  readonly isClean: () => boolean;
  /** The state after the valid entries. For a log that is not ours, it stays empty. */
  readonly state: () => AuditState;
  /**
   * The conservation proof up to the last entry; `undefined` if entries are missing, because balances are unknown then.
   *
   * @param at - microseconds since the Unix epoch: reservations overdue at that time are listed. Default: the last entry's
   *   time.
   */
  readonly prove: (at?: number) => ConservationProof | undefined;
  readonly finish: () => AuditReport;
}

/** Damage that may be a torn tail, with the finding to report if it is not. */
interface Suspect {
  readonly finding: Finding;
  bytes: number;
}

type LinkProblem = Pick<Finding, "problem" | "expected" | "found">;

/**
 * @example
 * ```ts
 * import { createAudit } from "@calybris/audit";
 * const audit = createAudit({ heads: [{ sequence: 1, lastHash: "00" }] });
 * audit.finish().status; // "broken"
 * ```
 */
export function createAudit(options: AuditOptions = {}): Audit {
  const log = new LogAudit(options);
  return {
    line: (line, place) => log.take(rawLine(line), place, true),
    unterminated: (bytes, place) => log.take(rawLine(bytes), place, false),
    isClean: () => log.isClean,
    state: () => log.content.state,
    prove: (at) => log.content.prove(at ?? log.content.state.at),
    finish: () => log.finish(),
  };
}

export class LogAudit {
  readonly #findings = new Findings();
  readonly content: ContentAudit;
  /** The hash that precedes the first entry. */
  firstPreviousHash: string | undefined;
  readonly #chain: ChainHash;
  readonly #heads: readonly HeadAnchor[];
  readonly #trees: readonly TreeAnchor[];
  readonly #pinned: readonly string[];
  readonly #given: Given;
  #isOurs: boolean | undefined;
  #entries = 0;
  #sequence = 0;
  #hash = GENESIS_HASH;
  #end: Place = { file: "", byteOffset: 0 };
  #suspect: Suspect | undefined;
  #unterminated: TornTail | undefined;
  readonly #headMissing: string | undefined;
  readonly #headMac: HeadMacCheck | undefined;
  #isHeadDue = false;
  /** Digest of the snapshot before the log, until its state entry is read. */
  #snapshotDigest: string | undefined;
  #fromSequence = 0;

  /** @param areReadElsewhere - whether another audit reads the entries before the snapshot. */
  constructor(options: AuditOptions, areReadElsewhere = false) {
    const hash = options.sha256 ?? portableSha256;
    const { kernelFor = referenceKernel, drawSeed, logKeys, changeKeys, requestIds } = options;
    const given = { drawSeed, logKeys, changeKeys, requestIds };
    this.content = new ContentAudit(this.#findings, { sha256: hash, kernelFor, ...given });
    this.#trees = options.trees ?? [];
    this.#given = givenOf(options);
    this.#chain = options.chain ?? plainChain(hash);
    this.#heads = options.heads ?? [];
    this.#headMissing = options.headMissing;
    this.#headMac = options.headMac;
    this.#pinned = options.pinnedPolicyDigests ?? [];
    if (options.snapshot !== undefined) this.#begin(options.snapshot, hash, areReadElsewhere);
  }

  get isClean(): boolean {
    return this.#findings.status === "intact" && this.#suspect === undefined;
  }

  /** Whether the log is one of ours and intact so far, and its last entry ends with a newline. */
  get isWhole(): boolean {
    return this.isClean && this.#isOurs === true && this.#unterminated === undefined && this.#entries > 0;
  }

  get entries(): number {
    return this.#entries;
  }

  get fromSequence(): number {
    return this.#fromSequence;
  }

  get last(): { readonly sequence: number; readonly hash: string } {
    return { sequence: this.#sequence, hash: this.#hash };
  }

  /** Begins after a snapshot; the first line is checked against it. */
  #begin(lines: Iterable<string>, sha256: Sha256, areReadElsewhere: boolean): void {
    try {
      const snapshot = readSnapshot(lines, sha256, this.#chain);
      this.content.restore(snapshot, areReadElsewhere);
      this.#snapshotDigest = snapshot.digest;
      this.#fromSequence = snapshot.head.sequence;
      this.#sequence = this.#fromSequence;
      this.#isOurs = true;
    } catch (error) {
      if (!(error instanceof RangeError) && !(error instanceof CalybrisError)) throw error;
      this.#add(this.#end, "snapshot", "a state snapshot", error.message);
    }
  }

  /** Checks that the entry after a snapshot binds it, and takes the previous hash from that entry. */
  #bind(line: ChainedLine, place: Place): void {
    const bound = /"snapshotDigest":"([0-9a-f]{64})"/.exec(line.dataText)?.[1] ?? "none";
    if (line.sequence === this.#fromSequence + 1 && bound !== this.#snapshotDigest)
      this.#add(place, "snapshot", `a snapshot with the digest ${bound}`, `${this.#snapshotDigest}`);
    this.#snapshotDigest = undefined;
    this.#hash = line.previousHash;
  }

  take(raw: RawLine, place: Place, hasNewline: boolean): void {
    this.#end = { file: place.file, byteOffset: place.byteOffset + raw.bytes.byteLength + (hasNewline ? 1 : 0) };
    if (isBlank(raw)) return;
    const line = this.#isOurs === false ? parsePublishedLine(raw) : (parseChainedLine(raw.bytes) ?? this.#foreign(raw));
    if (this.#unterminated !== undefined) {
      const { file, byteOffset } = this.#unterminated;
      this.#add({ file, byteOffset }, "line", "a newline before the next entry", "the end of the file");
      this.#unterminated = undefined;
    }
    if (line === undefined) this.#damage(raw, place, hasNewline);
    else this.#entry(line, raw, place, hasNewline);
  }

  /** Only the first line decides whose log this is; our logs never contain a line in another form. */
  #foreign(raw: RawLine): ChainedLine | undefined {
    if (this.#isOurs !== undefined || this.#suspect !== undefined) return undefined;
    const line = parsePublishedLine(raw);
    // One of our entries in another form (a carriage return before the newline) was altered: the engine refuses it.
    return line === undefined || parseEntryHead(line.dataText) !== undefined ? undefined : line;
  }

  #damage(raw: RawLine, place: Place, hasNewline: boolean): void {
    const found = raw.text === undefined ? "bytes that are not UTF-8" : excerpt(raw.text);
    const contradiction = this.#isOurs === false ? undefined : this.#contradictionOfTear(raw, hasNewline);
    this.#suspectAt(place, raw, hasNewline, { problem: "line", expected: "an entry on one line", found });
    if (contradiction !== undefined) this.#convict();
  }

  #suspectAt(place: Place, raw: RawLine, hasNewline: boolean, finding: LinkProblem): void {
    this.#suspect ??= { finding: { sequence: this.#sequence + 1, ...place, ...finding }, bytes: 0 };
    this.#suspect.bytes += raw.bytes.byteLength + (hasNewline ? 1 : 0);
  }

  /** Reports the suspected damage as a finding. */
  #convict(): void {
    if (this.#suspect === undefined) return;
    this.#findings.add(this.#suspect.finding);
    this.#suspect = undefined;
    this.content.resume();
  }

  #entry(line: ChainedLine, raw: RawLine, place: Place, hasNewline: boolean): void {
    if (this.#snapshotDigest !== undefined) this.#bind(line, place);
    const hash = this.#chain(line.previousHash, line.data);
    const isIntact = hash === line.entryHash;
    const link = this.#linkProblem(line);
    const isNext = isIntact && link === undefined && this.#suspect === undefined;
    if (!isNext && !this.#contradictsTear(raw, hasNewline, isIntact)) {
      this.#suspectAt(place, raw, hasNewline, link ?? hashProblem(hash, line));
      return;
    }
    const isFirst = this.#suspect === undefined;
    this.#convict();
    if (!isIntact) {
      this.#altered(line, place, link ?? hashProblem(hash, line));
      return;
    }
    if (isFirst && link !== undefined) {
      this.#add(place, link.problem, link.expected, link.found);
      this.content.resume();
    }
    this.#accept(line, place, hasNewline, raw);
  }

  #altered(line: ChainedLine, place: Place, finding: LinkProblem): void {
    this.#add(place, finding.problem, finding.expected, finding.found);
    this.content.resume();
    this.#isOurs ??= parseEntryHead(line.dataText) !== undefined;
    this.#sequence += 1;
    this.#hash = line.entryHash;
  }

  /** The way in which a foreign log is written is unknown: a complete line in it counts as written in full. */
  #contradictsTear(raw: RawLine, hasNewline: boolean, isIntact: boolean): boolean {
    if (this.#isOurs === false) return isIntact || hasNewline;
    return this.#contradictionOfTear(raw, hasNewline) !== undefined;
  }

  #contradictionOfTear({ bytes }: RawLine, hasNewline: boolean): string | undefined {
    return contradictionOfTear(bytes, hasNewline, { sequence: this.#sequence }, this.#chain);
  }

  #linkProblem(line: ChainedLine): LinkProblem | undefined {
    if (line.sequence !== this.#sequence + 1)
      return { problem: "sequence", expected: String(this.#sequence + 1), found: String(line.sequence) };
    if (line.previousHash !== this.#hash)
      return { problem: "previous_hash", expected: this.#hash, found: line.previousHash };
    return undefined;
  }

  #accept(line: ChainedLine, place: Place, hasNewline: boolean, raw: RawLine): void {
    if (this.#isOurs === undefined) {
      this.#isOurs = parseEntryHead(line.dataText) !== undefined && parseChainedLine(raw.bytes) !== undefined;
      if (!this.#isOurs)
        this.#findings.incomplete("the log is in the published format but not ours: its chain alone was checked");
    }
    this.#entries += 1;
    this.firstPreviousHash ??= line.previousHash;
    this.#sequence = line.sequence;
    this.#hash = line.entryHash;
    if (!hasNewline)
      this.#unterminated = { ...place, bytes: raw.bytes.byteLength, problem: "a whole entry without its newline" };
    for (const head of this.#heads) {
      if (head.sequence === line.sequence && head.lastHash !== line.entryHash)
        this.#add(place, "head", head.lastHash, line.entryHash);
    }
    if (!this.#isOurs) return;
    this.#headMac?.note(line.sequence, line.entryHash);
    if (this.#headMissing !== undefined && !this.#isHeadDue)
      this.#isHeadDue = (parseEntryHead(line.dataText)?.durable ?? 0) > 0;
    this.content.check(line, place);
    for (const { treeSize, root } of this.#trees) if (treeSize === line.sequence) this.#checkTree(root, place);
  }

  #checkTree(root: string, place: Place): void {
    const found = this.content.treeRoot;
    if (found !== undefined && found !== root) this.#add(place, "tree_root", root, found);
    if (found === undefined)
      this.#findings.incomplete(`the checkpoint of ${this.#sequence} entries was not compared: entries are missing`);
  }

  #add(place: Place, problem: Finding["problem"], expected: string, found: string): void {
    const sequence = problem === "head" || problem === "tree_root" ? this.#sequence : this.#sequence + 1;
    this.#findings.add({ sequence, file: place.file, byteOffset: place.byteOffset, problem, expected, found });
  }

  finish(): AuditReport {
    const anchored = [...this.#heads.map(({ sequence }) => sequence), ...this.#trees.map(({ treeSize }) => treeSize)];
    for (const sequence of anchored)
      if (sequence <= this.#fromSequence)
        this.#findings.incomplete(`what was kept of entry ${sequence} was not compared: a snapshot stands for it`);
    const promised = Math.max(0, ...anchored);
    const tornTail = this.#closeTail(promised);
    if (this.#isHeadDue) this.#add(this.#end, "head", "a head that names the last entry", this.#headMissing ?? "none");
    if (this.#headMac?.isWrong === true && this.#entries > 0)
      this.#add(this.#end, "head", "a head.mac of the head of an entry of this journal", "another");
    for (const digest of this.#pinned) {
      if (this.#isOurs === false) this.#findings.incomplete("a policy was given, and the log holds none to compare");
      else if (!this.content.policies.some((policy) => policy.digest === digest))
        this.#add(this.#end, "policy_pinned", `policy ${digest} activated`, this.#policiesFound());
    }
    if (this.#entries === 0) this.#findings.incomplete("there is no entry");
    const { decisions, actions, reasons, policies } = this.content;
    return {
      status: this.#findings.status,
      entries: this.#entries,
      decisions,
      actions,
      reasons,
      policies,
      money: auditedMoney(this.content.prove(this.content.state.at)),
      checkpoints: this.content.checkpoints,
      head: this.#entries === 0 ? undefined : { sequence: this.#sequence, hash: this.#hash },
      tornTail,
      findings: this.#findings.kept,
      findingCount: this.#findings.count,
      notEstablished: [
        ...unestablished({ ...this.#given, fromSequence: this.#fromSequence }, this.#sequence),
        ...this.content.notEstablished,
      ],
      reasonsIncomplete: this.#findings.reasonsIncomplete,
    };
  }

  #closeTail(promised: number): TornTail | undefined {
    if (promised > this.#sequence) {
      if (this.#suspect !== undefined) this.#findings.add(this.#suspect.finding);
      this.#add(
        this.#end,
        "suffix_removed",
        `entry ${promised}, which the head names`,
        `an end after ${this.#sequence}`,
      );
      return undefined;
    }
    const torn = this.#suspect === undefined ? this.#unterminated : tornTailOf(this.#suspect);
    if (torn !== undefined)
      this.#findings.incomplete(`${torn.file} ends in a torn tail at byte ${torn.byteOffset} (${torn.bytes} bytes)`);
    return torn;
  }

  #policiesFound(): string {
    return this.content.policies.map((policy) => policy.digest).join(", ") || "none";
  }
}

export function auditedMoney(proof: ConservationProof | undefined): AuditedMoney | undefined {
  if (proof === undefined || proof.tenants.length === 0) return undefined;
  const { tenants, reservations, total, conserved, digest } = proof;
  return { tenants: tenants.length, reservations: reservations.length, total, conserved, digest };
}

function hashProblem(hash: string, line: ChainedLine): LinkProblem {
  return { problem: "entry_hash", expected: hash, found: line.entryHash };
}

function tornTailOf({ finding, bytes }: Suspect): TornTail {
  const { file, byteOffset, problem, expected, found } = finding;
  return { file, byteOffset, bytes, problem: `${problem}: expected ${expected}, found ${found}` };
}
