/**
 * The operations that serve the API's documentation. They are not part of the API.
 * @module
 */
import { DOCS_SCRIPTS } from "./docs-page.ts";
import type { RouteContract } from "./route-contract.ts";

export type DocumentationOperation = "openapi" | "docs" | "docsRedoc" | "docsStart";

const SCRIPT_TYPE = "text/javascript; charset=utf-8";

export const DOCUMENTATION_CONTRACTS: {
  readonly [Name in DocumentationOperation]: Omit<RouteContract, "name">;
} = {
  openapi: {
    method: "GET",
    path: "/openapi.json",
    summary: "Get the OpenAPI document of this API",
    scopes: [],
    answer: "application/json",
  },
  docs: {
    method: "GET",
    path: "/docs",
    summary: "Get the documentation of this API as a web page",
    scopes: [],
    answer: "text/html; charset=utf-8",
  },
  docsRedoc: {
    method: "GET",
    path: DOCS_SCRIPTS.redoc,
    summary: "Get the script that renders the documentation",
    scopes: [],
    answer: SCRIPT_TYPE,
  },
  docsStart: {
    method: "GET",
    path: DOCS_SCRIPTS.start,
    summary: "Get the script that starts the renderer",
    scopes: [],
    answer: SCRIPT_TYPE,
  },
};
