/**
 * Every route of the service, in the order of the documentation.
 * @module
 */
import type { Route } from "../http/route.ts";
import { budgetRoutes } from "./budgets.ts";
import { decisionRoutes } from "./decisions.ts";
import type { Desk } from "./desk.ts";
import { docsPage } from "./docs-page.ts";
import { journalRoutes } from "./journal.ts";
import { openApi } from "./openapi.ts";
import { policyRoutes } from "./policies.ts";
import { settlementRoutes } from "./settlements.ts";
import { type Watched, watchingRoutes } from "./watching.ts";

export function serviceRoutes(desk: Desk, watched: Watched): readonly Route[] {
  const routes: Route[] = [
    ...decisionRoutes(desk),
    ...settlementRoutes(desk),
    ...budgetRoutes(desk),
    ...policyRoutes(desk),
    ...journalRoutes(desk),
    ...watchingRoutes(desk, watched),
  ];
  const document = openApi(routes);
  const json = JSON.stringify(document);
  const { html, contentSecurityPolicy } = docsPage(document);
  routes.push(
    {
      method: "GET",
      path: "/openapi.json",
      name: "openapi",
      summary: "This API, for programs",
      planes: [],
      answer: "application/json",
      handle: () => ({ text: json }),
    },
    {
      method: "GET",
      path: "/docs",
      name: "docs",
      summary: "This API, for people",
      planes: [],
      answer: "text/html; charset=utf-8",
      handle: () => ({
        text: html,
        contentType: "text/html; charset=utf-8",
        headers: ["content-security-policy", contentSecurityPolicy],
      }),
    },
  );
  return routes;
}
