/**
 * Budgets over HTTP: reading a tenant's budget, granting money, setting limits, and the conservation proof.
 * @module
 */
import { type Budgets, parseBudgets } from "@calybris/engine";
import { CalybrisError, type ExactJson, type Mistake } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";
import { apiJson, JSON_TYPE } from "../http/error-dialect.ts";
import type { Call, Handler, Reply } from "../http/route-contract.ts";
import { type ClaimBody, callerOf } from "../keys/caller.ts";
import { requireTenant } from "../keys/tenancy.ts";
import type { ApiContext } from "./api-context.ts";
import { jsonPieces } from "./json-pieces.ts";

type Handlers = { readonly [Name in "budget" | "setBudget" | "ledger"]: Handler };

export function budgetHandlers(context: ApiContext): Handlers {
  const { ledger } = context.engine;
  return {
    budget: ({ principal, parameters }) => {
      requireTenant(principal, parameters["id"]);
      return { body: apiJson(ledger.balance(parameters["id"] ?? "")) };
    },
    setBudget: (call) => setBudget(context, call),
    ledger: () => {
      const { tenants, reservations, ...proof } = ledger.prove();
      return { body: jsonPieces(proof, { tenants, reservations }), contentType: JSON_TYPE };
    },
  };
}

interface BudgetBody extends ClaimBody {
  readonly limit?: { readonly [key: string]: ExactJson };
  readonly grant?: { readonly id?: string; readonly amountMicrocents: string };
}

async function setBudget(context: ApiContext, { parameters, body, idempotencyKey, principal }: Call): Promise<Reply> {
  const { ledger } = context.engine;
  const tenant = parameters["id"] ?? "";
  const { limit, grant } = body as BudgetBody;
  const id = grant?.id ?? idempotencyKey;
  if (limit === undefined && grant === undefined)
    throw invalid({ path: "limit", problem: "is missing, and so is grant", remedy: "Send one of them, or both." });
  if (grant !== undefined && id === undefined)
    throw invalid({
      path: "grant.id",
      problem: "is missing",
      remedy: "Send an id, here or as `idempotency-key`: the same id grants once.",
    });
  const budgets = limit === undefined ? [] : limitOf(context, tenant, limit);
  const caller = callerOf(context.engine, principal, body as BudgetBody);
  const changed = await ledger.apply(budgets, caller);
  const granted =
    grant === undefined || id === undefined
      ? undefined
      : await ledger.grant({ tenant, amountMicrocents: grant.amountMicrocents, id }, caller);
  return {
    body: apiJson({
      budget: ledger.balance(tenant),
      limitChanged: changed.length > 0,
      grant: granted === undefined ? null : { id, sequence: granted.sequence, repeated: granted.repeated },
    }),
  };
}

/** One tenant's limits, validated like a budgets file with the tenant and its ancestors. */
export function limitOf({ engine }: ApiContext, tenant: string, limit: { readonly [key: string]: ExactJson }): Budgets {
  const above: { [tenant: string]: ExactJson } = {};
  for (let parent = limit["parent"]; typeof parent === "string"; ) {
    if (Object.hasOwn(above, parent)) break;
    const grandparent = parentOf(engine, parent);
    Object.defineProperty(above, parent, {
      value: grandparent === undefined ? {} : { parent: grandparent },
      enumerable: true,
    });
    parent = grandparent as ExactJson;
  }
  const tenants = { ...above, ...Object.fromEntries([[tenant, limit]]) };
  return parseBudgets({ tenants }).filter((read) => read.tenant === tenant);
}

function parentOf({ ledger }: ApiContext["engine"], tenant: string): string | undefined {
  try {
    return ledger.balance(tenant).parent;
  } catch (error) {
    if (!(error instanceof CalybrisError) || error.code !== "CAL_LEDGER_TENANT_UNKNOWN") throw error;
    const problem = `is ${JSON.stringify(tenant)}, which has no budget`;
    throw invalid({
      path: "limit.parent",
      problem,
      remedy: "Name a tenant that has a budget; `GET /v1/ledger` lists them.",
    });
  }
}

function invalid(mistake: Mistake): GatewayError {
  return new GatewayError("CAL_GATEWAY_REQUEST_INVALID", { mistakes: [mistake] });
}
