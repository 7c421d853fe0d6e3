/**
 * Scopes: what a key may do.
 * @module
 */

/** What a key may do: request decisions; change budgets and policies; read the journal. */
export type Scope = "decide" | "operate" | "audit";
export const SCOPES: readonly Scope[] = Object.freeze(["decide", "operate", "audit"]);
