/**
 * The digest of a ledger, and the ledger's part of the canonical state. The audit computes the same from the journal alone.
 * @module
 */
import {
  ledgerDigest,
  OVERRUN_FACTOR,
  OVERRUN_FLOOR_MICROCENTS,
  type Sha256,
  toHex,
  writeExact,
} from "@calybris/kernel";
import type { Account } from "./account.ts";
import type { Reservations } from "./reservations.ts";

/** The parts of a ledger that a digest covers. */
export interface Digested {
  /** In the order of their first limits. */
  accounts(): readonly Account[];
  /** {@link tenantStateText} of each account. */
  tenantStates(): readonly string[];
  readonly reservations: Reservations;
}

/** `calyldg1`. */
export function digestOf(ledger: Digested, sequence: number, sha256: Sha256): Uint8Array {
  const tenants = [...ledger.accounts()];
  return ledgerDigest({ tenants, openCount: ledger.reservations.openCount, watermark: sequence }, sha256);
}

/** Canonical JSON of state that `calyldg1` does not cover but later entries depend on, in the order of the journal. */
export function ledgerStateText(ledger: Digested, sequence: number, sha256: Sha256): string {
  const digest = toHex(digestOf(ledger, sequence, sha256));
  const open = toHex(sha256(Buffer.concat(ledger.reservations.openLines().map((line) => line.digest))));
  const calls = ledger.reservations.callsText();
  const members = `"digest":"${digest}","tenants":[${ledger.tenantStates().join(",")}],"open":"${open}"`;
  return calls === undefined ? `{${members}}` : `{${members},"calls":${calls}}`;
}

/** An account without its balances, as canonical JSON; an absent value is written as one that is not otherwise valid. */
export function tenantStateText({ tenant, limit, debtMicrocents, period }: Account): string {
  const { parent, metered, exposureCapMicrocents, onShortfall, reservationSeconds, period: rule } = limit;
  const position = [tenant, parent ?? "", debtMicrocents, period?.index ?? 0, period?.endsAt ?? 0];
  const terms = [metered, exposureCapMicrocents ?? -1, onShortfall, reservationSeconds];
  const overrun = [limit.overrunFactor ?? OVERRUN_FACTOR, limit.overrunFloorMicrocents ?? OVERRUN_FLOOR_MICROCENTS];
  const periods = [rule?.every ?? "", rule?.timeZone ?? "", rule?.allotmentMicrocents ?? 0];
  return writeExact([...position, ...terms, ...overrun, ...periods]);
}
