/**
 * Authorizes policy changes if signers are configured: a change needs a signature over exactly this change, this journal,
 * and the preceding policy change.
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
  /** Sequence of the preceding policy change, which the signature covers. */
  readonly follows: number;
}

/** A change that needs authorization. */
export type RequestedChange = Omit<SignedChange, "genesisHash" | "follows">;

/** The data of the journal that a signer needs. */
export interface NextChange {
  /** Hash of the first entry, hexadecimal. */
  readonly genesisHash: string;
  /** Sequence of the last change of policy. */
  readonly follows: number;
  /** The id that the next newly staged policy gets. */
  readonly nextPolicyId: number;
}

const US_PER_MS = 1_000;

export class ChangeAuthorization {
  /** `undefined` if changes need no signature. */
  #keys: ChangeKeys | undefined;
  readonly #nowUs: () => number;
  #genesisHash: string | undefined;

  constructor(signers: readonly TrustedSigner[] | undefined, nowUs: () => number) {
    if (signers !== undefined) this.replaceSigners(signers);
    this.#nowUs = nowUs;
  }

  /** From the next change on, only these keys are valid. Changes that needed no signature need one from now on. */
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

  /** Must be called before {@link ChangeAuthorization.allow}: signatures are bound to this journal. */
  bind(genesisHash: string): void {
    this.#genesisHash = genesisHash;
  }

  /**
   * Verifies the signature of a change, and returns it as the entry holds it.
   *
   * @param follows - sequence of the last policy change.
   * @throws CalybrisError `CAL_ROLLOUT_SIGNATURE_MISSING`, `CAL_ROLLOUT_SIGNATURE_STALE`, `CAL_ROLLOUT_SIGNER_UNKNOWN`,
   *   `CAL_ROLLOUT_SIGNATURE_INVALID`; without configured signers, `CAL_ROLLOUT_SIGNERS_NONE` for any signature, because it
   *   cannot be verified.
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
