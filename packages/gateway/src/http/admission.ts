/**
 * Who asks, and whether they may.
 * @module
 */
import { CalybrisError } from "@calybris/kernel";
import { bearerKey, type Keyring, LOCAL, type Plane, type Principal } from "../keys/keyring.ts";
import type { CrossOrigin } from "./cross-origin.ts";
import type { Exchange } from "./exchange.ts";

/** A header that was found to be somebody's, on this connection. */
interface Known {
  readonly authorization: string;
  readonly principal: Principal;
}

export class Admission {
  readonly #keyring: Keyring;
  readonly #crossOrigin: CrossOrigin;
  readonly #known = new WeakMap<object, Known>();

  constructor(keyring: Keyring, crossOrigin: CrossOrigin) {
    this.#keyring = keyring;
    this.#crossOrigin = crossOrigin;
  }

  /** @throws CalybrisError when nobody may do this with the key that was presented. */
  principalOf(exchange: Exchange, planes: readonly Plane[]): Principal {
    if (planes.length === 0) return LOCAL;
    if (this.#keyring.isEmpty) {
      this.#crossOrigin.requireOwnHost(exchange.headers);
      return LOCAL;
    }
    const principal = this.#holderOf(exchange);
    if (!planes.some((plane) => principal.planes.has(plane)))
      throw new CalybrisError("CAL_GATEWAY_PLANE_REFUSED", { key: principal.name, needed: planes.join(" or ") });
    return principal;
  }

  #holderOf({ headers, connection }: Exchange): Principal {
    const authorization = headers["authorization"];
    if (typeof authorization !== "string") throw new CalybrisError("CAL_GATEWAY_KEY_REQUIRED", {});
    const known = this.#known.get(connection);
    if (known !== undefined && isSame(known.authorization, authorization)) return known.principal;
    const key = bearerKey(authorization);
    if (key === undefined) throw new CalybrisError("CAL_GATEWAY_KEY_REQUIRED", {});
    const principal = this.#keyring.principalOf(key);
    if (principal === undefined) throw new CalybrisError("CAL_GATEWAY_KEY_REFUSED", {});
    this.#known.set(connection, { authorization, principal });
    return principal;
  }
}

/** Looks at every character, whichever differs: a proxy may put another's request on the connection. */
function isSame(known: string, given: string): boolean {
  if (known.length !== given.length) return false;
  let difference = 0;
  for (let at = 0; at < known.length; at += 1) difference |= known.charCodeAt(at) ^ given.charCodeAt(at);
  return difference === 0;
}
