/**
 * Finds decisions by their request IDs in one pass over the journal, for outcomes of a client that stored only request IDs.
 * @module
 */
import { decisionIdOf, identityNumber, parseExact } from "@calybris/kernel";
import type { JournalSource } from "../journal/source.ts";

/** The latest decision ID of each request ID in the journal. */
export async function decisionsOf(
  source: JournalSource,
  requestIds: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  if (requestIds.size === 0) return found;
  for await (const { head, data } of source.from(1)) {
    if (head.kind !== "decision") continue;
    const { id, identity } = parseExact(data) as { readonly id?: unknown; readonly identity?: unknown };
    if (typeof id !== "string" || typeof identity !== "string" || !requestIds.has(id)) continue;
    const hex = Buffer.from(identity, "base64url").toString("hex");
    found.set(id, decisionIdOf(head.sequence, identityNumber(hex)));
  }
  return found;
}
