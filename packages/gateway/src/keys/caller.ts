/**
 * The caller of a command over HTTP: the presented key, which is journaled when it first acts, and on whose behalf it acts,
 * as the client claims. No claim of a client changes the actor.
 * @module
 */
import type { Caller, Engine } from "@calybris/engine";
import { GatewayError } from "../gateway-errors.ts";
import type { Principal } from "./keyring.ts";

/** The members of a body with the claim; `by` is the older name. */
export interface ClaimBody {
  readonly onBehalfOf?: string;
  readonly by?: string;
}

/**
 * The caller of a command; without keys, the user that runs the service.
 *
 * @throws GatewayError `CAL_GATEWAY_REQUEST_INVALID` for two claims that differ; CalybrisError as `EngineKeys.introduce`.
 */
export function callerOf({ keys }: Engine, { identity }: Principal, { onBehalfOf, by }: ClaimBody = {}): Caller {
  if (onBehalfOf !== undefined && by !== undefined && onBehalfOf !== by) {
    const remedy = "Send one of them, or the same name in both.";
    const mistake = { path: "by", problem: "differs from `onBehalfOf`", remedy };
    throw new GatewayError("CAL_GATEWAY_REQUEST_INVALID", { mistakes: [mistake] });
  }
  const claimed = onBehalfOf ?? by;
  return {
    ...(identity === undefined ? {} : { actor: keys.introduce(identity) }),
    ...(claimed === undefined ? {} : { onBehalfOf: claimed }),
  };
}
