/**
 * The decision service: the engine behind HTTP.
 * @module
 */
export * from "./config/config.ts";
export * from "./config/config-schema.ts";
export * from "./config/options.ts";
export * from "./config/read-config.ts";
export * from "./decisions/contracts.ts";
export type { ReceiptSigner } from "./decisions/receipts.ts";
export * from "./gateway-errors.ts";
export * from "./http/openapi.ts";
export { MockProvider, type MockOptions } from "./mock/mock-provider.ts";
export { mockConfig } from "./mock/mock-config.ts";
export {
  type CatalogFinding,
  checkPrices,
  type ListedPrice,
  priceProviderOf,
  priceList,
} from "./prices/catalog-prices.ts";
export { type PriceBook, shippedPrices } from "./prices/price-book.ts";
export * from "./keys/keyring.ts";
export * from "./keys/scope.ts";
export * from "./service.ts";
export * from "./watch/log.ts";
