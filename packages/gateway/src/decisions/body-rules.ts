/**
 * The rules for parsing and validating the bodies of operations.
 * @module
 */
import type { BodyRule } from "../http/route-contract.ts";

/** No body needs more keys, names and features than a policy has. */
const MEMBERS_MAX = 300;

export const json = (schema: BodyRule["schema"]): BodyRule => ({
  schema,
  checkedBy: "schema",
  reader: "json",
  membersMax: MEMBERS_MAX,
});
export const policy = (schema: BodyRule["schema"]): BodyRule => ({
  schema,
  checkedBy: "handler",
  reader: "policy",
  membersMax: Number.MAX_SAFE_INTEGER,
});
