/**
 * Parsers of the files that people write: policies, catalogs, requests and rows of requests.
 * @module
 */
export * from "./budgets-file.ts";
export * from "./cases-file.ts";
export * from "./catalog-file.ts";
export * from "./check-shape.ts";
export * from "./client-request.ts";
export * from "./csv.ts";
export * from "./json-schemas.ts";
export * from "./lines.ts";
export * from "./load-policy.ts";
export * from "./members.ts";
export * from "./mistakes.ts";
export * from "./money.ts";
export * from "./nearest.ts";
export * from "./policy-file.ts";
export * from "./read-file.ts";
export * from "./read-json.ts";
export * from "./request-size.ts";
export * from "./rows.ts";
export * from "./shape.ts";
