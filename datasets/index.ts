/**
 * Loaders of public data sets, and of anyone's table. Never data.
 * @module
 */
export { dataDirectory } from "./checked-file.ts";
export * from "./set-file.ts";
export * from "./sets.ts";
