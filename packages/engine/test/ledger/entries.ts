/**
 * Decisions that reserve a given amount, as the journal holds them: what they choose does not matter to the ledger.
 * @module
 */
import { costMicrocents, type DecisionEntry, prescribe, samplePolicy, sampleRequest, sequence } from "@calybris/kernel";

const request = sampleRequest();
const { decision } = prescribe(samplePolicy(), request);

/** The `number`-th decision, for a tenant, that may cost `amount` microcents. */
export function reservationOf(tenant: string, amount: bigint, number = 1): DecisionEntry {
  const numbered = sequence(BigInt(number));
  return {
    kind: "decision",
    useCase: "default",
    defaulted: [],
    tenant,
    request: { ...request, sequence: numbered },
    decision: { ...decision, costMicrocents: costMicrocents(amount) },
    identity: "f".repeat(64),
  };
}
