/**
 * Holds the query and the body of a request to the route's schemas.
 * @module
 */
import { shapeMistakes } from "@calybris/engine";
import { CalybrisError, type ExactJson, type Mistake } from "@calybris/kernel";
import type { z } from "zod";

/** @throws CalybrisError `CAL_GATEWAY_REQUEST_INVALID` with every mistake. */
export function checkBody(schema: z.ZodType, body: ExactJson): void {
  refuse(shapeMistakes(schema, body));
}

/** @throws CalybrisError `CAL_GATEWAY_REQUEST_INVALID`; an unknown or repeated parameter is one, too. */
export function checkQuery(schema: z.ZodType | undefined, text: string): { readonly [name: string]: string } {
  const query: { [name: string]: string } = {};
  const mistakes: Mistake[] = [];
  for (const [name, value] of new URLSearchParams(text)) {
    if (schema === undefined || Object.hasOwn(query, name)) {
      const problem = schema === undefined ? "is a parameter, and none is known here" : "stands there twice";
      mistakes.push({ path: `?${name}`, problem, remedy: "Leave it out." });
    }
    Object.defineProperty(query, name, { value, enumerable: true, configurable: true });
  }
  if (schema !== undefined) mistakes.push(...shapeMistakes(schema, query));
  refuse(mistakes);
  return query;
}

function refuse(mistakes: readonly Mistake[]): void {
  if (mistakes.length > 0) throw new CalybrisError("CAL_GATEWAY_REQUEST_INVALID", { mistakes });
}
