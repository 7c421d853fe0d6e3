/**
 * Which changes of policy are allowed where signers are configured: those that a signature allows, of exactly this change, in this
 * journal, after the last change of policy in it.
 * @module
 */
import {
  type ChangeKeys,
  changeSignatureFault,
  type PolicySignature,
  type SignedChange,
  type TrustedSigner,
} from "@calybris/kernel";
import { nodeVerifyEd25519 } from "../ed25519.ts";
import { EngineError } from "../engine-errors.ts";

/** The signature of a change, as a command carries it. */
export interface ChangeSignature extends PolicySignature {
  /** Sequence of the policy change that it was made to follow. The signature covers it. */
  readonly follows: number;
}

/** A change that asks to be allowed. */
export type RequestedChange = Omit<SignedChange, "genesisHash" | "follows">;

/** What a signer has to know of the journal. */
export interface NextChange {
  /** Hash of the first entry, hexadecimal. */
  readonly genesisHash: string;
  /** Sequence of the last change of policy. */
  readonly follows: number;
  /** The ID that a policy gets which is staged next. */
  readonly nextPolicyId: number;
}

const US_PER_MS = 1_000;

export class ChangeAuthorization {
  /** `undefined` where changes need no signature. */
  #keys: ChangeKeys | undefined;
  readonly #nowUs: () => number;
  #genesisHash: string | undefined;

  constructor(signers: readonly TrustedSigner[] | undefined, nowUs: () => number) {
    if (signers !== undefined) this.replaceSigners(signers);
    this.#nowUs = nowUs;
  }

  /** From the next change on these keys alone are valid; changes that needed no signature need one now. */
  replaceSigners(signers: readonly TrustedSigner[]): void {
    this.#keys = {
      signers: [...signers],
      verify: (key, message, signature) => nodeVerifyEd25519(key, message, signature) === true,
    };
  }

  /** Whether changes need a signature. */
  get isRequired(): boolean {
    return this.#keys !== undefined;
  }

  /** Has to be called before {@link ChangeAuthorization.allow}: signatures are of this journal only. */
  bind(genesisHash: string): void {
    this.#genesisHash = genesisHash;
  }

  /**
   * The signature as the entry of the change holds it.
   *
   * @param follows - sequence of the last change of policy.
   * @throws CalybrisError `CAL_ROLLOUT_SIGNATURE_MISSING`, `CAL_ROLLOUT_SIGNATURE_STALE`, `CAL_ROLLOUT_SIGNER_UNKNOWN`,
   *   `CAL_ROLLOUT_SIGNATURE_INVALID`; where no signers are configured `CAL_ROLLOUT_SIGNERS_NONE` for any signature, because
   *   nothing could verify it.
   */
  allow(
    change: RequestedChange,
    follows: number,
    given: ChangeSignature | undefined,
  ): { readonly signature?: PolicySignature } {
    if (this.#keys === undefined) {
      if (given !== undefined) throw new EngineError("CAL_ROLLOUT_SIGNERS_NONE", { signer: given.signer });
      return {};
    }
    const { policyId } = change;
    if (given === undefined)
      throw new EngineError("CAL_ROLLOUT_SIGNATURE_MISSING", { policyId, change: change.change });
    const { signer, signedAtMs, value } = given;
    if (given.follows !== follows)
      throw new EngineError("CAL_ROLLOUT_SIGNATURE_STALE", { policyId, signed: given.follows, last: follows });
    const invalid = (problem: string): EngineError<"CAL_ROLLOUT_SIGNATURE_INVALID"> =>
      new EngineError("CAL_ROLLOUT_SIGNATURE_INVALID", { policyId, signer, problem });
    if (this.#genesisHash === undefined) throw invalid("cannot be verified before the journal begins");
    const signature = { signer, signedAtMs, value };
    const signed = { ...change, follows, genesisHash: this.#genesisHash };
    const atMs = Math.floor(this.#nowUs() / US_PER_MS);
    switch (changeSignatureFault(signed, signature, atMs, this.#keys)) {
      case "signer":
        throw new EngineError("CAL_ROLLOUT_SIGNER_UNKNOWN", { policyId, signer });
      case "value":
        throw invalid("is not of this change");
      case "date":
        throw invalid("is by a key that is not valid at its date and now");
      default:
        return { signature };
    }
  }
}
