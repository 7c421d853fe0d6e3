/**
 * Parts of schemas, and their names in the OpenAPI document and the client. Amounts of money are decimal strings, because
 * they may exceed 2^53; all other numbers are exact.
 * @module
 */
import { DECISION_ID_PATTERN, DIGEST_PATTERN } from "@calybris/kernel";
import { z } from "zod";

/** The named schemas that documents refer to. */
export const shapes: z.core.$ZodRegistry<{ id: string; description?: string }> = z.registry<{
  id: string;
  description?: string;
}>();

/** Registers a schema under a name. */
export function named<Schema extends z.ZodType>(id: string, schema: Schema, description?: string): Schema {
  shapes.add(schema, description === undefined ? { id } : { id, description });
  return schema;
}

export const amountText = (what: string): z.ZodType =>
  z
    .string()
    .regex(/^-?[0-9]{1,20}$/)
    .meta({ description: `${what}, in microcents; $1 is 100,000,000.`, examples: ["120000"] });
export const count = (what: string): z.ZodType => z.int().min(0).meta({ description: what });
export const text = (what: string): z.ZodType => z.string().meta({ description: what });
export const digest = (what: string): z.ZodType =>
  z.string().regex(new RegExp(DIGEST_PATTERN)).meta({ description: what });
export const flag = (what: string): z.ZodType => z.boolean().meta({ description: what });
export const decisionIdText: z.ZodType = z
  .string()
  .regex(new RegExp(DECISION_ID_PATTERN))
  .meta({ description: "Id of the decision, for outcomes and settlements.", examples: ["4-e87e4357"] });
