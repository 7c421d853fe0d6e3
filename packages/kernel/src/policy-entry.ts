/**
 * Policies as they stand in the journal. Genesis and every entry that brings a new policy embed the whole snapshot, so that
 * a journal explains and verifies itself.
 *
 *     promoted     active from the next decision on; embeds its snapshot unless it was staged
 *     staged       embeds a snapshot that is evaluated beside the active one
 *     canary       the staged policy decides for a share of the tenants
 *     rolled-back  an earlier policy is active again
 *
 * This version writes `promoted` with its snapshot; the engine refuses the others, which belong to a later stage.
 * @module
 */
import { type Caused, CAUSED_MEMBERS, causedFromJson } from "./actor.ts";
import { digest, type Members, object, oneOf, optional, text, whole } from "./entry-fields.ts";
import type { ExactJson } from "./exact-json.ts";
import { BPS_MAX } from "./units.ts";

/** Begins a journal. */
export interface GenesisEntry {
  readonly kind: "genesis";
  readonly format: number;
  readonly policyId: 1;
  readonly snapshot: ExactJson;
  readonly policyDigest: string;
  /** SHA-256, hexadecimal, of the secret seed that draws follow from; from the first policy that learns. */
  readonly seedDigest?: string;
}

export type PolicyChange = "staged" | "promoted" | "rolled-back" | "canary";
export const POLICY_CHANGES: readonly PolicyChange[] = Object.freeze(["staged", "promoted", "rolled-back", "canary"]);

/** A detached Ed25519 signature of a change. */
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
  /** Left out where an earlier entry embeds it. */
  readonly snapshot?: ExactJson;
  readonly policyDigest: string;
  readonly seedDigest?: string;
  /** The policy was read from the file that the service is configured with. */
  readonly source?: "file";
  /** Of a canary: the share of the tenants that it decides for. */
  readonly shareBps?: number;
  readonly signature?: PolicySignature;
}

export const GENESIS_MEMBERS: readonly string[] = ["format", "policyId", "snapshot", "policyDigest", "seedDigest"];
export const POLICY_MEMBERS: readonly string[] = [
  "change",
  "policyId",
  "snapshot",
  "policyDigest",
  "seedDigest",
  "source",
  "shareBps",
  "signature",
  ...CAUSED_MEMBERS,
];

/** Reads the members of genesis. Throws RangeError naming the member. */
export function genesisFromJson(members: Members): GenesisEntry {
  if (members["policyId"] !== 1) throw new RangeError("policyId is not 1");
  return {
    kind: "genesis",
    format: whole(members, "format"),
    policyId: 1,
    snapshot: object(members, "snapshot"),
    policyDigest: digest(members, "policyDigest"),
    ...optional(members, "seedDigest", digest),
  };
}

/** Reads the members of a change of policy. Throws RangeError naming the member. */
export function policyFromJson(members: Members): PolicyEntry {
  const change = oneOf(members, "change", POLICY_CHANGES);
  const brings = change === "staged" || (change === "promoted" && members["snapshot"] !== undefined);
  if (brings !== (members["snapshot"] !== undefined))
    throw new RangeError(`snapshot ${brings ? "is missing from" : "is in"} a policy that is ${change}`);
  if ((members["shareBps"] === undefined) === (change === "canary"))
    throw new RangeError(`shareBps ${change === "canary" ? "is missing from" : "is in"} a policy that is ${change}`);
  return {
    kind: "policy",
    change,
    policyId: whole(members, "policyId"),
    ...optional(members, "snapshot", object),
    policyDigest: digest(members, "policyDigest"),
    ...optional(members, "seedDigest", digest),
    ...optional(members, "source", fromFile),
    ...optional(members, "shareBps", share),
    ...optional(members, "signature", signature),
    ...causedFromJson(members),
  };
}

function fromFile(members: Members, key: string): "file" {
  return oneOf(members, key, ["file"]);
}

function share(members: Members, key: string): number {
  const bps = whole(members, key);
  if (bps > BPS_MAX) throw new RangeError(`${key} is above ${BPS_MAX}`);
  return bps;
}

function signature(members: Members, key: string): PolicySignature {
  const signed = object(members, key);
  const value = text(signed, "value");
  if (!/^[0-9a-f]{128}$/.test(value)) throw new RangeError(`${key} is no signature`);
  return { signer: text(signed, "signer"), signedAtMs: whole(signed, "signedAtMs"), value };
}
