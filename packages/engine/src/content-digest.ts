/**
 * Tells a request that is sent again from another one under the same id.
 * @module
 */
import { hash } from "node:crypto";
import { type ClientRequest, contentOf } from "./intake/client-request.ts";

const SIXTETS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** 16 bytes are 21 characters and two bits of another. */
const WHOLE_CHARACTERS = 21;
const TWO_BITS = 0b110000;

/**
 * The first 16 bytes, in base64url, of the SHA-256 of what a client sent. Cut from the text of all 32: bytes would lie outside
 * the heap, and cost more to collect than to compute.
 */
export function contentDigestOf(client: ClientRequest): string {
  const text = hash("sha256", contentOf(client), "base64url");
  const rest = SIXTETS.indexOf(text[WHOLE_CHARACTERS] as string) & TWO_BITS;
  return text.slice(0, WHOLE_CHARACTERS) + SIXTETS[rest];
}
