/**
 * The JSON Schemas of policy, catalog, request and budget files, for editors. Policy and catalog are generated from the
 * schemas that check them; the request's schema repeats the rules of `client-request.ts`.
 * @module
 */
import {
  BPS_MAX,
  isPromptDigest,
  PROMPT_DIGEST_PATTERN,
  RESERVATION_SECONDS_MAX,
  TAG_NAME_PATTERN,
  TAGS_MAX,
  U32_MAX,
} from "@calybris/kernel";
import { z } from "zod";
import { budgetsFileSchema } from "./budgets-file.ts";
import { casesFileSchema } from "./cases-file.ts";
import { catalogFileSchema } from "./catalog-file.ts";
import { BUDGET, type ClientRequest, PROMPT_DIGEST_WANTED, TAGS_WANTED, VALUE } from "./client-request.ts";
import { policyFileSchema } from "./policy-file.ts";
import { FEATURE_MAX } from "./request-fields.ts";
import { amount, field, type SCHEMA_KEY, text, whole } from "./shape.ts";

const names = z.array(text(128, "a name of the policy's"));

const CLIENT_REQUEST_SHAPE: Record<keyof ClientRequest, z.ZodType> = {
  requestId: text(128, "the same id is decided once").optional(),
  tenant: text(128, "whose money it is").optional(),
  reservationSeconds: whole(1, RESERVATION_SECONDS_MAX, "how long a reservation may stay open").optional(),
  useCase: text(64, "a use case of the policy").optional(),
  requested: z
    .any()
    .optional()
    .meta({ type: ["string", "integer"], description: "The requested candidate: name or id." }),
  inputTokens: whole(0, U32_MAX, "tokens, or units of work, that go in"),
  outputTokens: whole(0, U32_MAX, "the most that may come back").optional(),
  ...amount(VALUE),
  ...amount(BUDGET),
  riskBps: whole(0, BPS_MAX, "how much is at risk").optional(),
  confidenceBps: whole(0, BPS_MAX, "how sure the caller is").optional(),
  qualityMinBps: whole(0, BPS_MAX, "the floor").optional(),
  latencyMaxMs: whole(0, U32_MAX, "p95; 0 means no limit").optional(),
  capabilities: names.optional(),
  providers: names.min(1).optional(),
  regions: names.min(1).optional(),
  features: z
    .record(z.string(), whole(-FEATURE_MAX, FEATURE_MAX, "features for the learner"))
    .optional()
    .meta({ description: "Whole numbers under the names that the policy's `learning.features` lists." }),
  textScore: whole(-FEATURE_MAX, FEATURE_MAX, "what the prior makes of the text").optional(),
  onBehalfOf: text(128, "on whose behalf, as the caller claims; recorded as claimed").optional(),
  tags: z
    .record(z.string().regex(new RegExp(TAG_NAME_PATTERN)), text(128, "a tag"))
    .optional()
    .meta({ maxProperties: TAGS_MAX, description: `What requests are counted by: ${TAGS_WANTED}.` }),
  session: text(128, "the conversation that the request belongs to").optional(),
  promptDigest: field(isPromptDigest, `${PROMPT_DIGEST_WANTED} (of the prompt)`, {
    type: "string",
    pattern: PROMPT_DIGEST_PATTERN,
  }).optional(),
};

/** The schema of a client's request, for documents and generated clients. `resolveRequest` enforces the same rules. */
export const clientRequestSchema: z.ZodType = z.strictObject(CLIENT_REQUEST_SHAPE);

/** A request file may name its schema, like the other files; a request over the API has no such key. */
const REQUEST_SHAPE: Record<keyof ClientRequest | typeof SCHEMA_KEY, z.ZodType> = {
  $schema: text(2000, "a schema for editors").optional(),
  ...CLIENT_REQUEST_SHAPE,
};

let fieldTypes: ReadonlyMap<string, unknown> | undefined;

/** The schema's type of each field of a request: cells of a table are untyped. */
export function requestFieldTypes(): ReadonlyMap<string, unknown> {
  if (fieldTypes !== undefined) return fieldTypes;
  const { properties } = z.toJSONSchema(z.strictObject(REQUEST_SHAPE), { unrepresentable: "any", io: "input" });
  fieldTypes = new Map(Object.entries(properties ?? {}).map(([key, schema]) => [key, Object(schema).type]));
  return fieldTypes;
}

/** Schemas by file name, without `.schema.json`. */
export function jsonSchemas(): Readonly<Record<"policy" | "catalog" | "request" | "budgets" | "cases", object>> {
  const schemaOf = (title: string, schema: z.ZodType): object => ({
    ...z.toJSONSchema(schema, { unrepresentable: "any", io: "input" }),
    title,
    allowComments: true,
    allowTrailingCommas: true,
  });
  return {
    policy: schemaOf("Calybris policy", policyFileSchema),
    catalog: schemaOf("Calybris catalog", catalogFileSchema),
    request: schemaOf("Calybris request", z.strictObject(REQUEST_SHAPE)),
    budgets: schemaOf("Calybris budgets", budgetsFileSchema),
    cases: schemaOf("Calybris policy cases", casesFileSchema),
  };
}
