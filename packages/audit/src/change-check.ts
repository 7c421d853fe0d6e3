/**
 * Who allowed the changes of policy: each signature in a `policy` entry is verified, over this journal, the change that it follows,
 * and what the entry does. Without keys, or where the first entry is not read, it is said to be not established.
 * @module
 */
import { type ChangeKeys, changeSignatureFault, type GenesisEntry, type PolicyEntry } from "@calybris/kernel";
import type { Report } from "./report.ts";

/** Changes of policy after the first policy. Ranges of a log add theirs up. */
export interface ChangeCounts {
  readonly signed: number;
  /** Of those, how many a key that was given verifies. */
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

  /** Whether keys were given, and a signature could not be verified because the first entry is not read. */
  get isUnbound(): boolean {
    return this.#keys !== undefined && this.#genesisHash === undefined && this.#counts.signed > 0;
  }

  /** Takes the hash of the first entry. */
  begin(genesisHash: string): void {
    this.#genesisHash = genesisHash;
  }

  /**
   * @param follows - sequence of the change before; `undefined` where entries are missing that may have been one.
   * @param at - of the entry, microseconds since the Unix epoch.
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

/** What the counts leave open. Without keys, a journal without any signature claims nothing. */
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
