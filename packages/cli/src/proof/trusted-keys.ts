/**
 * Parses the public keys in the options of verifying commands.
 * @module
 */
import { fromBase64, PUBLIC_KEY_BYTES, parseVerifierKey, type TrustedSigner, type VerifierKey } from "@calybris/kernel";
import { InvalidArgumentError } from "commander";

/** Adds a signer. A verifier key includes its name; ID=KEY is the form for a raw key. */
export function addSigner(value: string, before: readonly TrustedSigner[] = []): TrustedSigner[] {
  if (/^[^+=]+\+[0-9a-f]{8}\+/.test(value)) {
    const { name, publicKey } = parseVerifierKey(value);
    return [...before, { id: name, publicKey }];
  }
  const at = value.indexOf("=");
  const publicKey = fromBase64(value.slice(at + 1));
  if (at < 1 || publicKey?.byteLength !== PUBLIC_KEY_BYTES)
    throw new InvalidArgumentError(`It is not ID=KEY with a key of ${PUBLIC_KEY_BYTES} bytes in base64.`);
  return [...before, { id: value.slice(0, at), publicKey }];
}

/** Adds one verifier key to those before. @throws CalybrisError `CAL_PROOF_MALFORMED`. */
export function addKey(value: string, before: readonly VerifierKey[] = []): VerifierKey[] {
  return [...before, parseVerifierKey(value)];
}
