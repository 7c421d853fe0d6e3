/**
 * Loaders of public data sets and of users' tables. They contain no data.
 * @module
 */
export * from "./bandit-log.ts";
export * from "./bandit-map.ts";
export { dataDirectory } from "./checked-file.ts";
export * from "./feature-column.ts";
export * from "./log-file.ts";
export * from "./set-file.ts";
export * from "./sets.ts";
export * from "./table-file.ts";
export * from "./table-map.ts";
export * from "./target-policy.ts";
