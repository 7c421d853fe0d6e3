/**
 * Checks the query and the body of a request against the contract's schemas.
 * @module
 */
import { shapeMistakes } from "@calybris/engine/internal";
import type { Mistake } from "@calybris/kernel";
import type { z } from "zod";
import { GatewayError } from "../gateway-errors.ts";

/** @throws GatewayError `CAL_GATEWAY_REQUEST_INVALID` with every mistake. */
export function checkBody(schema: z.ZodType, body: unknown): void {
  refuse(shapeMistakes(schema, body));
}

const PARAMETERS_MAX = 16;

/** @throws GatewayError `CAL_GATEWAY_REQUEST_INVALID`, also for an unknown or duplicate parameter. */
export function checkQuery(schema: z.ZodType | undefined, text: string): { readonly [name: string]: string } {
  const query: { [name: string]: string } = {};
  const mistakes: Mistake[] = [];
  for (const [name, value] of new URLSearchParams(text)) {
    if (schema === undefined || Object.hasOwn(query, name)) {
      const problem = schema === undefined ? "is an unknown parameter" : "is a duplicate";
      mistakes.push({ path: `?${name}`, problem, remedy: "Remove it." });
    }
    Object.defineProperty(query, name, { value, enumerable: true, configurable: true });
    if (mistakes.length >= PARAMETERS_MAX || Object.keys(query).length > PARAMETERS_MAX) break;
  }
  if (schema !== undefined) mistakes.push(...shapeMistakes(schema, query));
  refuse(mistakes);
  return query;
}

function refuse(mistakes: readonly Mistake[]): void {
  if (mistakes.length > 0) throw new GatewayError("CAL_GATEWAY_REQUEST_INVALID", { mistakes });
}
