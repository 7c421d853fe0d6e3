/**
 * Checks who authorized each policy change. The signature in a `policy` entry covers this journal, the preceding change and
 * the entry's effect. Without keys, or if the first entry is not read, authorization is reported as not established.
 * @module
 */
import { type ChangeKeys, changeSignatureFault, type GenesisEntry, type PolicyEntry } from "@calybris/kernel";
import type { Report } from "./report.ts";

/** Counts of policy changes after the first policy. The counts of a log's ranges are added up. */
export interface ChangeCounts {
  readonly signed: number;
  /** Number of signed changes that a given key verifies. */
  readonly verified: number;
  readonly unsigned: number;
}

export const NO_CHANGES: ChangeCounts = Object.freeze({ signed: 0, verified: 0, unsigned: 0 });

const US_PER_MS = 1_000;
const FOUND: Readonly<Record<"signer" | "value" | "date", string>> = Object.freeze({
  signer: "one by a key that was not given",
  value: "one that is not of this change",
  date: "one by a key that is not valid at its date and at that of the entry",
});

export class ChangeCheck {
  readonly #keys: ChangeKeys | undefined;
  #genesisHash: string | undefined;
  #counts = NO_CHANGES;

  constructor(keys: ChangeKeys | undefined) {
    this.#keys = keys;
  }

  get counts(): ChangeCounts {
    return this.#counts;
  }

  get claims(): readonly string[] {
    return changeClaims(this.#counts, this.#keys !== undefined);
  }

  /** Whether keys were given but a signature could not be verified because the first entry is not read. */
  get isUnbound(): boolean {
    return this.#keys !== undefined && this.#genesisHash === undefined && this.#counts.signed > 0;
  }

  /** Takes the hash of the first entry. */
  begin(genesisHash: string): void {
    this.#genesisHash = genesisHash;
  }

  /**
   * @param follows - sequence of the preceding change; `undefined` if entries are missing that may have been one.
   * @param at - time of the entry, in microseconds since the Unix epoch.
   */
  take(entry: GenesisEntry | PolicyEntry, follows: number | undefined, at: number, report: Report): void {
    if (entry.kind === "genesis") return;
    const { signature, change, policyId, policyDigest, shareBps = 0 } = entry;
    const { signed, verified, unsigned } = this.#counts;
    if (signature === undefined) {
      this.#counts = { signed, verified, unsigned: unsigned + 1 };
      return;
    }
    const isKnown = this.#keys !== undefined && this.#genesisHash !== undefined && follows !== undefined;
    let isVerified = false;
    if (isKnown) {
      const signedChange = {
        genesisHash: this.#genesisHash as string,
        follows,
        change,
        policyId,
        policyDigest,
        shareBps,
      };
      const fault = changeSignatureFault(signedChange, signature, Math.floor(at / US_PER_MS), this.#keys as ChangeKeys);
      isVerified = fault === undefined;
      if (fault !== undefined)
        report(
          "policy_signature",
          `a signature by ${JSON.stringify(signature.signer)} of this change, after the change in entry ${follows}`,
          FOUND[fault],
        );
    }
    this.#counts = { signed: signed + 1, verified: verified + (isVerified ? 1 : 0), unsigned };
  }
}

/** Claims that the counts do not establish. Without keys, a journal without signatures makes no claim. */
export function changeClaims({ signed, verified, unsigned }: ChangeCounts, areKeysGiven: boolean): readonly string[] {
  const claims: string[] = [];
  if (signed > 0 && !areKeysGiven)
    claims.push(`who allowed the ${signed} signed changes of policy: no key of a signer was given`);
  else if (verified < signed)
    claims.push(`who allowed ${signed - verified} signed changes of policy: their signatures were not verified`);
  if (unsigned > 0 && (signed > 0 || areKeysGiven))
    claims.push(`who allowed ${unsigned} changes of policy: they are not signed`);
  return claims;
}
