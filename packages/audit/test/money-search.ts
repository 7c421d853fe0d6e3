/**
 * The search for a journal on which the engine and the audit disagree about money: random workloads, both folds, entry by
 * entry. Short in `npm test`, long under `npm run torture`.
 */
import { deepStrictEqual } from "node:assert";
import { nodeSha256 } from "@calybris/engine";
import { EngineState, type Ledger, proveConservation } from "@calybris/engine/internal";
import { decisionIdOf, type GrantEntry, parseEntryBody, parseEntryHead } from "@calybris/kernel";
import fc from "fast-check";
import { policiesAt } from "../../engine/src/state/read-entry.ts";
import { createAudit, createFold } from "../src/index.ts";
import { MoneyFold } from "../src/money.ts";
import { type Ran, runWorkload, workload } from "./money-workload.ts";

const OPERATIONS_MAX = 60;

/** How often a kind of entry, a shortage or a debt was met: a search that never meets one says nothing of it. */
export type Seen = Map<string, number>;

/** Random journals, so many of them; throws where the two folds differ, or the audit finds fault with the engine. */
export async function searchMoney(runs: number, seed: number): Promise<Seen> {
  const seen: Seen = new Map();
  await fc.assert(
    fc.asyncProperty(workload(OPERATIONS_MAX), async (operations) => {
      checkMoney(await runWorkload(operations), seen);
    }),
    { numRuns: runs, seed },
  );
  return seen;
}

/** Throws where the two folds over a journal differ, or the audit finds fault with the engine. */
export function checkMoney(ran: Ran, seen: Seen = new Map()): void {
  compareFolds(ran, seen);
  const { status, findings } = auditOfLines(ran.lines);
  deepStrictEqual({ status, findings }, { status: "intact", findings: [] });
}

function compareFolds(ran: Ran, seen: Seen): void {
  const count = (what: string): unknown => seen.set(what, (seen.get(what) ?? 0) + 1);
  const state = new EngineState();
  const refuse = (finding: object): void => deepStrictEqual(finding, undefined);
  const fold = createFold({ sha256: nodeSha256, onFinding: refuse });
  const money = new MoneyFold(nodeSha256);
  const grants: GrantEntry[] = [];
  for (const data of ran.entries) {
    const head = must(parseEntryHead(data));
    const body = must(parseEntryBody(head, data, policiesAt(state, head.sequence)));
    state.apply(head.sequence, head.at, body);
    fold.apply(data);
    money.take(head.sequence, head.at, body, (...finding) => refuse(finding));
    if (body.kind === "grant") grants.push(body);
    compareMemories(state.ledger, money, head.sequence, grants);
    const proof = fold.prove(head.at);
    deepStrictEqual(proof, proveConservation(state.ledger, head.sequence, head.at, nodeSha256));
    deepStrictEqual(proof.conserved, true);
    deepStrictEqual(fold.stateDigest(), state.digest());
    const live = ran.live.get(head.sequence);
    if (live !== undefined) {
      deepStrictEqual(fold.prove(live.provedAt), live.proof);
      deepStrictEqual(fold.stateDigest(), live.stateDigest);
    }
    count("entry");
    count(body.kind);
    if (body.kind === "decision" && body.headroomMicrocents !== undefined) count("short");
    if (proof.tenants.some(({ debtMicrocents }) => debtMicrocents > 0n)) count("debt");
  }
}

/** What the digest of the state leaves out: which grants were made, and what became of closed reservations. */
function compareMemories(ledger: Ledger, money: MoneyFold, sequence: number, grants: readonly GrantEntry[]): void {
  for (let of = 1; of <= sequence; of++) {
    const reservation = ledger.reservations.open(of) ?? ledger.reservations.closed(of);
    const claim = money.claims.get(of);
    deepStrictEqual(
      claim && [claim.decisionId, claim.tenant, claim.pockets.map(({ account }) => account.tenant)],
      reservation && [
        decisionIdOf(of, reservation.identity),
        reservation.account.tenant,
        reservation.parts.map(({ account }) => account.tenant),
      ],
    );
    const closed = ledger.reservations.closed(of);
    const isOpen = claim === undefined || money.claims.open.has(of);
    deepStrictEqual(
      isOpen ? undefined : [claim.state, claim.since, claim.costMicrocents],
      closed && [closed.state, closed.sequence, closed.actualMicrocents],
    );
  }
  for (const grant of grants) {
    if (ledger.account(grant.tenant)?.limit.metered !== true) continue;
    let found = "nothing";
    money.take(sequence + 1, 0, grant, (_problem, _expected, given) => {
      found = given;
    });
    const first = ledger.grantOf(grant.id);
    deepStrictEqual(found, `id ${JSON.stringify(grant.id)}, of entry ${first?.sequence}`);
    deepStrictEqual([first?.tenant, first?.amountMicrocents], [grant.tenant, grant.amountMicrocents]);
  }
}

function auditOfLines(lines: readonly string[]): ReturnType<ReturnType<typeof createAudit>["finish"]> {
  const audit = createAudit({ sha256: nodeSha256 });
  for (const [index, line] of lines.entries()) audit.line(line, { file: "journal", byteOffset: index });
  return audit.finish();
}

function must<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("it is there");
  return value;
}
