/**
 * Checks whether Google enforces a JSON Schema. It ignores some keywords silently, so a call whose schema has one of them is
 * not translated to Google.
 * @module
 */
import type { ExactJson } from "@calybris/kernel";
import { type ExactObject, untranslatable } from "./field-check.ts";
import { objectAt } from "./json-access.ts";

/** Keywords of `responseJsonSchema`, by the types of @google/genai 3.3.0. */
const ENFORCED = new Set([
  ..."$id $defs $ref $anchor type format enum items prefixItems minItems maxItems minimum maximum".split(" "),
  ..."anyOf oneOf properties additionalProperties required propertyOrdering".split(" "),
]);

/** Keywords that do not affect validity. */
const ANNOTATIONS = new Set(
  "$schema $comment title description default examples deprecated readOnly writeOnly".split(" "),
);

const INNER = ["items", "additionalProperties"];
const INNER_LISTS = ["prefixItems", "anyOf", "oneOf"];
const INNER_MAPS = ["properties", "$defs"];

/** @throws GatewayError `CAL_GATEWAY_UNTRANSLATABLE` naming the first keyword that is not enforced. */
export function requireEnforced(schema: ExactJson, path: string): void {
  if (typeof schema === "boolean") return;
  const object = objectAt(schema, path);
  const unknown = Object.keys(object).find((name) => !ENFORCED.has(name) && !ANNOTATIONS.has(name));
  if (unknown !== undefined) throw untranslatable(`${path}.${unknown}`, "is a rule that Google does not enforce");
  for (const [name, inner] of innerSchemas(object)) requireEnforced(inner, `${path}.${name}`);
}

function innerSchemas(object: ExactObject): readonly (readonly [string, ExactJson])[] {
  const own = INNER.flatMap((name): [string, ExactJson][] => {
    const inner = object[name];
    return inner === undefined ? [] : [[name, inner]];
  });
  const lists = INNER_LISTS.flatMap((name) => {
    const list = object[name];
    return Array.isArray(list)
      ? list.map((inner, at): [string, ExactJson] => [`${name}[${at}]`, inner as ExactJson])
      : [];
  });
  const maps = INNER_MAPS.flatMap((name) => {
    const map = object[name];
    if (typeof map !== "object" || map === null) return [];
    return Object.entries(map).map(([member, inner]): [string, ExactJson] => [`${name}.${member}`, inner as ExactJson]);
  });
  return [...own, ...lists, ...maps];
}
