/**
 * The decision service: the engine behind HTTP.
 * @module
 */
export * from "./api/openapi.ts";
export * from "./config/config.ts";
export * from "./config/config-schema.ts";
export * from "./config/options.ts";
export * from "./config/read-config.ts";
export * from "./keys/keyring.ts";
export * from "./service.ts";
export * from "./watch/log.ts";
