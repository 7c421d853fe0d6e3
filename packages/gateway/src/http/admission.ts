/**
 * Authentication and authorization: identifies the caller, and checks that the key has a scope that the operation needs.
 * @module
 */
import { GatewayError } from "../gateway-errors.ts";
import { bearerKey, isKeyForm, type Keyring, LOCAL, type Principal } from "../keys/keyring.ts";
import type { Scope } from "../keys/scope.ts";
import type { CrossOrigin } from "./cross-origin.ts";
import type { Exchange, RequestHeaders } from "./exchange.ts";

/** The last authenticated header on this connection. */
interface Known {
  readonly authorization: string;
  readonly principal: Principal;
  /** Generation of the keyring in which its key was found. */
  readonly generation: number;
}

export class Admission {
  readonly #keyring: Keyring;
  readonly #crossOrigin: CrossOrigin;
  readonly #known = new WeakMap<object, Known>();

  constructor(keyring: Keyring, crossOrigin: CrossOrigin) {
    this.#keyring = keyring;
    this.#crossOrigin = crossOrigin;
  }

  /** @throws GatewayError if the key is missing, unknown or expired, or has none of the scopes. */
  principalOf(exchange: Exchange, scopes: readonly Scope[]): Principal {
    if (scopes.length === 0) return LOCAL;
    if (this.#keyring.isEmpty) {
      this.#crossOrigin.requireOwnHost(exchange.headers);
      // A key in this service's format is checked, and refused once revoked; any other text is ignored.
      if (!isKeyForm(bearerKey(presented(exchange.headers)) ?? "")) return LOCAL;
    }
    const principal = this.#holderOf(exchange);
    this.#keyring.requireUnexpired(principal);
    if (!scopes.some((scope) => principal.scopes.has(scope)))
      throw new GatewayError("CAL_GATEWAY_SCOPE_REFUSED", { key: principal.name, needed: scopes.join(" or ") });
    return principal;
  }

  #holderOf({ headers, connection }: Exchange): Principal {
    const authorization = presented(headers);
    if (typeof authorization !== "string") throw new GatewayError("CAL_GATEWAY_KEY_REQUIRED", {});
    const known = this.#known.get(connection);
    const { generation } = this.#keyring;
    if (known?.generation === generation && isSame(known.authorization, authorization)) return known.principal;
    const key = bearerKey(authorization);
    if (key === undefined) throw new GatewayError("CAL_GATEWAY_KEY_REQUIRED", {});
    const principal = this.#keyring.principalOf(key);
    if (principal === undefined) throw new GatewayError("CAL_GATEWAY_KEY_REFUSED", {});
    this.#known.set(connection, { authorization, principal, generation });
    return principal;
  }
}

/** The key in the form of an `authorization` header; from `x-api-key` if that header is missing. */
function presented(headers: RequestHeaders): string | undefined {
  const { authorization, "x-api-key": apiKey } = headers;
  if (typeof authorization === "string") return authorization;
  return typeof apiKey === "string" && apiKey !== "" ? `Bearer ${apiKey}` : undefined;
}

/** Compares every character, in constant time: a proxy may send requests of several callers on one connection. */
function isSame(known: string, given: string): boolean {
  if (known.length !== given.length) return false;
  let difference = 0;
  for (let at = 0; at < known.length; at += 1) difference |= known.charCodeAt(at) ^ given.charCodeAt(at);
  return difference === 0;
}
