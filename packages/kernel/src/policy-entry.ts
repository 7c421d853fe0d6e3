/**
 * Policies as the journal holds them. Genesis and every entry that adds a policy embed the complete snapshot, so that
 * a journal explains and verifies itself.
 *
 *     promoted     active from the next decision on; embeds its snapshot unless it was staged
 *     staged       embeds a snapshot that is evaluated beside the active one
 *     canary       the staged policy decides for a share of the tenants, and stays staged
 *     rolled-back  an earlier policy is active again
 *
 * At most one policy is staged. Staging another, promoting one that was not staged, and rolling back each end the staging.
 * A signature shows who approved the change (`proof/change-signature.ts`).
 * @module
 */
import { type Caused, CAUSED_FIELDS } from "./actor.ts";
import { type EntryTable, type Fields, formOf, objectOf } from "./entry-table.ts";
import { BPS, DIGEST, type EntryValue, oneOf, TEXT, textWhere, WHOLE } from "./entry-value.ts";
import { type ExactJson, writeExact } from "./exact-json.ts";
import { SNAPSHOT } from "./snapshot-fields.ts";

/** Begins a journal. */
export interface GenesisEntry {
  readonly kind: "genesis";
  readonly format: number;
  readonly policyId: 1;
  readonly snapshot: ExactJson;
  readonly policyDigest: string;
  /** SHA-256, hexadecimal, of the secret seed of the draws; present from the first policy that learns. */
  readonly seedDigest?: string;
}

export type PolicyChange = "staged" | "promoted" | "rolled-back" | "canary";
export const POLICY_CHANGES: readonly PolicyChange[] = Object.freeze(["staged", "promoted", "rolled-back", "canary"]);

/** A detached Ed25519 signature of a change (`calychg1`). */
export interface PolicySignature {
  readonly signer: string;
  /** Milliseconds since the Unix epoch. */
  readonly signedAtMs: number;
  /** 64 bytes, hexadecimal. */
  readonly value: string;
}

/** Changes which policy decides. */
export interface PolicyEntry extends Caused {
  readonly kind: "policy";
  readonly change: PolicyChange;
  readonly policyId: number;
  /** Left out if an earlier entry embeds it. */
  readonly snapshot?: ExactJson;
  readonly policyDigest: string;
  readonly seedDigest?: string;
  /** The policy was read from the service's configured file. */
  readonly source?: "file";
  /** The share of tenants that a canary decides for; only for a canary. */
  readonly shareBps?: number;
  readonly signature?: PolicySignature;
}

/** Whether the policy of an entry is active from the next decision on. One that is staged, or a canary, is not. */
export function activates(entry: GenesisEntry | Pick<PolicyEntry, "kind" | "change">): boolean {
  return entry.kind === "genesis" || (entry.change !== "staged" && entry.change !== "canary");
}

/** Validated against its fields, and kept unchanged. */
const EMBEDDED: EntryValue<ExactJson> = {
  schema: SNAPSHOT.schema,
  read: (json, key) => {
    SNAPSHOT.read(json, key);
    return json as ExactJson;
  },
  write: (json) => writeExact(json),
};

const SEED_DIGEST: Fields<Pick<GenesisEntry, "seedDigest">> = {
  seedDigest: {
    type: DIGEST,
    holds: "SHA-256 of the secret seed of the draws, hexadecimal",
    leftOut: "the policy does not learn, or an earlier policy did",
  },
};

export const GENESIS_TABLE: EntryTable = {
  says: "Begins a journal, with its first policy.",
  forms: [
    formOf<GenesisEntry>({
      format: { type: WHOLE, holds: "2" },
      policyId: { type: oneOf([1]), holds: "1" },
      snapshot: { type: EMBEDDED, holds: "the policy (section 4)" },
      policyDigest: { type: DIGEST, holds: "`calypol1`, hexadecimal" },
      ...SEED_DIGEST,
    }),
  ],
};

const SIGNATURE = objectOf<PolicySignature>({
  signer: { type: TEXT, holds: "ID of the signer" },
  signedAtMs: { type: WHOLE, holds: "milliseconds since the Unix epoch" },
  value: {
    type: textWhere(
      (value) => /^[0-9a-f]{128}$/.test(value),
      { type: "string", pattern: "^[0-9a-f]{128}$" },
      "128 lower-case hexadecimal digits",
    ),
    holds: "64 bytes, hexadecimal",
  },
});

export const POLICY_TABLE: EntryTable = {
  says: "Stages, promotes or rolls back a policy, or sets its canary share.",
  forms: [
    formOf<PolicyEntry>(
      {
        change: { type: oneOf(POLICY_CHANGES), holds: "change of the policy's state" },
        policyId: { type: WHOLE, holds: "number of the policy in the journal, from 1" },
        snapshot: { type: EMBEDDED, holds: "the policy (section 4)", leftOut: "an earlier entry embeds it" },
        policyDigest: { type: DIGEST, holds: "`calypol1`, hexadecimal" },
        ...SEED_DIGEST,
        source: {
          type: oneOf(["file"]),
          holds: "`file`: the policy was read from the configured policy file",
          leftOut: "a command contained the policy",
        },
        shareBps: {
          type: BPS,
          holds: "share of the tenants that the canary decides for",
          leftOut: "the change is no canary",
        },
        signature: { type: SIGNATURE, holds: "`signer`, `signedAtMs`, `value`", leftOut: "unsigned" },
        ...CAUSED_FIELDS,
      },
      ({ change, snapshot, shareBps }) => {
        if (change !== "promoted" && (change === "staged") !== (snapshot !== undefined))
          return `snapshot ${change === "staged" ? "is missing from" : "is in"} a policy that is ${change}`;
        if ((change === "canary") !== (shareBps !== undefined))
          return `shareBps ${change === "canary" ? "is missing from" : "is in"} a policy that is ${change}`;
        return undefined;
      },
    ),
  ],
};
