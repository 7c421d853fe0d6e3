/**
 * Scopes: the permissions of a key.
 * @module
 */

import { KEY_SCOPES, type KeyScope } from "@calybris/kernel";

/** A permission: `decide` requests decisions, `operate` changes budgets and policies, `audit` reads the journal. */
export type Scope = KeyScope;
export const SCOPES: readonly Scope[] = KEY_SCOPES;
