/**
 * Tells a request that is sent again from another one under the same id, and whose id it is.
 *
 * The digest is 16 bytes in base64url. Its last bit says whether the client named a tenant: an entry's own tenant may be
 * the default, and no tenant is a namespace of request ids of its own.
 * @module
 */
import { hash } from "node:crypto";
import { InvariantViolation } from "@calybris/kernel";
import { CLIENT_REQUEST_KEYS, type ClientRequest, contentOf } from "./intake/client-request.ts";

const SIXTETS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** 16 bytes are 21 characters and two bits of another: the last of the hash that is kept, and the flag. */
const WHOLE_CHARACTERS = 21;
const HASH_BIT = 0b100000;
const TENANT_NAMED_BIT = 0b010000;

const KNOWN_KEYS: ReadonlySet<string> = new Set(CLIENT_REQUEST_KEYS);

/**
 * The first 127 bits of the SHA-256 of what a client sent, and the flag. Cut from the text of all 32 bytes: bytes would lie
 * outside the heap, and cost more to collect than to compute.
 *
 * @returns `undefined` for content that no request has, which was therefore never decided.
 */
export function contentDigestOf(client: ClientRequest): string | undefined {
  for (const key in client) if (!KNOWN_KEYS.has(key)) return undefined;
  const content = contentIn(client);
  if (content === undefined) return undefined;
  const text = hash("sha256", content, "base64url");
  const kept = SIXTETS.indexOf(text[WHOLE_CHARACTERS] as string) & HASH_BIT;
  const flag = client.tenant === undefined ? 0 : TENANT_NAMED_BIT;
  return text.slice(0, WHOLE_CHARACTERS) + SIXTETS[kept | flag];
}

/** Whether the client that sent the content named a tenant. */
export function isTenantNamed(contentDigest: string): boolean {
  return (SIXTETS.indexOf(contentDigest[WHOLE_CHARACTERS] ?? "A") & TENANT_NAMED_BIT) !== 0;
}

/** A value that has no exact JSON is one that no request has; what it claims of itself is the client's, not ours. */
function contentIn(client: ClientRequest): string | undefined {
  try {
    return contentOf(client);
  } catch (error) {
    if (error instanceof InvariantViolation) return undefined;
    throw error;
  }
}
