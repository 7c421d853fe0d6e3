/**
 * Checks the requested model against those that a key allows, for decisions without a call.
 * @module
 */
import type { ClientRequest, Engine } from "@calybris/engine";
import { AUTO } from "../calls/model-names.ts";
import { requireModel } from "../keys/allowed-models.ts";
import type { Principal } from "../keys/keyring.ts";

/**
 * A request that names no candidate leaves the choice to the policy, which the key must allow as `auto`. A candidate that
 * the policy lacks is left to the engine to refuse.
 *
 * @param request - as sent, not validated.
 * @throws GatewayError `CAL_GATEWAY_MODEL_REFUSED`.
 */
export function requireRequested({ snapshot }: Engine, principal: Principal, request: unknown): void {
  if (principal.allowed === undefined || typeof request !== "object" || request === null) return;
  const { requested = AUTO } = request as { readonly requested?: ClientRequest["requested"] };
  const { policy, candidateNames } = snapshot;
  const name =
    typeof requested === "number"
      ? candidateNames[policy.candidates.findIndex(({ id }) => id === requested)]
      : requested;
  if (typeof name === "string") requireModel(principal, name);
}
