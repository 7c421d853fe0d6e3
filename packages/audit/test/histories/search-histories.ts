/**
 * The search for an honest history that the audit calls broken: the engine is run through its public interface, and its
 * journal is audited from the bytes alone. Short in `npm test`, long in `npm run torture` and `npm run soak`.
 */
import { deepStrictEqual } from "node:assert";
import { nodeSha256 } from "@calybris/engine";
import { HEAD_FILE, parseHead } from "@calybris/engine/internal";
import { parseEntryLine, wasmKernel } from "@calybris/kernel";
import { type AuditReport, createAudit, createFold, type HeadAnchor } from "../../src/index.ts";
import { linesOf } from "../money-workload.ts";
import { type History, historyOf } from "./history.ts";
import { type Ran, runHistory } from "./run-history.ts";

/** Watching every step takes as long as auditing, and state entries see nearly all that it sees. */
const WATCHED_EVERY = 4;

/** How often something was met: a search that never meets it says nothing about it. */
export type Seen = Map<string, number>;

export interface Searched {
  readonly histories: number;
  readonly entries: number;
  readonly seen: Seen;
}

/** Runs the histories of seeds `from` to `from + count - 1`; throws the first that fails, made as short as it gets. */
export async function searchHistories(from: number, count: number, seen: Seen = new Map()): Promise<Searched> {
  let entries = 0;
  for (let seed = from; seed < from + count; seed++) {
    const history = historyOf(seed);
    const problem = await problemOf(history, seen, seed % WATCHED_EVERY === 0);
    entries = seen.get("entry") ?? 0;
    if (problem === undefined) continue;
    const shortest = await shortened(history);
    const text = JSON.stringify(shortest, undefined, 1);
    throw new Error(`the history of seed ${seed}: ${problem}\n${await problemOf(shortest)}\n${text}`);
  }
  return { histories: count, entries, seen };
}

/** What is wrong with a history; `undefined` when engine and audit agree about it. */
export async function problemOf(
  history: History,
  seen: Seen = new Map(),
  isWatched = true,
): Promise<string | undefined> {
  try {
    checkHonest(await runHistory(history, isWatched), seen);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @throws AssertionError unless the audit finds the journal whole, and folds to the engine's state wherever that was noted. */
export function checkHonest({ disk, digests }: Ran, seen: Seen = new Map()): void {
  const lines = linesOf(disk);
  const { status, findings } = auditLines(lines, headsOf(disk.files.get(HEAD_FILE)));
  deepStrictEqual({ status, findings: findings.slice(0, 2) }, { status: "intact", findings: [] });
  count(lines, seen);
  if (digests.size === 0) return;
  const fold = createFold({ sha256: nodeSha256, kernelFor: wasmKernel });
  for (const line of lines) {
    const { sequence } = fold.apply(parseEntryLine(line)?.data ?? "");
    const digest = digests.get(sequence);
    if (digest !== undefined) deepStrictEqual([sequence, fold.stateDigest()], [sequence, digest]);
  }
}

export function auditLines(lines: readonly string[], heads: readonly HeadAnchor[] = []): AuditReport {
  const audit = createAudit({ sha256: nodeSha256, kernelFor: wasmKernel, heads });
  for (const [index, line] of lines.entries()) audit.line(line, { file: "journal", byteOffset: index });
  return audit.finish();
}

function headsOf(bytes: Uint8Array | undefined): readonly HeadAnchor[] {
  const head = bytes === undefined ? undefined : parseHead(Buffer.from(bytes).toString("utf8"));
  return head === undefined ? [] : [{ sequence: head.sequence, lastHash: head.hash }];
}

/** Takes steps away, ever fewer at once, as long as something stays wrong. */
async function shortened(history: History): Promise<History> {
  let shortest = history;
  for (let size = Math.ceil(history.steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < shortest.steps.length; ) {
      const steps = shortest.steps.toSpliced(at, size);
      const fewer = { ...shortest, steps };
      if ((await problemOf(fewer)) === undefined) at += size;
      else shortest = fewer;
    }
  }
  return shortest;
}

const MARKS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["contradiction", /"succeeded":true,"signals":\["(?:error|aborted)/],
  ["taught", /"learned":true/],
  ["late, lost or left alone", /"regime":[0-9].*"learned":false/],
  ["holdout", /"holdout":true/],
  ["anomaly", /"anomalous":true/],
  ["explored", /"explored":true/],
  ["by a tracker", /"source":"tracker"/],
  ["by a certificate", /"source":"certified"/],
  ["by observed quality", /"source":"quality"/],
  ["by an anomaly", /"source":"anomaly"/],
  ["short of headroom", /"headroomMicrocents":/],
  ["short of headroom and learning", /"headroomMicrocents":.*"learning":/],
  ["request id", /"kind":"decision","id":/],
  ["rejected", /"action":"reject"/],
  ["substituted", /"action":"substitute"/],
];

function count(lines: readonly string[], seen: Seen): void {
  const add = (what: string): unknown => seen.set(what, (seen.get(what) ?? 0) + 1);
  for (const line of lines) {
    add("entry");
    add(/"kind":"([a-z]+)"/.exec(line)?.[1] ?? "");
    for (const [what, pattern] of MARKS) if (pattern.test(line)) add(what);
  }
}
