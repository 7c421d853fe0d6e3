/**
 * The ports of Ed25519 (RFC 8032). The kernel has no signatures of its own: Node's are in the engine, a browser's are
 * {@link webCryptoVerifier}, and a key management service is a {@link Signer}.
 * @module
 */

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** Whether the 64-byte signature of the message was made with the key. False, never an error, for bytes that are none. */
export type VerifyEd25519 = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => boolean | Promise<boolean>;

/** Holds a private key, or knows who does. */
export interface Signer {
  readonly publicKey: Uint8Array;
  /** The 64-byte signature. */
  readonly sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

/** What is used of `crypto.subtle`. Named here, because a program without the DOM's types has no `SubtleCrypto`. */
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
 * Verification by the Web Cryptography API: every current browser, worker and edge runtime has Ed25519 there.
 *
 * @param subtle - `crypto.subtle`. Where it does not know Ed25519, verification rejects with its `NotSupportedError`.
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
