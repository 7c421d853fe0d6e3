/**
 * The schemas of API keys that are created over the API.
 * @module
 */
import { field, text, whole } from "@calybris/engine/internal";
import { isUseCaseName, KEY_SCOPES, USE_CASE_NAME_PATTERN } from "@calybris/kernel";
import { z } from "zod";
import { claim, tenantLimit } from "./call-shapes.ts";
import { count, flag, named, text as answered } from "./shape-parts.ts";

const NAME_MAX = 128;
const NAMES_MAX = 64;
const PER_SECOND_MAX = 9_999_999;

const scope: z.ZodType = field(
  (value) => KEY_SCOPES.includes(value as (typeof KEY_SCOPES)[number]),
  `one of ${KEY_SCOPES.join(", ")}`,
  { enum: KEY_SCOPES },
);
const useCase: z.ZodType = field(
  (value) => typeof value === "string" && isUseCaseName(value),
  "the name of a use case",
  { type: "string", pattern: USE_CASE_NAME_PATTERN },
);

export const createKeyCall: z.ZodType = named(
  "KeyRequest",
  z.strictObject({
    name: text(NAME_MAX, "name of the key, unique among created keys"),
    scopes: z.array(scope).min(1).max(KEY_SCOPES.length),
    tenants: z.array(text(NAME_MAX, "a tenant that it may act for")).min(1).max(NAMES_MAX).optional(),
    expiresAt: whole(1, Number.MAX_SAFE_INTEGER, "microseconds since the Unix epoch; default never").optional(),
    allowed: z
      .array(text(NAME_MAX, "a model that its calls may request; a final `*` matches any suffix, as in `claude-*`"))
      .min(1)
      .max(NAMES_MAX)
      .optional(),
    perSecond: whole(1, PER_SECOND_MAX, "requests per second; default `limits.perSecond`").optional(),
    useCase: useCase.optional(),
    budget: tenantLimit.optional(),
    ...claim,
  }),
  "A key to create. Without tenants it may act for every tenant; with a budget it must have exactly one.",
);

const keyMembers = {
  id: count("Sequence of the entry that created it."),
  name: answered("Its name."),
  scopes: z.array(z.enum(KEY_SCOPES)),
  tenants: z.array(z.string()).optional(),
  expiresAt: count("Microseconds since the Unix epoch.").optional(),
  allowed: z.array(z.string()).optional(),
  perSecond: count("Requests per second.").optional(),
  useCase: answered("Use case of its calls that name none.").optional(),
  expired: flag("Whether it is refused because it has expired."),
};

export const createdKeyShape: z.ZodType = named(
  "CreatedKey",
  z.object({ ...keyMembers, key: answered("The secret. It is shown once, and not stored.") }),
);
export const keysShape: z.ZodType = named("Keys", z.object({ keys: z.array(named("Key", z.object(keyMembers))) }));
export const revokedKeyShape: z.ZodType = named(
  "KeyRevoked",
  z.object({ id: count("Id of the revoked key."), revoked: flag("Always true.") }),
);
