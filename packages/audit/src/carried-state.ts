/**
 * A digest of everything that the checks of later entries depend on. An audit that began after a snapshot and one that read
 * all earlier entries have the same digest exactly if they continue in the same way. So a snapshot may replace the entries
 * before it once those were read elsewhere.
 *
 * Two things are left out, because a snapshot does not hold them: decisions that await their outcome (`learning/awaited.ts`)
 * and request ids (`request-ids.ts`). The first are compared afterwards, the second by their owner.
 * @module
 */
import { type PeriodRule, type Sha256, snapshotDigest, toHex, toUtf8 } from "@calybris/kernel";
import type { Account } from "./account.ts";
import type { AuditState } from "./audit-state.ts";
import type { Claim } from "./claim.ts";
import type { KeyFold } from "./keys.ts";
import type { LearningFold } from "./learning/learning-fold.ts";
import type { MoneyFold } from "./money.ts";
import type { PolicyFold } from "./policies.ts";

/** The folds of an audit without findings. */
export interface CarriedFolds {
  readonly state: AuditState;
  readonly seedDigest: string | undefined;
  readonly treeRoot: string | undefined;
  readonly keys: KeyFold;
  readonly journal: PolicyFold;
  readonly money: MoneyFold;
  readonly learning: LearningFold;
}

/** Rows hashed at a time. */
const ROWS = 1_024;

/** In hexadecimal. */
export function carriedDigest(folds: CarriedFolds, sha256: Sha256): string {
  const hashes: string[] = [];
  const add = (text: string): void => {
    hashes.push(toHex(sha256(toUtf8(text))));
  };
  for (const rows of piecesOf(rowsOf(folds, sha256))) add(rows.join("\n"));
  return toHex(sha256(toUtf8(hashes.join("\n"))));
}

function* rowsOf(folds: CarriedFolds, sha256: Sha256): Generator<string> {
  const { state, seedDigest, treeRoot, keys, journal, money, learning } = folds;
  yield `state ${canonicalText([state, seedDigest, treeRoot])}`;
  yield `keys ${canonicalText(keys.identities)}`;
  for (const { id, since, snapshot, digest } of journal.all)
    yield `policy ${id} ${since} ${toHex(digest)} ${toHex(snapshotDigest(snapshot, sha256))}`;
  yield `active ${journal.active?.id} staged ${journal.staged?.id} canary ${journal.canaryBps} changed ${journal.lastChange}`;
  for (const account of money.accounts) yield `account ${canonicalText(accountRow(account))}`;
  for (const [id, sequence] of money.grants) yield `grant ${sequence} ${id}`;
  for (const [of, claim] of money.claims.open) yield openRow(of, claim);
  for (const [of, claim] of money.claims.closed()) yield closedRow(of, claim);
  yield `pages ${toHex(money.open.digest(sha256))}`;
  yield `learning ${canonicalText(learning.carried)}`;
}

function* piecesOf(rows: Iterable<string>): Generator<readonly string[]> {
  let piece: string[] = [];
  for (const row of rows) {
    if (piece.push(row) < ROWS) continue;
    yield piece;
    piece = [];
  }
  yield piece;
}

function accountRow(account: Account): readonly unknown[] {
  const {
    tenant,
    limit,
    levels,
    pocket,
    grantedMicrocents,
    reservedMicrocents,
    billedMicrocents,
    billedBeforeMicrocents,
    endedCount,
    isSound,
  } = account;
  const { parent, metered, exposureCapMicrocents, onShortfall, reservationSeconds } = limit;
  const { overrunFactor, overrunFloorMicrocents, period } = limit;
  return [
    ...[tenant, parent, metered, exposureCapMicrocents, onShortfall, reservationSeconds, overrunFactor],
    ...[overrunFloorMicrocents, ruleText(period), period?.allotmentMicrocents, levels.map(({ index }) => index)],
    ...[grantedMicrocents, reservedMicrocents, billedMicrocents, billedBeforeMicrocents, endedCount, isSound],
    ...[pocket.period, ruleText(account.periodRule)],
  ];
}

function ruleText(rule: PeriodRule | undefined): string | undefined {
  return rule && `${rule.every} ${rule.timeZone}`;
}

function openRow(of: number, claim: Claim): string {
  const { decisionId, tenant, amountMicrocents, knownMicrocents, attempts, expiresAt, state, since } = claim;
  const calls = attempts?.map(({ reservedMicrocents, pockets, hasEnded, costMicrocents }) => [
    reservedMicrocents,
    pocketsText({ pockets }),
    hasEnded,
    costMicrocents,
  ]);
  const about = [amountMicrocents, knownMicrocents, claim.costMicrocents, calls ?? null];
  return `open ${of} ${decisionId} ${state} ${since} ${expiresAt} ${pocketsText(claim)} ${canonicalText([tenant, ...about])}`;
}

/** Only a correction can follow. It needs the closing cost and the pockets that the amount was reserved from. */
function closedRow(of: number, claim: Claim): string {
  const { decisionId, tenant, state, since, costMicrocents } = claim;
  return `closed ${of} ${decisionId} ${state} ${since} ${costMicrocents} ${pocketsText(claim)} ${tenant}`;
}

/** Any pocket but the current one represents a period that has ended. */
function pocketsText({ pockets }: Pick<Claim, "pockets">): string {
  let text = "";
  for (const pocket of pockets) text += `${pocket.account.index}${pocket === pocket.account.pocket ? "+" : "-"}`;
  return text;
}

/** Canonical text: equal values have equal texts. Members are sorted by name, and `undefined` members are left out. */
export function canonicalText(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`;
  if (typeof value !== "object" || value === null) return value === undefined ? "-" : JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalText(member)}`).join()}}`;
}
