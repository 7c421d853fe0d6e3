/**
 * Public decision IDs: the sequence of the entry and the first digits of the identity, so that a mistyped or invented ID
 * matches no decision.
 * @module
 */

/** As a regular expression, for schemas. */
export const DECISION_ID_PATTERN = "^([1-9][0-9]{0,15})-([0-9a-f]{8})$";
const DECISION_ID = new RegExp(DECISION_ID_PATTERN);

/** The first 32 bits of an identity digest in hexadecimal. */
export function identityNumber(identityHex: string): number {
  return Number.parseInt(identityHex.slice(0, 8), 16);
}

export function decisionIdOf(sequence: number, identity: number): string {
  return `${sequence}-${identity.toString(16).padStart(8, "0")}`;
}

/** The same from an identity digest in hexadecimal. */
export function decisionIdOfIdentity(sequence: number, identityHex: string): string {
  return `${sequence}-${identityHex.slice(0, 8)}`;
}

/**
 * Parses a decision ID; `undefined` if it is not one.
 *
 * @example
 * ```ts
 * import { parseDecisionId } from "@calybris/kernel";
 * parseDecisionId("17-000000ff"); // { of: 17, identity: 255 }
 * parseDecisionId("17"); // undefined
 * ```
 */
export function parseDecisionId(decisionId: unknown): { readonly of: number; readonly identity: number } | undefined {
  const match = typeof decisionId === "string" ? DECISION_ID.exec(decisionId) : null;
  if (match === null) return undefined;
  const of = Number(match[1]);
  return Number.isSafeInteger(of) ? { of, identity: Number.parseInt(match[2] as string, 16) } : undefined;
}
