/**
 * The ports for Ed25519 (RFC 8032). The kernel does not implement signatures: the engine uses those of Node, a browser uses
 * {@link webCryptoVerifier}, and a key management service implements {@link Signer}.
 * @module
 */

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** Whether the key made the 64-byte signature of the message. Malformed signatures return false, never an error. */
export type VerifyEd25519 = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => boolean | Promise<boolean>;

/** Signs with a private key that it holds, or that a service holds. */
export interface Signer {
  readonly publicKey: Uint8Array;
  /** The 64-byte signature. */
  readonly sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

/** The part of `crypto.subtle` that is used. Declared here, because a program without DOM types has no `SubtleCrypto`. */
export interface SubtleVerifier<Key> {
  importKey(
    format: "raw",
    key: Uint8Array<ArrayBuffer>,
    algorithm: { readonly name: "Ed25519" },
    isExtractable: boolean,
    usages: "verify"[],
  ): Promise<Key>;
  verify(
    algorithm: { readonly name: "Ed25519" },
    key: Key,
    signature: Uint8Array<ArrayBuffer>,
    message: Uint8Array<ArrayBuffer>,
  ): Promise<boolean>;
}

/**
 * Verification by the Web Cryptography API, which has Ed25519 in every current browser, worker and edge runtime.
 *
 * @param subtle - `crypto.subtle`. If it does not support Ed25519, verification rejects with its `NotSupportedError`.
 */
export function webCryptoVerifier<Key>(subtle: SubtleVerifier<Key>): VerifyEd25519 {
  const algorithm = { name: "Ed25519" } as const;
  return async (publicKey, message, signature) => {
    if (publicKey.byteLength !== PUBLIC_KEY_BYTES || signature.byteLength !== SIGNATURE_BYTES) return false;
    try {
      const key = await subtle.importKey("raw", new Uint8Array(publicKey), algorithm, false, ["verify"]);
      return await subtle.verify(algorithm, key, new Uint8Array(signature), new Uint8Array(message));
    } catch (cause) {
      if ((cause as Error).name === "DataError") return false;
      throw cause;
    }
  };
}
