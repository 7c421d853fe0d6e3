/**
 * Every route of the service: each contract with its handler.
 * @module
 */
import { docsPage, redocBundle, START_SCRIPT } from "../http/docs-page.ts";
import { openApi } from "../http/openapi.ts";
import type { Handler, Route } from "../http/route-contract.ts";
import { healthHandlers, type Watched } from "../watch/health.ts";
import type { ApiContext } from "./api-context.ts";
import { budgetHandlers } from "./budgets.ts";
import { API_CONTRACTS, CONTRACTS, type OperationName } from "./contracts.ts";
import { decisionHandlers } from "./decisions.ts";
import { journalHandlers } from "./journal.ts";
import { learningHandlers } from "./learning.ts";
import { keyHandlers } from "./keys.ts";
import { logHandlers } from "./log.ts";
import { proofHandlers } from "./proofs.ts";
import { policyHandlers } from "./policies.ts";
import { settlementHandlers } from "./settlements.ts";
import { usageExportHandlers } from "./usage-export.ts";

/** One handler for each operation. */
type Handlers = { readonly [Name in OperationName]: Handler };

export function serviceRoutes(context: ApiContext, watched: Watched): readonly Route[] {
  const handlers: Handlers = {
    ...decisionHandlers(context),
    ...settlementHandlers(context),
    ...usageExportHandlers(context),
    ...budgetHandlers(context),
    ...keyHandlers(context),
    ...policyHandlers(context),
    ...learningHandlers(context),
    ...journalHandlers(context),
    ...logHandlers(context),
    ...proofHandlers(context),
    ...healthHandlers(context, watched),
    ...documentationHandlers(),
  };
  return CONTRACTS.map((contract) => ({ contract, handle: handlers[contract.name as OperationName] }));
}

function documentationHandlers(): Pick<Handlers, "openapi" | "docs" | "docsRedoc" | "docsStart"> {
  // Built at the first request: most services never get one.
  let document: ReturnType<typeof openApi> | undefined;
  const made = (): ReturnType<typeof openApi> => {
    document ??= openApi(API_CONTRACTS);
    return document;
  };
  let json: string | undefined;
  const text = (): string => {
    json ??= JSON.stringify(made());
    return json;
  };
  const contentType = "text/html; charset=utf-8";
  const script = { contentType: "text/javascript; charset=utf-8" };
  return {
    openapi: () => ({ body: text() }),
    docs: () => {
      const { html, contentSecurityPolicy } = docsPage(made().info.title);
      return { body: html, contentType, headers: ["content-security-policy", contentSecurityPolicy] };
    },
    docsRedoc: () => ({ body: redocBundle(), ...script }),
    docsStart: () => ({ body: START_SCRIPT, ...script }),
  };
}
