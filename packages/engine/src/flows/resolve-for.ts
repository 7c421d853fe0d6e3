/**
 * A client's request in the ids of the policy that decides for its tenant: the active one, or the staged one of a canary.
 * @module
 */
import { CalybrisError } from "@calybris/kernel";
import { type ClientRequest, type RequestDraft, resolveRequest } from "../intake/client-request.ts";
import type { PolicyBook } from "../state/policy-book.ts";

/**
 * Resolves a request such that `policies.deciding(resolved.tenant)` is the policy whose ids the request has.
 *
 * @throws CalybrisError `CAL_REQUEST_INVALID`.
 */
export function resolveFor(
  policies: PolicyBook,
  client: ClientRequest,
  sequence: bigint,
  draft?: RequestDraft,
): RequestDraft {
  if (policies.canaryBps === 0) return resolveRequest(policies.active.index, client, sequence, draft);
  const tenant: unknown = (client as ClientRequest | undefined)?.tenant;
  const deciding = policies.deciding(typeof tenant === "string" ? tenant : undefined);
  const resolved = resolveRequest(deciding.index, client, sequence, draft);
  if (policies.deciding(resolved.tenant) === deciding) return resolved;
  const mistake = { path: "tenant", problem: "changed while it was read", remedy: "Send a plain object." };
  throw new CalybrisError("CAL_REQUEST_INVALID", { mistakes: [mistake] });
}
