/**
 * Who gives a command over HTTP: the key that was presented, which the journal learns the first time it acts, and on whose
 * behalf, as the client claims. Nothing that a client sends makes it another actor.
 * @module
 */
import type { Caller, Engine } from "@calybris/engine";
import { GatewayError } from "../gateway-errors.ts";
import type { Principal } from "./keyring.ts";

/** The members of a body that say on whose behalf; `by` is the older name. */
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
