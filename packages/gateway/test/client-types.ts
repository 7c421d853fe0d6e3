/**
 * The types of the client as TypeScript, from the OpenAPI document. Written to `packages/client/src/api.ts` by
 * `UPDATE_CLIENT=1 npx vitest run packages/gateway/test/openapi.test.ts`.
 * @module
 */
import type { JsonSchema, OpenApi } from "../src/http/openapi.ts";

const HEADING = `/**
 * What the decision service takes and answers. Written from its OpenAPI document; do not edit.
 * @module
 */

/** Microcents, exact: beyond 2^53 a \`bigint\` or digits in quotes. */
export type Amount = number | bigint | string;
`;

export function clientTypes(document: OpenApi): string {
  const shapes = Object.entries(document.components.schemas).map(
    ([name, schema]) => `${comment(schema)}export ${declaration(name, schema)}`,
  );
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const table = operations.map(
    ({ path, method, operation }) => `  ${operation.operationId}: { method: "${method}", path: "${path}" },`,
  );
  const types = operations.map(({ operation }) => {
    const body = operation.requestBody?.content["application/json"].schema;
    const answer = operation.responses["200"]?.content["application/json"]?.schema;
    return `  readonly ${operation.operationId}: { readonly body: ${body === undefined ? "undefined" : typeOf(body)}; readonly answer: ${answer === undefined ? "string" : typeOf(answer)} };`;
  });
  return [
    HEADING,
    ...shapes,
    `/** What each operation takes and answers. */\nexport interface Operations {\n${types.join("\n")}\n}`,
    `/** Where each operation is. */\nexport const OPERATIONS: {\n  readonly [Name in keyof Operations]: { readonly method: "GET" | "POST"; readonly path: string };\n} = {\n${table.join("\n")}\n};`,
    "",
  ].join("\n");
}

function declaration(name: string, schema: JsonSchema): string {
  return schema["type"] === "object" && schema["properties"] !== undefined
    ? `interface ${name} ${typeOf(schema)}\n`
    : `type ${name} = ${typeOf(schema)};\n`;
}

function typeOf(schema: JsonSchema): string {
  const reference = schema["$ref"];
  if (typeof reference === "string") return reference.slice(reference.lastIndexOf("/") + 1);
  const either = schema["anyOf"] as readonly JsonSchema[] | undefined;
  if (either !== undefined) return either.map(typeOf).join(" | ");
  if (schema["const"] !== undefined) return JSON.stringify(schema["const"]);
  const values = schema["enum"] as readonly unknown[] | undefined;
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(" | ");
  if (isAmount(schema)) return "Amount";
  const type = schema["type"];
  return Array.isArray(type)
    ? type.map((one) => typeOf({ ...schema, type: one as string })).join(" | ")
    : plainType(type, schema);
}

/** An integer, or its digits in quotes. */
function isAmount({ type, pattern }: JsonSchema): boolean {
  return Array.isArray(type) && type.includes("integer") && type.includes("string") && pattern !== undefined;
}

function plainType(type: unknown, schema: JsonSchema): string {
  switch (type) {
    case "string":
    case "boolean":
    case "null":
      return type;
    case "integer":
    case "number":
      return "number";
    case "array": {
      const item = typeOf(schema["items"] as JsonSchema);
      return `readonly ${/[ |]/.test(item) ? `(${item})` : item}[]`;
    }
    case "object":
      return objectType(schema);
    default:
      return "unknown";
  }
}

function objectType(schema: JsonSchema): string {
  const properties = schema["properties"] as { readonly [name: string]: JsonSchema } | undefined;
  const others = schema["additionalProperties"];
  if (properties === undefined || Object.keys(properties).length === 0) {
    const member = typeof others === "object" && others !== null ? typeOf(others as JsonSchema) : "unknown";
    return `{ readonly [name: string]: ${member} }`;
  }
  const required = (schema["required"] ?? []) as readonly string[];
  const members = Object.entries(properties).map(([name, member]) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
    const type = typeOf(member);
    return `${comment(member)}readonly ${key}${required.includes(name) ? `: ${type}` : `?: ${type} | undefined`};`;
  });
  return `{\n${members.join("\n")}\n}`;
}

function comment(schema: JsonSchema): string {
  const [first] = (schema["anyOf"] ?? []) as readonly JsonSchema[];
  const text = schema["description"] ?? first?.["description"];
  return typeof text === "string" ? `/** ${text.replaceAll("*/", "* /")} */\n` : "";
}
