/**
 * The tenants that a key may act for. A key that is bound to tenants decides, settles and reads only for those, and learns
 * nothing about others: anything of another tenant is answered as unknown.
 * @module
 */
import { CalybrisError, DEFAULT_TENANT } from "@calybris/kernel";
import { EngineError } from "@calybris/engine";
import { GatewayError } from "../gateway-errors.ts";
import type { Principal } from "./keyring.ts";

/** @throws GatewayError `CAL_GATEWAY_TENANT_REFUSED`; a request without a tenant is for `default`. */
export function requireTenant(principal: Principal, tenant: unknown): void {
  if (principal.tenants === undefined) return;
  const named = tenant === undefined ? DEFAULT_TENANT : tenant;
  // A tenant that is not text is refused when the request is validated.
  if (typeof named !== "string" || principal.tenants.has(named)) return;
  throw new GatewayError("CAL_GATEWAY_TENANT_REFUSED", { key: principal.name, tenant: named.slice(0, SHOWN_MAX) });
}

/**
 * The tenant to which a decision must belong for the key to settle it; `undefined` for any. For a bound key there is always
 * one, so that it cannot settle another tenant's decision: the named one, else its only tenant, else `default`.
 *
 * @throws GatewayError `CAL_GATEWAY_TENANT_REFUSED` if the key may not act for that tenant.
 */
export function tenantOfDecision(principal: Principal, tenant: string | undefined): string | undefined {
  if (principal.tenants === undefined) return tenant;
  const own = tenant ?? (principal.tenants.size === 1 ? [...principal.tenants][0] : DEFAULT_TENANT);
  requireTenant(principal, own);
  return own;
}

/** Whether a key may see a decision of this tenant; a decision without a tenant belongs to `default`. */
export function maySee(principal: Principal, tenant: string | undefined): boolean {
  return principal.tenants === undefined || principal.tenants.has(tenant ?? DEFAULT_TENANT);
}

/** The error for the caller: a bound key cannot distinguish another tenant's decision from an unknown one. */
export function visibleError(principal: Principal, error: unknown): unknown {
  const isForeign = error instanceof CalybrisError && error.code === "CAL_LEDGER_RESERVATION_FOREIGN";
  if (principal.tenants === undefined || !isForeign) return error;
  const { decisionId } = (error as EngineError<"CAL_LEDGER_RESERVATION_FOREIGN">).details;
  return new EngineError("CAL_LEDGER_RESERVATION_UNKNOWN", { decisionId });
}

const SHOWN_MAX = 128;
