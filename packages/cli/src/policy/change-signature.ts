/**
 * Signatures of policy changes on the command line: made with a key, or read from the output of `calybris policy sign`.
 * @module
 */
import { type ChangeSignature, EngineError, type NextChange } from "@calybris/engine";
import { nodeSha256, readJsonFile, segmentName, shapeMistakes } from "@calybris/engine/internal";
import { signatureShape } from "@calybris/gateway";
import {
  CalybrisError,
  type PolicyChange,
  type PolicySnapshot,
  policyDigest,
  signChange,
  toHex,
} from "@calybris/kernel";
import { type Command, Option } from "commander";
import { readEntries } from "../journal/entries.ts";
import { logFiles } from "../journal/log-lines.ts";
import { placeOf } from "../journal/place.ts";
import { logSigner, type SignerOptions } from "../proof/checkpoint-signer.ts";
import { clientOf, type TargetOptions } from "../service/target.ts";
import { policyNamed } from "./journal-policies.ts";

/** The options of a command that changes the deciding policy. */
export interface SignatureOptions extends TargetOptions {
  readonly signature?: string;
  readonly key?: string;
}

/** A change to sign. */
export interface NamedChange {
  readonly change: PolicyChange;
  readonly policyId: number;
  readonly policy: PolicySnapshot;
  readonly shareBps: number;
}

/** `--signature`, `--key` and `--signers-file`, the same for all commands that change the deciding policy. */
export function withSignature(command: Command): Command {
  const signers = "keys of those who may sign changes of policy, a trust file (default: from the configuration)";
  return command
    .addOption(new Option("--signature <file>", "signature of this change, as `calybris policy sign` prints it"))
    .addOption(new Option("--key <file>", "key that signs this change now").conflicts("signature"))
    .addOption(new Option("--signers-file <file>", signers).conflicts("url"));
}

/**
 * The signature for a command; `undefined` without one.
 *
 * @param named - returns the change to sign; called only with `--key`.
 * @throws CalybrisError `CAL_INPUT_MALFORMED` for an invalid signature, `CAL_PROOF_MALFORMED` for an invalid key.
 */
export async function signatureOf(
  options: SignatureOptions,
  named: (next: NextChange) => Promise<NamedChange>,
): Promise<ChangeSignature | undefined> {
  if (options.signature !== undefined) return signatureInFile(options.signature);
  if (options.key === undefined) return undefined;
  const next = await nextChangeOf(options);
  return signNamed(await named(next), next, { signerFile: options.key });
}

async function signatureInFile(file: string): Promise<ChangeSignature> {
  const { value } = await readJsonFile(file);
  const [mistake] = shapeMistakes(signatureShape, value);
  if (mistake === undefined) return value as unknown as ChangeSignature;
  const { path, problem, remedy } = mistake;
  throw new CalybrisError("CAL_INPUT_MALFORMED", { file, problem: `${path} ${problem}. ${remedy}`.trimStart() });
}

/** Signs a change with a key file or a command. */
export async function signNamed(
  { change, policyId, policy, shareBps }: NamedChange,
  { genesisHash, follows }: NextChange,
  by: SignerOptions,
): Promise<ChangeSignature> {
  const { key, signer } = logSigner(by, {});
  const digest = toHex(policyDigest(policy.policy, nodeSha256));
  const signed = { genesisHash, follows, change, policyId, policyDigest: digest, shareBps };
  const signature = await signChange(signed, { signerId: key.name, signedAtMs: Date.now(), signer });
  return { ...signature, follows };
}

/** The change to a policy that the journal already has, by its ID. */
export async function knownChange(
  options: TargetOptions,
  change: PolicyChange,
  policyId: number,
  shareBps = 0,
): Promise<NamedChange> {
  const { snapshot } = await policyNamed(options, policyId);
  return { change, policyId, policy: snapshot, shareBps };
}

/**
 * The position of the next policy change, read from the journal without a lock, or from the running service.
 *
 * @throws CalybrisError `CAL_JOURNAL_ARCHIVE_UNREACHABLE` if the journal's first entry, which a signature covers, is
 *   unreadable.
 */
export async function nextChangeOf(options: TargetOptions): Promise<NextChange> {
  const client = clientOf(options);
  const next =
    client === undefined ? nextInFiles((await placeOf(options)).directory) : (await client.rollout()).nextChange;
  if (next !== null) return next;
  throw new EngineError("CAL_JOURNAL_ARCHIVE_UNREACHABLE", { sequence: 1, file: segmentName(1) });
}

function nextInFiles(directory: string): NextChange | null {
  let genesisHash: string | undefined;
  let [follows, nextPolicyId] = [0, 1];
  for (const file of logFiles(directory).files) {
    for (const { sequence, entryHash, head, data } of readEntries(file)) {
      if (sequence === 1) genesisHash = entryHash;
      if (head.kind !== "genesis" && head.kind !== "policy") continue;
      follows = sequence;
      const { policyId } = JSON.parse(data) as { readonly policyId: number };
      nextPolicyId = Math.max(nextPolicyId, policyId + 1);
    }
  }
  return genesisHash === undefined ? null : { genesisHash, follows, nextPolicyId };
}
