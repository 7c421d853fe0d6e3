/**
 * The operations that show the documentation of the API; they are no part of it.
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
    summary: "This API, for programs",
    scopes: [],
    answer: "application/json",
  },
  docs: {
    method: "GET",
    path: "/docs",
    summary: "This API, for people",
    scopes: [],
    answer: "text/html; charset=utf-8",
  },
  docsRedoc: {
    method: "GET",
    path: DOCS_SCRIPTS.redoc,
    summary: "The program that renders the documentation",
    scopes: [],
    answer: SCRIPT_TYPE,
  },
  docsStart: {
    method: "GET",
    path: DOCS_SCRIPTS.start,
    summary: "What starts that program",
    scopes: [],
    answer: SCRIPT_TYPE,
  },
};
