/**
 * Scopes: what a key may do.
 * @module
 */

import { KEY_SCOPES, type KeyScope } from "@calybris/kernel";

/** What a key may do: request decisions; change budgets and policies; read the journal. */
export type Scope = KeyScope;
export const SCOPES: readonly Scope[] = KEY_SCOPES;
