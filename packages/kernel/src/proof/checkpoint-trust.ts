/**
 * The checkpoints that a verifier accepts: the keys of the log and of witnesses, each with its period of validity, and the
 * number of witnesses that must have signed.
 *
 * A cosignature has a time, which is compared with the dates of its key. The signature of a log has none: a log key with
 * dates is accepted only in a checkpoint that a counted witness signed between them.
 * @module
 */
import { CalybrisError } from "../errors.ts";
import { type Checkpoint, parseCheckpoint } from "./checkpoint.ts";
import type { VerifyEd25519 } from "./ed25519.ts";
import type { VerifierKey } from "./note-key.ts";
import { openNote, type VerifiedSignature } from "./note-signing.ts";

/** A key and its period of validity; unlimited without dates. */
export interface DatedKey {
  readonly key: VerifierKey;
  /** Seconds since the Unix epoch; earlier signatures are not accepted. */
  readonly validFromSeconds?: bigint;
  /** The time of rotation or revocation, in seconds since the Unix epoch; signatures at or after it are not accepted. */
  readonly validUntilSeconds?: bigint;
}

export interface CheckpointTrust {
  readonly logs: readonly DatedKey[];
  readonly witnesses: readonly DatedKey[];
  /** The number of different witnesses that must have signed. */
  readonly quorum: number;
}

export interface TrustedCheckpoint {
  readonly checkpoint: Checkpoint;
  /** The signature of the log. */
  readonly log: VerifiedSignature;
  /** One per witness, each within the dates of its key. */
  readonly witnesses: readonly VerifiedSignature[];
}

/**
 * Opens a checkpoint under a list of keys.
 *
 * @throws CalybrisError `CAL_PROOF_REJECTED` if the signature of a known key is invalid, the log did not sign, fewer
 *   witnesses than the quorum signed in time, or the dates of the log's key cannot be established; `CAL_PROOF_MALFORMED`.
 */
export async function openCheckpoint(
  note: Uint8Array | string,
  trust: CheckpointTrust,
  verify: VerifyEd25519,
): Promise<TrustedCheckpoint> {
  const known = [...trust.logs, ...trust.witnesses].map(({ key }) => key);
  const { note: parsed, verified } = await openNote(note, known, verify);
  const checkpoint = parseCheckpoint(parsed.text);
  const ofLog = verified.flatMap((signature) => {
    const dated = trust.logs.find(({ key }) => isSame(key, signature.key));
    return dated !== undefined && dated.key.name === checkpoint.origin ? [{ signature, dated }] : [];
  });
  if (ofLog.length === 0) throw rejected(`is not signed by a known key of ${checkpoint.origin}`);
  const witnesses = countedWitnesses(verified, trust.witnesses);
  if (witnesses.length < trust.quorum)
    throw rejected(`is signed by ${witnesses.length} witnesses in time, and the quorum is ${trust.quorum}`);
  const log = ofLog.find(({ dated }) => !hasDates(dated) || witnesses.some((by) => isWithin(dated, by.timeSeconds)));
  if (log === undefined)
    throw rejected("is signed by a key with dates, and no trusted witness saw the checkpoint between them");
  return { checkpoint, log: log.signature, witnesses };
}

/** One signature per witness whose key was valid at the time of signing. */
function countedWitnesses(
  verified: readonly VerifiedSignature[],
  witnesses: readonly DatedKey[],
): readonly VerifiedSignature[] {
  const counted = new Map<string, VerifiedSignature>();
  for (const signature of verified) {
    const dated = witnesses.find(({ key }) => isSame(key, signature.key));
    if (dated === undefined || dated.key.type !== "cosignature" || !isWithin(dated, signature.timeSeconds)) continue;
    // Witnesses are counted by name, so that one that rotated its key counts once.
    if (!counted.has(dated.key.name)) counted.set(dated.key.name, signature);
  }
  return [...counted.values()];
}

function isSame(one: VerifierKey, other: VerifierKey): boolean {
  return one.name === other.name && one.keyId === other.keyId;
}

function hasDates({ validFromSeconds, validUntilSeconds }: DatedKey): boolean {
  return validFromSeconds !== undefined || validUntilSeconds !== undefined;
}

function isWithin({ validFromSeconds, validUntilSeconds }: DatedKey, timeSeconds: bigint | undefined): boolean {
  if (timeSeconds === undefined) return false;
  const isLateEnough = validFromSeconds === undefined || timeSeconds >= validFromSeconds;
  return isLateEnough && (validUntilSeconds === undefined || timeSeconds < validUntilSeconds);
}

function rejected(problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_REJECTED", { format: "checkpoint", problem });
}
