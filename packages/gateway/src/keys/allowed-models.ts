/**
 * The models that a key may request.
 * @module
 */
import { GatewayError } from "../gateway-errors.ts";
import type { Principal } from "./keyring.ts";

const ENDING = "*";

/**
 * Whether a model is allowed; `claude-*` allows every name with that prefix.
 *
 * @example
 * ```ts
 * allowsModel(["gpt-6", "claude-*"], "claude-sonnet-5"); // true
 * allowsModel(["gpt-6", "claude-*"], "gpt-6-astra"); // false
 * ```
 */
export function allowsModel(allowed: readonly string[] | undefined, model: string): boolean {
  if (allowed === undefined) return true;
  return allowed.some((name) => (name.endsWith(ENDING) ? model.startsWith(name.slice(0, -1)) : name === model));
}

/** @throws GatewayError `CAL_GATEWAY_MODEL_REFUSED`. */
export function requireModel({ name, allowed }: Principal, model: string): void {
  if (allowsModel(allowed, model)) return;
  throw new GatewayError("CAL_GATEWAY_MODEL_REFUSED", { key: name, model: model.slice(0, SHOWN_MAX) });
}

const SHOWN_MAX = 128;
