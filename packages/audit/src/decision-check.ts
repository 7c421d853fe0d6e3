/**
 * Checks a decision's entry against the policy it was made under: the request and its members follow from the policy, and
 * the decision and its digests from both.
 * @module
 */
import {
  type DecisionEntry,
  decisionIdentity,
  type Kernel,
  type PolicySnapshot,
  type RecordedDecision,
  type Sha256,
  toHex,
} from "@calybris/kernel";
import { checkMembers } from "./member-check.ts";
import type { Report } from "./report.ts";
import { checkRequest } from "./request-check.ts";

/** The policy that decides. */
export interface DecidingPolicy {
  readonly id: number;
  readonly snapshot: PolicySnapshot;
  readonly kernel: Kernel;
  /** `calypol1`. */
  readonly digest: Uint8Array;
}

/** Every decision field in an entry is compared; the identity binds the others. */
const DECISION_FIELDS = Object.keys({
  action: true,
  reason: true,
  selectedId: true,
  selectedIndex: true,
  costMicrocents: true,
} satisfies Record<keyof RecordedDecision, true>) as readonly (keyof RecordedDecision)[];

const identityScratch: Uint8Array = new Uint8Array(32);

export function checkDecided(entry: DecisionEntry, deciding: DecidingPolicy, sha256: Sha256, report: Report): void {
  const { decision, request } = entry;
  checkRequest(entry, deciding.snapshot, report);
  checkMembers(entry, deciding.snapshot, report);
  const recomputed = deciding.kernel.prescribe(request);
  for (const field of DECISION_FIELDS) {
    if (decision[field] !== recomputed[field])
      report("decision", `${field} ${recomputed[field]}`, `${field} ${decision[field]}`);
  }
  const identity = toHex(decisionIdentity(deciding.digest, request, recomputed, sha256, identityScratch));
  if (identity !== entry.identity) report("identity", identity, String(entry.identity));
}
