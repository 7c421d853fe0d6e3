/**
 * The decision service: the engine behind HTTP.
 * @module
 */
export * from "./config/config.ts";
export * from "./config/config-schema.ts";
export * from "./config/options.ts";
export * from "./config/read-config.ts";
export * from "./config/trust-file.ts";
export { rolloutJson } from "./decisions/rollout-status.ts";
export { signatureShape } from "./decisions/change-signature.ts";
export * from "./decisions/contracts.ts";
export type { ReceiptSigner } from "./decisions/receipts.ts";
export * from "./gateway-errors.ts";
export * from "./http/openapi.ts";
export * from "./keys/keyring.ts";
export * from "./keys/scope.ts";
export { mockConfig } from "./mock/mock-config.ts";
export { type MockOptions, MockProvider } from "./mock/mock-provider.ts";
export {
  type CatalogFinding,
  checkPrices,
  type ListedPrice,
  priceList,
  priceProviderOf,
} from "./prices/catalog-prices.ts";
export { type PriceBook, shippedPrices } from "./prices/price-book.ts";
export * from "./service.ts";
export * from "./watch/log.ts";
