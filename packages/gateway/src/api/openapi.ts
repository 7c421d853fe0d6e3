/**
 * The OpenAPI 3.1 document, made from the routes and the schemas that check what comes in.
 * @module
 */
import { z } from "zod";
import type { Route } from "../http/route.ts";
import { errorShape, shapes } from "./answer-shapes.ts";

/** A JSON Schema, as far as this service writes it. */
export type JsonSchema = { readonly [key: string]: unknown };

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly { readonly key: readonly string[] }[];
  readonly parameters: readonly {
    readonly name: string;
    readonly in: "path" | "query" | "header";
    readonly required: boolean;
    readonly description?: string;
    readonly schema: JsonSchema;
  }[];
  readonly requestBody?: {
    readonly required: true;
    readonly content: { readonly "application/json": { readonly schema: JsonSchema } };
  };
  readonly responses: {
    readonly [status: string]: {
      readonly description: string;
      readonly content: { readonly [mediaType: string]: { readonly schema: JsonSchema } };
    };
  };
}

export interface OpenApi {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
  readonly components: {
    readonly schemas: { readonly [name: string]: JsonSchema };
    readonly securitySchemes: { readonly key: JsonSchema };
  };
}

const VERSION = "0.1.0";
const INTRODUCTION =
  "Decisions that are durable before they are answered. Amounts are microcents ($1 is 100,000,000), as decimal strings in answers; shares are in ten-thousandths; times are microseconds since the Unix epoch. A request names candidates, capabilities, providers and regions as the policy does. A refusal by policy or budget is a decision, not an error.";

export function openApi(routes: readonly Route[]): OpenApi {
  const paths: { [path: string]: { [method: string]: Operation } } = {};
  for (const route of routes)
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  return {
    openapi: "3.1.0",
    info: { title: "Calybris decision service", version: VERSION, description: INTRODUCTION },
    paths,
    components: {
      schemas: components(),
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "An API key; not needed by a service that has none." },
      },
    },
  };
}

function operationOf(route: Route): Operation {
  const { name, summary, description, planes, body, answer } = route;
  return {
    operationId: name,
    summary,
    ...(description === undefined ? {} : { description }),
    security: planes.length === 0 ? [] : [{ key: [] }],
    parameters: [...pathParameters(route), ...queryParameters(route), ...headerParameters(route)],
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: inlineSchema(body.schema) } } } }),
    responses: {
      200: {
        description: planes.length === 0 ? summary : `${summary}. Takes a key of plane ${planes.join(" or ")}.`,
        content:
          typeof answer === "string"
            ? { [answer]: { schema: { type: "string" } } }
            : { "application/json": { schema: inlineSchema(answer) } },
      },
      default: { description: "Why not.", content: { "application/json": { schema: inlineSchema(errorShape) } } },
    },
  };
}

function pathParameters({ path }: Route): Operation["parameters"] {
  return [...path.matchAll(/\{([a-z]+)\}/gi)].map(([, name = ""]) => ({
    name,
    in: "path" as const,
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters({ query }: Route): Operation["parameters"] {
  if (query === undefined) return [];
  const { properties = {} } = jsonSchema(query) as { readonly properties?: { readonly [name: string]: JsonSchema } };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: "query" as const, required: false, schema }));
}

function headerParameters({ name }: Route): Operation["parameters"] {
  if (name !== "decide" && name !== "setBudget") return [];
  const description =
    name === "decide" ? "The `requestId`, said as a header." : "The id of the grant, said as a header.";
  return [{ name: "idempotency-key", in: "header", required: false, description, schema: { type: "string" } }];
}

/** A named shape by its name, another in full. */
function inlineSchema(schema: z.ZodType): JsonSchema {
  const id = shapes.get(schema)?.id;
  return id === undefined ? jsonSchema(schema) : { $ref: reference(id) };
}

function jsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _schema, ...rest } = z.toJSONSchema(schema, OPTIONS) as JsonSchema;
  return rest;
}

function components(): { readonly [name: string]: JsonSchema } {
  const { schemas } = z.toJSONSchema(shapes, { ...OPTIONS, uri: reference });
  const entries = Object.entries(schemas as { readonly [name: string]: JsonSchema });
  return Object.fromEntries(
    entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { $schema: _schema, $id: _id, id: _name, ...schema }]) => [name, schema]),
  );
}

const OPTIONS = { unrepresentable: "any", io: "input" } as const;

function reference(id: string): string {
  return `#/components/schemas/${id}`;
}
