/**
 * Reads a state snapshot for an audit: by the format alone (docs/formats.md section 6), checked against the digest that the
 * following `state` entry binds, and restored into the audit's own folds.
 * @module
 */
import {
  type Actor,
  type ChainHash,
  isActor,
  type MerkleFrontier,
  OPEN_RECORDS,
  policyDigest,
  type PolicySnapshot,
  SNAPSHOT_LATE_PARTS,
  type Sha256,
  SnapshotMembers,
  StateSnapshotDigest,
  type SnapshotHead,
  snapshotFromJson,
  snapshotHeadOf,
  toHex,
  toUtf8,
  TREE_PART,
  treeIn,
} from "@calybris/kernel";
import type { KeyFold } from "./keys.ts";
import type { LearningFold } from "./learning/learning-fold.ts";
import type { MoneyFold } from "./money.ts";
import type { AuditedPolicy } from "./report.ts";
import type { SnapshotFold } from "./snapshot-fold.ts";

/** The content of a snapshot, and the digests it is checked against. */
export interface ReadSnapshot {
  readonly head: SnapshotHead;
  /** `calyssn1`, hexadecimal. */
  readonly digest: string;
  readonly parts: readonly SnapshotMembers[];
  /** The Merkle tree of the entries up to its sequence; `undefined` if the snapshot has none. */
  readonly tree: MerkleFrontier | undefined;
}

/**
 * Reads the lines of a snapshot.
 *
 * @param chain - the journal's own; it binds the lines that the digest does not cover.
 * @throws RangeError if the lines are not a valid snapshot.
 */
export function readSnapshot(lines: Iterable<string>, sha256: Sha256, chain: ChainHash): ReadSnapshot {
  let first: string | undefined;
  let end = "";
  const parts: SnapshotMembers[] = [];
  const bound = new StateSnapshotDigest(sha256);
  const late: Uint8Array[] = [];
  const take = (line: string): void => {
    const hash = sha256(toUtf8(line));
    const part = new SnapshotMembers(line);
    parts.push(part);
    if (SNAPSHOT_LATE_PARTS.includes(part.text("part"))) late.push(hash);
    else bound.add(hash);
  };
  for (const line of lines) {
    if (first === undefined) {
      first = line;
      bound.add(sha256(toUtf8(line)));
    } else {
      if (end !== "") take(end);
      end = line;
    }
  }
  const head = snapshotHeadOf(first ?? "");
  const digest = bound.finish(head.sequence);
  if (end !== `{"part":"end","hash":"${chain(digest, joined(late))}"}`)
    throw new RangeError("its end is not there, or is another's");
  const tree = parts.find((part) => part.text("part") === TREE_PART);
  return { head, digest, parts, tree: tree && treeOf(tree, head) };
}

function treeOf(part: SnapshotMembers, { sequence }: SnapshotHead): MerkleFrontier {
  const tree = treeIn(part);
  if (tree.treeSize !== sequence) throw new RangeError(`its tree is of ${tree.treeSize} entries, not ${sequence}`);
  return tree;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}

/** The folds to restore into; all must be empty. */
export interface RestoredFolds {
  readonly money: MoneyFold;
  readonly learning: LearningFold;
  readonly keys: KeyFold;
  readonly snapshot: SnapshotFold;
  readonly onPolicy: (policy: AuditedPolicy & { readonly since: number }, snapshot: PolicySnapshot) => void;
  readonly onRollout: (activeId: number, stagedId: number | undefined, canaryBps: number, changedAt: number) => void;
  readonly onSeedDigest: (digest: string) => void;
}

/** Throws RangeError for an invalid part. */
export function restoreFolds({ head, parts }: ReadSnapshot, sha256: Sha256, folds: RestoredFolds): void {
  const { money, learning, keys } = folds;
  const open: number[][] = [];
  const closed: (readonly number[])[] = [];
  const snapshots = new Map<number, PolicySnapshot>();
  folds.snapshot.restoreHead(head);
  for (const members of parts) {
    folds.snapshot.restore(members.text("part"), members);
    switch (members.text("part")) {
      case "policy": {
        const snapshot = snapshotFromJson(members.json("snapshot"));
        const digest = toHex(policyDigest(snapshot.policy, sha256));
        const actor = members.has("actor") ? actorOf(members) : undefined;
        const onBehalfOf = members.has("onBehalfOf") ? members.text("onBehalfOf") : undefined;
        const id = members.whole("id");
        folds.onPolicy({ id, digest, actor, keyName: undefined, onBehalfOf, since: members.whole("since") }, snapshot);
        learning.policy(members.whole("since"), snapshot);
        snapshots.set(id, snapshot);
        break;
      }
      case "rollout": {
        const since = members.objects("activations").at(-1)?.whole("sequence") ?? 0;
        folds.onRollout(
          head.policy,
          members.has("staged") ? members.whole("staged") : undefined,
          members.has("canary") ? members.whole("canary") : 0,
          Math.max(since, members.has("canarySince") ? members.whole("canarySince") : 0),
        );
        const active = snapshots.get(head.policy);
        if (active !== undefined) learning.policy(since, active);
        break;
      }
      case "keys":
        keys.restore(members.objects("keys"));
        break;
      case "prior":
        learning.restorePrior(members.json("prior"));
        break;
      case "learning":
        if (members.has("seedDigest")) folds.onSeedDigest(members.text("seedDigest"));
        learning.restore(new SnapshotMembers(members.json("router")));
        break;
      case "tenants":
        for (const row of members.objects("rows")) money.restoreTenant(row);
        break;
      case "grants":
        for (const row of members.objects("rows")) money.restoreGrant(row);
        break;
      case "live":
        money.open.restoreLive(members);
        break;
      case "open": {
        const live: number[] = [];
        recordsOf(members, OPEN_RECORDS, (record) => {
          if (money.restoreOpen(record, head.sequence)) live.push(record.of);
        });
        open[members.whole("page")] = live;
        break;
      }
      case "held":
        money.restoreHeld(members);
        break;
      case "calls":
        for (const row of members.objects("rows")) money.restoreCall(row);
        break;
      case "closed":
        closed[members.whole("page")] = money.restoreClosed(members);
        break;
      case "identities": {
        const decisions = (members.text("of") === "open" ? open : closed)[members.whole("page")] ?? [];
        const view = viewOf(members.bytes("bytes", 4));
        for (const [index, of] of decisions.entries())
          if (of > 0 && index * 4 < view.byteLength) money.restoreIdentity(of, view.getUint32(index * 4, true));
        break;
      }
      default:
    }
  }
}

/** The decisions of a page of records, in order; 0 for an erased one. */
function recordsOf<Read extends { readonly of: number }>(
  members: SnapshotMembers,
  table: { readonly byteLength: number; read(view: DataView, at: number): Read },
  onRecord: (record: Read) => void,
): number[] {
  const view = viewOf(members.bytes("bytes", table.byteLength));
  const decisions: number[] = [];
  for (let at = 0; at < view.byteLength; at += table.byteLength) {
    const record = table.read(view, at);
    decisions.push(record.of);
    if (record.of > 0) onRecord(record);
  }
  return decisions;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function actorOf(members: SnapshotMembers): Actor {
  const actor = members.json("actor");
  if (!isActor(actor)) throw new RangeError("actor is malformed");
  return actor;
}
