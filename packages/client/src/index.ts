/**
 * A typed client of the decision service; no dependencies, runs in browsers.
 *
 * @example
 * ```ts
 * import { CalybrisClient } from "@calybris/client";
 * const calybris = new CalybrisClient({ url: "http://127.0.0.1:8787" });
 * calybris instanceof CalybrisClient; // true
 * ```
 * @module
 */
export * from "./api.ts";
export * from "./client.ts";
export * from "./failure.ts";
