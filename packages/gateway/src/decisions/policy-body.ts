/**
 * A policy sent over HTTP: validated with the rules of a policy file, which a schema cannot express. This takes long, so a
 * worker thread does it.
 * @module
 */
import {
  BUILT_IN_CATALOGS,
  builtInCatalogPath,
  type ChangeSignature,
  nodeSha256,
  parsePolicyFile,
} from "@calybris/engine";
import { membersOf, nameRemedy, readJsonFile } from "@calybris/engine/internal";
import {
  CalybrisError,
  isName,
  NAME_WANTED,
  type PolicySnapshot,
  policyDigest,
  snapshotDigest,
  toHex,
} from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";
import type { ClaimBody } from "../keys/caller.ts";
import { signatureIn } from "./change-signature.ts";

/** A valid policy, in a form that can be sent between threads. */
export interface PolicyBody {
  readonly name: string;
  readonly candidateCount: number;
  readonly policyDigest: string;
  readonly snapshotDigest: string;
  /** Activates the policy, if the body requests it. */
  readonly activation: Activation | undefined;
}

interface Activation {
  readonly snapshot: PolicySnapshot;
  readonly claim: ClaimBody;
  readonly signature: ChangeSignature | undefined;
}

const SHOWN_MAX = 64;

/** @throws CalybrisError `CAL_GATEWAY_REQUEST_INVALID` for the body, `CAL_POLICY_INVALID` for the policy. */
export async function readPolicyBody(
  body: unknown,
  { fields, candidatesMax }: { readonly fields: readonly string[]; readonly candidatesMax: number },
): Promise<PolicyBody> {
  const members = membersOf(body);
  for (const key in members)
    if (!fields.includes(key)) throw invalid(key.slice(0, SHOWN_MAX), "is an unknown field", nameRemedy(key, fields));
  if (members["policy"] === undefined) throw invalid("policy", "is missing", "Send a policy, as a file has it.");
  const claim = fields.includes("by") ? claimIn(members) : undefined;
  const signature = signatureIn(members["signature"]);
  const snapshot = await snapshotIn(members["policy"]);
  const candidateCount = snapshot.policy.candidates.length;
  if (candidateCount > candidatesMax)
    throw invalid(
      "policy.catalog.candidates",
      `has ${candidateCount} candidates`,
      `Send at most ${candidatesMax}, raise \`limits.candidatesMax\`, or begin the journal with the policy as a file.`,
    );
  const activation = claim === undefined ? undefined : { snapshot, claim, signature };
  return { name: snapshot.name, candidateCount, ...digestsOf(snapshot), activation };
}

function claimIn(members: { readonly [key: string]: unknown }): ClaimBody {
  const claim: { -readonly [Key in keyof ClaimBody]: string } = {};
  for (const key of ["onBehalfOf", "by"] as const) {
    const name = members[key];
    if (name === undefined) continue;
    if (!isName(name)) throw invalid(key, "is not a name", `Send ${NAME_WANTED}: on whose behalf you act.`);
    claim[key] = name;
  }
  return claim;
}

export function digestsOf(snapshot: PolicySnapshot): {
  readonly policyDigest: string;
  readonly snapshotDigest: string;
} {
  return {
    policyDigest: toHex(policyDigest(snapshot.policy, nodeSha256)),
    snapshotDigest: toHex(snapshotDigest(snapshot, nodeSha256)),
  };
}

/** The catalog must be in the policy or built in: a caller cannot name a file of this machine. */
async function snapshotIn(policy: unknown): Promise<PolicySnapshot> {
  const catalog = membersOf(policy)["catalog"];
  if (typeof catalog !== "string") return parsePolicyFile(policy);
  if (!BUILT_IN_CATALOGS.includes(catalog)) {
    const remedy = `${nameRemedy(catalog.slice(0, SHOWN_MAX), BUILT_IN_CATALOGS)} Or send the catalog itself.`;
    const mistake = { path: "catalog", problem: `is ${JSON.stringify(catalog.slice(0, SHOWN_MAX))}`, remedy };
    throw new CalybrisError("CAL_POLICY_INVALID", { mistakes: [mistake] });
  }
  return parsePolicyFile(policy, (await readJsonFile(builtInCatalogPath(catalog))).value);
}

function invalid(path: string, problem: string, remedy: string): GatewayError {
  return new GatewayError("CAL_GATEWAY_REQUEST_INVALID", { mistakes: [{ path, problem, remedy }] });
}
