/**
 * The search for damage that goes unnoticed: everything that can be done to the bytes of a small journal, with its head
 * and without, through recovery and through the audit.
 *
 * Noticed means: refused, or whatever is missing was never promised, lies behind the head, and was set aside. One thing
 * cannot be noticed without a head or a key, and is not asked for: whole entries removed from the end.
 * @module
 */
import { type AuditReport, createAudit, type HeadAnchor } from "@calybris/audit";
import { CalybrisError, referenceKernel } from "@calybris/kernel";
import { nodeChain, nodeSha256 } from "../../../src/journal/chain-hash.ts";
import { HEAD_FILE, inspectHead, readHead, writeHead } from "../../../src/journal/head.ts";
import { HEAD_MAC_FILE, HeadMacSearch, headMac } from "../../../src/journal/head-mac.ts";
import { PlainDisk } from "../crash/disk.ts";
import { CrashViolation } from "../crash/oracle.ts";
import { DIRECTORY, recoverData, segmentLines } from "../crash/process.ts";
import {
  cuts,
  type Damage,
  disguises,
  flips,
  forgeries,
  moves,
  type SmallJournal,
  segmentsOf,
  smallJournal,
  withoutHead,
  withTornHead,
} from "./journal.ts";

export interface FlipCounts {
  /** Damaged journals; each is looked at with its head and without. */
  damages: number;
  /** Those that recovery refused, set aside, and found harmless (in space that holds nothing). */
  refused: number;
  setAside: number;
  harmless: number;
  /** Reports of the audit. */
  audits: number;
}

export interface FlipBudget {
  /** Another seed, another journal. */
  readonly seed: number;
  /** Where the search stops even if there is more to look at; without it, it ends when it has looked at all. */
  readonly milliseconds?: number;
  /** Bits flipped of each byte: 8 are all. */
  readonly bits: number;
  /** Of so many damages one is looked at, and of as many of these one is audited. */
  readonly every: number;
  readonly auditEvery: number;
  /** Journals with a key only; without, both kinds. */
  readonly isKeyed?: boolean;
  readonly progress?: ((text: string) => void) | undefined;
}

const KEY = Buffer.alloc(32, 7);

export async function searchFlips(budget: FlipBudget): Promise<FlipCounts> {
  const counts: FlipCounts = { damages: 0, refused: 0, setAside: 0, harmless: 0, audits: 0 };
  const endMs = performance.now() + (budget.milliseconds ?? Number.POSITIVE_INFINITY);
  for (const key of budget.isKeyed === true ? [KEY] : [undefined, KEY]) {
    const journal = await smallJournal(`s${budget.seed}-`, key);
    const other = await smallJournal(`other-${budget.seed}-`, key);
    requireWhole(journal);
    requireForgeriesCaught(journal, counts);
    requireDisguisesRefused(journal, counts);
    requireHeadsHeld(journal, counts);
    let index = 0;
    for (const damage of damages(journal, other, budget)) {
      index += 1;
      if (index % budget.every !== 0) continue;
      if (performance.now() >= endMs) return counts;
      counts.damages += 1;
      budget.progress?.(`${flipSummary(counts)}; now ${damage.what}`);
      const isAudited = counts.damages % budget.auditEvery === 0;
      for (const contents of [damage.contents, withTornHead(damage.contents)]) {
        try {
          lookAt({ ...damage, contents }, journal, isAudited, counts);
        } catch (error) {
          throw new CrashViolation(
            `${damage.what}, ${contents === damage.contents ? "with its head" : "with a torn head"}, ` +
              `${key === undefined ? "plain" : "keyed"}: ${(error as Error).message}`,
            { cause: error },
          );
        }
      }
    }
  }
  return counts;
}

export function flipSummary({ damages, refused, setAside, harmless, audits }: FlipCounts): string {
  return `${damages} damaged journals, with head and without: ${refused} refused, ${setAside} set aside, ${harmless} harmless; ${audits} audited`;
}

function* damages(journal: SmallJournal, other: SmallJournal, { bits }: FlipBudget): Generator<Damage> {
  yield* moves(journal, other);
  yield* cuts(journal);
  yield* flips(journal, bits);
}

function lookAt(damage: Damage, journal: SmallJournal, isAudited: boolean, counts: FlipCounts): void {
  const { contents } = damage;
  const head = readHead(new PlainDisk(new Map(contents)), DIRECTORY);
  if (head === undefined && damage.needsHead === true) return;
  const needed = Math.max(head?.sequence ?? 0, journal.promised);
  const recovered = recoverDamaged(contents, journal, needed, counts);
  if (!isAudited) return;
  counts.audits += 1;
  const report = audited(contents, journal, head && { sequence: head.sequence, lastHash: head.hash });
  const isTorn = report.status === "incomplete" && report.tornTail !== undefined && report.entries >= needed;
  const isIntact = report.status === "intact" && sameLines(contents, journal.contents);
  if (report.status !== "broken" && !isTorn && !isIntact)
    throw new CrashViolation(`the audit says ${report.status} of ${report.entries} entries`);
  requireOneVerdict(recovered, report);
}

/** What recovery refuses the audit calls broken, and the reverse. */
function requireOneVerdict(recovered: Recovery, { status, findings }: AuditReport): void {
  if ((recovered === "refused") === (status === "broken")) return;
  throw new CrashViolation(`recovery: ${recovered}; the audit: ${status} ${JSON.stringify(findings[0])}`);
}

function recoverDamaged(
  damaged: ReadonlyMap<string, Buffer>,
  { contents, entries, key }: SmallJournal,
  needed: number,
  counts: FlipCounts,
): Recovery {
  const found: string[] = [];
  const recovered = recoverCopy(damaged, found, key);
  if (recovered === "refused") {
    counts.refused += 1;
    return recovered;
  }
  const stranger = found.findIndex((data, index) => data !== entries[index]);
  if (stranger !== -1) throw new CrashViolation(`entry ${stranger + 1} was recovered, and is another`);
  if (found.length < needed) throw new CrashViolation(`${found.length} of ${needed} promised entries were recovered`);
  if (recovered === "set aside") counts.setAside += 1;
  else if (sameLines(damaged, contents)) counts.harmless += 1;
  else throw new CrashViolation(`${found.length} of ${entries.length} entries were recovered, and nothing was said`);
  return recovered;
}

type Recovery = "refused" | "set aside" | "whole";

/** Only blank space differs. */
function sameLines(a: ReadonlyMap<string, Buffer>, b: ReadonlyMap<string, Buffer>): boolean {
  return segmentLines(a).join("\n") === segmentLines(b).join("\n");
}

function recoverCopy(contents: ReadonlyMap<string, Buffer>, found: string[], key: Uint8Array | undefined): Recovery {
  const copy = new Map([...contents].map(([name, bytes]) => [name, Buffer.from(bytes)]));
  try {
    const { setAside } = recoverData(new PlainDisk(copy), (data) => found.push(data), key);
    return setAside === undefined ? "whole" : "set aside";
  } catch (error) {
    if (error instanceof CalybrisError && error.code === "CAL_JOURNAL_CORRUPT") return "refused";
    throw error;
  }
}

/** The audit of all segments as one log, kept apart by their names. */
function audited(
  contents: ReadonlyMap<string, Buffer>,
  { key }: SmallJournal,
  head: HeadAnchor | undefined,
): AuditReport {
  const own = inspectHead(new PlainDisk(new Map(contents)), DIRECTORY);
  const mac = contents.get(HEAD_MAC_FILE);
  const audit = createAudit({
    sha256: nodeSha256,
    chain: nodeChain(key),
    kernelFor: referenceKernel,
    heads: head === undefined ? [] : [head],
    headMissing: own.state === "none" ? own.found : undefined,
    headMac:
      key === undefined || mac === undefined
        ? undefined
        : new HeadMacSearch(mac.toString("latin1"), nodeChain(key), own.state === "whole" ? own.head : undefined),
  });
  for (const file of segmentsOf(contents)) {
    const bytes = contents.get(file) as Buffer;
    for (let byteOffset = 0; byteOffset < bytes.byteLength; ) {
      const end = bytes.indexOf(0x0a, byteOffset);
      if (end === -1) audit.unterminated(bytes.subarray(byteOffset), { file, byteOffset });
      else if (end > byteOffset) audit.line(bytes.subarray(byteOffset, end), { file, byteOffset });
      byteOffset = end === -1 ? bytes.byteLength : end + 1;
    }
  }
  return audit.finish();
}

function requireWhole(journal: SmallJournal): void {
  const found: string[] = [];
  const { status } = audited(journal.contents, journal, undefined);
  if (recoverCopy(journal.contents, found, journal.key) !== "whole" || status !== "intact")
    throw new CrashViolation(`the journal is not whole before anything is done to it: ${status}`);
}

/** A tail that is written anew with hashes that fit is caught by a head kept elsewhere, and under a key at once. */
function requireForgeriesCaught(journal: SmallJournal, counts: FlipCounts): void {
  const kept = readHead(new PlainDisk(new Map(journal.contents)), DIRECTORY);
  if (kept === undefined) throw new CrashViolation("the journal has no head");
  for (const { what, contents, withHead } of forgeries(journal)) {
    counts.damages += 1;
    const found: string[] = [];
    const own = recoverCopy(contents, found, journal.key);
    if (own !== "refused") throw new CrashViolation(`${what}: its own head does not notice, ${own}`);
    counts.refused += 1;
    const forged = recoverCopy(withHead, [], journal.key);
    if (journal.key !== undefined && forged !== "refused")
      throw new CrashViolation(`${what}, and its head too: the key does not notice`);
    counts.audits += 1;
    const { status } = audited(withHead, journal, { sequence: kept.sequence, lastHash: kept.hash });
    if (status !== "broken") throw new CrashViolation(`${what}: a head kept elsewhere does not notice, ${status}`);
  }
}

/** The last batch was acknowledged, and nothing says so but its own form: what changes that is no torn tail. */
function requireDisguisesRefused(journal: SmallJournal, counts: FlipCounts): void {
  for (const { what, contents } of disguises(journal)) {
    counts.damages += 1;
    counts.refused += 1;
    requireBothRefuse(what, contents, journal);
  }
}

/** A head that is gone, or names what is not there, is refused by both; with the loss accepted, what is left is served. */
function requireHeadsHeld(journal: SmallJournal, counts: FlipCounts): void {
  const lines = segmentLines(journal.contents);
  const last = segmentsOf(journal.contents).at(-1) as string;
  const cut = new Map(journal.contents);
  const text = (cut.get(last) as Buffer).toString("latin1").trimEnd();
  cut.set(last, Buffer.from(`${text.slice(0, text.lastIndexOf("\n") + 1)}`, "latin1"));
  const damages = [
    { what: "cut", contents: cut },
    ...withoutHead(journal.contents),
    ...withoutHead(cut).map(({ what, contents }) => ({ what: `cut, ${what}`, contents })),
    ...macDamages(journal, cut),
  ];
  for (const { what, contents } of damages) {
    counts.damages += 1;
    counts.refused += 1;
    requireBothRefuse(what, contents, journal);
    const disk = new PlainDisk(new Map([...contents].map(([name, bytes]) => [name, Buffer.from(bytes)])));
    const found: string[] = [];
    const { loss } = recoverData(disk, (data) => found.push(data), journal.key, true);
    const kept = contents === journal.contents || !what.startsWith("cut") ? lines.length : lines.length - 1;
    if (loss === undefined || found.length !== kept)
      throw new CrashViolation(`${what}: ${found.length} of ${kept} entries with the loss accepted, ${loss}`);
    if (recoverCopy(disk.contents, [], journal.key) !== "whole")
      throw new CrashViolation(`${what}: refused again after the loss was accepted`);
  }
}

/** Under a key: a head that was written anew for a journal that was cut, and MACs of anything else. */
function* macDamages({ key, entries, contents }: SmallJournal, cut: ReadonlyMap<string, Buffer>): Generator<Damage> {
  if (key === undefined) return;
  const lines = segmentLines(cut);
  const hash = /"entry_hash":"([0-9a-f]+)"/.exec(lines.at(-1) ?? "")?.[1] ?? "";
  const shorter = { sequence: entries.length - 1, hash, keyed: true };
  const disk = new PlainDisk(new Map([...cut].map(([name, bytes]) => [name, Buffer.from(bytes)])));
  const head = readHead(disk, DIRECTORY);
  if (head !== undefined) disk.replace(DIRECTORY, HEAD_MAC_FILE, headMac(head, nodeChain(key)));
  const file = disk.open(DIRECTORY, HEAD_FILE, true);
  if (file !== undefined) writeHead(file, shorter);
  yield { what: "cut, with a head written anew", contents: disk.contents };
  const other = headMac(shorter, nodeChain(Buffer.alloc(32, 8)));
  for (const mac of [other, "", "0".repeat(64), `${"0".repeat(64)}\n`])
    yield {
      what: `a MAC of nothing, ${mac.length} bytes`,
      contents: new Map(contents).set(HEAD_MAC_FILE, Buffer.from(mac)),
    };
}

function requireBothRefuse(what: string, contents: Damage["contents"], journal: SmallJournal): void {
  const own = inspectHead(new PlainDisk(new Map(contents)), DIRECTORY);
  const head = own.state === "whole" ? { sequence: own.head.sequence, lastHash: own.head.hash } : undefined;
  const recovered = recoverCopy(contents, [], journal.key);
  const { status } = audited(contents, journal, head);
  if (recovered !== "refused" || status !== "broken")
    throw new CrashViolation(`${what}: recovery: ${recovered}; the audit: ${status}`);
}
