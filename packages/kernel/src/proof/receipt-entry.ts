/**
 * The claims of a receipt about a journal entry, derived again from its policy and request.
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

/** The members of a decision that an entry holds; the rest is derived. */
const RECORDED = ["action", "reason", "selectedId", "selectedIndex", "costMicrocents"] as const;

/**
 * The claims about a decision in a journal.
 *
 * @param policy - the policy of the decision.
 * @param log - the sequence of the entry, from 1, and its hash, 32 bytes. The entry must be durable.
 * @throws CalybrisError `CAL_RECEIPT_REFUSED` if the entry does not follow from its policy and request.
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
