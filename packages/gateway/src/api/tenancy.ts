/**
 * For which tenants a key may act. A key that is bound to tenants asks, and settles, for those alone.
 * @module
 */
import { CalybrisError, DEFAULT_TENANT } from "@calybris/kernel";
import type { Principal } from "../keys/keyring.ts";

/** @throws CalybrisError `CAL_GATEWAY_TENANT_REFUSED`; no tenant means `default`. */
export function requireTenant(principal: Principal, tenant: unknown): void {
  if (principal.tenants === undefined) return;
  const named = tenant === undefined ? DEFAULT_TENANT : tenant;
  if (typeof named === "string" && principal.tenants.has(named)) return;
  // What is no text is refused as such, with its field, where requests are checked.
  if (typeof named !== "string") return;
  throw new CalybrisError("CAL_GATEWAY_TENANT_REFUSED", { key: principal.name, tenant: named.slice(0, SHOWN_MAX) });
}

/**
 * The tenant whose decision it has to be; `undefined`: whoever's. A bound key's are its own, so that it cannot settle
 * another's.
 */
export function tenantOfDecision(principal: Principal, tenant: string | undefined): string | undefined {
  if (principal.tenants === undefined) return tenant;
  const own = tenant ?? (principal.tenants.size === 1 ? [...principal.tenants][0] : DEFAULT_TENANT);
  requireTenant(principal, own);
  return own;
}

/** Whether a decision may be shown: a bound key sees those of its tenants. */
export function maySee(principal: Principal, tenant: string | undefined): boolean {
  return principal.tenants === undefined || principal.tenants.has(tenant ?? DEFAULT_TENANT);
}

const SHOWN_MAX = 128;
