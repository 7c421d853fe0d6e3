/**
 * The OpenAPI 3.1 document, generated from the contracts and from the schemas that validate requests.
 * @module
 */
import { ENGINE_ERRORS } from "@calybris/engine";
import { ERRORS, type ErrorRow } from "@calybris/kernel";
import { z } from "zod";
import { errorShape } from "../decisions/answer-shapes.ts";
import { shapes } from "../decisions/shape-parts.ts";
import type { ApiOperation } from "../decisions/contracts.ts";
import {
  type DocumentedError,
  errorsOf,
  OPERATION_DOCS,
  type OperationDocs,
  TAGS,
} from "../decisions/operation-docs.ts";
import { GATEWAY_ERRORS } from "../gateway-errors.ts";
import { parametersOf, type RouteContract } from "./route-contract.ts";

/** A JSON Schema. */
export type JsonSchema = { readonly [key: string]: unknown };

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security: readonly { readonly key: readonly string[] }[];
  readonly parameters: readonly {
    readonly name: string;
    readonly in: "path" | "query" | "header";
    readonly required: boolean;
    readonly description?: string;
    readonly schema: JsonSchema;
    readonly example?: string | number;
  }[];
  readonly requestBody?: {
    readonly required: true;
    readonly content: { readonly "application/json": { readonly schema: JsonSchema; readonly example?: object } };
  };
  readonly responses: {
    readonly [status: string]: {
      readonly description: string;
      readonly content: { readonly [mediaType: string]: { readonly schema: JsonSchema } };
    };
  };
  /** A command that sends the example. */
  readonly "x-codeSamples": readonly { readonly lang: string; readonly label: string; readonly source: string }[];
}

export interface OpenApi {
  readonly openapi: "3.1.0";
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description: string;
    readonly license: { readonly name: string; readonly identifier: string };
  };
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
  readonly components: {
    readonly schemas: { readonly [name: string]: JsonSchema };
    readonly securitySchemes: { readonly key: JsonSchema };
  };
}

const VERSION = "0.1.0";
const INTRODUCTION =
  "Decisions that are durable before they are answered. Amounts are microcents ($1 is 100,000,000), as decimal strings in answers; shares are in ten-thousandths; times are microseconds since the Unix epoch. A request names candidates, capabilities, providers and regions as the policy does. A refusal by policy or budget is a decision, not an error.";

export function openApi(contracts: readonly RouteContract[]): OpenApi {
  const paths: { [path: string]: { [method: string]: Operation } } = {};
  for (const contract of contracts)
    paths[contract.path] = { ...paths[contract.path], [contract.method.toLowerCase()]: operationOf(contract) };
  return {
    openapi: "3.1.0",
    info: {
      title: "Calybris decision service",
      version: VERSION,
      description: INTRODUCTION,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "The service that answers this document." }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: components(),
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "An API key; not needed by a service without keys." },
      },
    },
  };
}

function operationOf(contract: RouteContract): Operation {
  const { name, summary, description, scopes, body, answer } = contract;
  const docs = OPERATION_DOCS[name as ApiOperation];
  return {
    operationId: name,
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [docs.tag],
    security: scopes.length === 0 ? [] : [{ key: [] }],
    parameters: [...pathParameters(contract), ...queryParameters(contract), ...headerParameters(contract)].map(
      (parameter) => {
        const example = docs.parameters?.[parameter.name];
        return example === undefined ? parameter : { ...parameter, example };
      },
    ),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": bodyContent(body.schema, docs.body) } } }),
    responses: {
      200: {
        description: scopes.length === 0 ? summary : `${summary}. Requires a key with scope ${scopes.join(" or ")}.`,
        content:
          typeof answer === "string"
            ? { [answer]: { schema: { type: "string" } } }
            : { "application/json": { schema: inlineSchema(answer) } },
      },
      ...errorResponses(errorsOf(contract)),
      default: errorResponse("Error response."),
    },
    "x-codeSamples": [{ lang: "Shell", label: "curl", source: curl(contract, docs) }],
  };
}

function bodyContent(schema: z.ZodType, example: object | undefined): { schema: JsonSchema; example?: object } {
  return { schema: inlineSchema(schema), ...(example === undefined ? {} : { example }) };
}

/** One response per status, which lists the error codes with their remedies. */
function errorResponses(codes: readonly DocumentedError[]): Operation["responses"] {
  const table: { readonly [code: string]: ErrorRow<never> } = { ...ERRORS, ...ENGINE_ERRORS, ...GATEWAY_ERRORS };
  const byStatus = Map.groupBy(codes, (code) => table[code]?.status ?? 500);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      errorResponse(group.map((code) => `- \`${code}\`: ${table[code]?.remedy}`).join("\n")),
    ]),
  );
}

function errorResponse(description: string): Operation["responses"][string] {
  return { description, content: { "application/json": { schema: inlineSchema(errorShape) } } };
}

/** The example as a `curl` command, for a service at the default address. */
function curl({ method, path, scopes, query }: RouteContract, { parameters = {}, body }: OperationDocs): string {
  const at = path.replace(/\{([a-z]+)\}/gi, (_part, name: string) => String(parameters[name] ?? ""));
  const inQuery = Object.entries(parameters).filter(([name]) => !path.includes(`{${name}}`));
  const search =
    query === undefined || inQuery.length === 0 ? "" : `?${inQuery.map((pair) => pair.join("=")).join("&")}`;
  const words = [`curl -s ${method === "GET" ? "" : `-X ${method} `}'http://127.0.0.1:8787${at}${search}'`];
  if (scopes.length > 0) words.push(`-H "authorization: Bearer $KEY"`);
  if (body !== undefined) words.push("-H 'content-type: application/json'", `-d '${JSON.stringify(body)}'`);
  return words.join(" \\\n  ");
}

function pathParameters(contract: RouteContract): Operation["parameters"] {
  return parametersOf(contract).map((name) => ({
    name,
    in: "path" as const,
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters({ query }: RouteContract): Operation["parameters"] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(query) as {
    readonly properties?: { readonly [name: string]: JsonSchema };
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query" as const,
    required: required.includes(name),
    schema,
  }));
}

function headerParameters({ name }: RouteContract): Operation["parameters"] {
  if (name !== "decide" && name !== "setBudget") return [];
  const description =
    name === "decide" ? "The `requestId`, sent as a header." : "The id of the grant, sent as a header.";
  return [{ name: "idempotency-key", in: "header", required: false, description, schema: { type: "string" } }];
}

/** A reference for a named schema, the full schema otherwise. */
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
