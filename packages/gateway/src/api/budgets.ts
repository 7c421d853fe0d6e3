/**
 * Budgets over HTTP: what a tenant has, giving it more, limiting it, and the proof that nothing is lost.
 * @module
 */
import { type Budgets, nameRemedy, parseBudgets } from "@calybris/engine";
import { CalybrisError, type ExactJson, type Mistake } from "@calybris/kernel";
import { apiJson } from "../http/answers.ts";
import type { Call, Reply, Route } from "../http/route.ts";
import { budgetSetShape, ledgerShape, tenantShape } from "./answer-shapes.ts";
import { budgetCall } from "./call-shapes.ts";
import type { Desk } from "./desk.ts";
import { requireTenant } from "./tenancy.ts";

export function budgetRoutes(desk: Desk): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/v1/tenants/{id}/budget",
      name: "budget",
      summary: "What a tenant has",
      planes: ["decide", "operate", "audit"],
      answer: tenantShape,
      handle: ({ principal, parameters }) => {
        requireTenant(principal, parameters["id"]);
        return { text: apiJson(desk.engine.ledger.balance(parameters["id"] ?? "")) };
      },
    },
    {
      method: "POST",
      path: "/v1/tenants/{id}/budget",
      name: "setBudget",
      summary: "Limit a tenant, give it money, or both",
      description:
        "The same grant id gives once. Once any tenant has a budget, a request that names none needs one for `default`.",
      planes: ["operate"],
      body: { schema: budgetCall },
      answer: budgetSetShape,
      handle: (call) => setBudget(desk, call),
    },
    {
      method: "GET",
      path: "/v1/ledger",
      name: "ledger",
      summary: "The conservation proof of every tenant's money",
      planes: ["operate", "audit"],
      answer: ledgerShape,
      handle: () => ({ text: apiJson(desk.engine.ledger.prove()) }),
    },
  ];
}

interface BudgetBody {
  readonly by: string;
  readonly limit?: { readonly [key: string]: ExactJson };
  readonly grant?: { readonly id?: string; readonly amountMicrocents: string };
}

async function setBudget(desk: Desk, { parameters, body, idempotencyKey }: Call): Promise<Reply> {
  const { ledger } = desk.engine;
  const tenant = parameters["id"] ?? "";
  const { by, limit, grant } = body as unknown as BudgetBody;
  const id = grant?.id ?? idempotencyKey;
  if (limit === undefined && grant === undefined)
    throw invalid({ path: "limit", problem: "is missing, and so is grant", remedy: "Send one of them, or both." });
  if (grant !== undefined && id === undefined)
    throw invalid({
      path: "grant.id",
      problem: "is missing",
      remedy: "Send an id, here or as `idempotency-key`: the same id grants once.",
    });
  const changed = limit === undefined ? [] : await ledger.apply(limitOf(desk, tenant, limit), by);
  const granted =
    grant === undefined || id === undefined
      ? undefined
      : await ledger.grant({ tenant, amountMicrocents: grant.amountMicrocents, id, by });
  return {
    text: apiJson({
      budget: ledger.balance(tenant),
      limitChanged: changed.length > 0,
      grant: granted === undefined ? null : { id, sequence: granted.sequence, repeated: granted.repeated },
    }),
  };
}

/** One tenant's limits, read by the rules of a file of budgets that holds it and those above it. */
function limitOf(desk: Desk, tenant: string, limit: { readonly [key: string]: ExactJson }): Budgets {
  const above: { [tenant: string]: ExactJson } = {};
  const known = desk.engine.ledger.prove().tenants;
  const parentOf = (name: ExactJson | undefined): ExactJson | undefined =>
    known.find((other) => other.tenant === name)?.parent;
  for (let parent = limit["parent"]; typeof parent === "string"; parent = parentOf(parent)) {
    if (Object.hasOwn(above, parent)) break;
    if (!known.some((other) => other.tenant === parent)) {
      const remedy = nameRemedy(
        parent,
        known.map((other) => other.tenant),
      );
      throw invalid({ path: "limit.parent", problem: `is ${JSON.stringify(parent)}, which has no budget`, remedy });
    }
    const grandparent = parentOf(parent);
    Object.defineProperty(above, parent, {
      value: grandparent === undefined ? {} : { parent: grandparent },
      enumerable: true,
    });
  }
  const tenants = { ...above, ...Object.fromEntries([[tenant, limit]]) };
  return parseBudgets({ tenants }).filter((read) => read.tenant === tenant);
}

function invalid(mistake: Mistake): CalybrisError {
  return new CalybrisError("CAL_GATEWAY_REQUEST_INVALID", { mistakes: [mistake] });
}
