/**
 * How the bodies of operations are read and checked.
 * @module
 */
import type { BodyRule } from "../http/route-contract.ts";

/** More keys, names and features than a policy knows are never needed. */
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
