/**
 * What a receipt claims of the entry of a decision, derived again from the policy and the request that the journal holds.
 * @module
 */
import { toHex } from "../bytes.ts";
import type { DecisionEntry } from "../decision-entry.ts";
import { decisionDigests, policyDigest } from "../digest.ts";
import { CalybrisError } from "../errors.ts";
import type { Policy } from "../policy.ts";
import { prescribe } from "../prescribe.ts";
import { type Sha256, sha256 } from "../sha256.ts";
import { claimsOf, type ReceiptClaims } from "./receipt-claims.ts";

/** What an entry says of its decision; the rest of it follows. */
const RECORDED = ["action", "reason", "selectedId", "selectedIndex", "costMicrocents"] as const;

/**
 * Claims of a decision that is in a journal.
 *
 * @param policy - that the decision was made under.
 * @param log - the entry: its sequence, from 1, and its hash, 32 bytes. It must be durable.
 * @throws CalybrisError `CAL_RECEIPT_REFUSED` where the entry does not follow from its policy and request.
 */
export function claimsOfEntry(
  policy: Policy,
  entry: DecisionEntry,
  log: { readonly sequence: number; readonly entryHash: Uint8Array },
  hash: Sha256 = sha256,
): ReceiptClaims {
  const { request } = entry;
  const { decision } = prescribe(policy, request);
  const wrong = RECORDED.find((field) => entry.decision[field] !== decision[field]);
  if (wrong !== undefined) throw refused(log.sequence, `its ${wrong} does not follow from its policy and request`);
  const { identity } = decisionDigests(policyDigest(policy, hash), request, decision, hash);
  if (toHex(identity) !== entry.identity) throw refused(log.sequence, "its identity is of another decision");
  const anchor = { sequence: BigInt(log.sequence), entryHash: log.entryHash };
  return claimsOf({ policy, request, decision }, { log: anchor }, hash);
}

function refused(sequence: number, problem: string): CalybrisError {
  return new CalybrisError("CAL_RECEIPT_REFUSED", { sequence, problem });
}
