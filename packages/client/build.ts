/**
 * Writes the client's types, `src/api.ts`, from the OpenAPI document of the service.
 *
 *     npm run build:client
 *
 * `openapi-typescript` makes the types; it runs on TypeScript 5, which this package therefore has for itself.
 * @module
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { API_CONTRACTS, type OpenApi, openApi } from "@calybris/gateway";
import openapiTypes, { astToString, type OpenAPI3, type SchemaObject } from "openapi-typescript";
import ts from "typescript";

export const API_FILE: string = fileURLToPath(new URL("src/api.ts", import.meta.url));
const BIOME = fileURLToPath(new URL("../../node_modules/.bin/biome", import.meta.url));

const HEADING = `/**
 * What the decision service takes and answers. Written from its OpenAPI document by \`npm run build:client\`; do not edit.
 * @module
 */

/** Microcents, exact: beyond 2^53 a \`bigint\` or digits in quotes. */
export type Amount = number | bigint | string;
`;

/** Derived from the types of `openapi-typescript`: what each operation takes, and what it answers with 200. */
const OPERATION_TYPES = `
type BodyOf<Operation> = Operation extends {
  readonly requestBody: { readonly content: { readonly "application/json": infer Body } };
}
  ? Body
  : undefined;
type AnswerOf<Operation> = Operation extends {
  readonly responses: { readonly 200: { readonly content: { readonly "application/json": infer Answer } } };
}
  ? Answer
  : string;

/** What each operation takes and answers. */
export type Operations = {
  readonly [Name in keyof operations]: {
    readonly body: BodyOf<operations[Name]>;
    readonly answer: AnswerOf<operations[Name]>;
  };
};
`;

/** The text of `src/api.ts`. */
export async function clientSource(): Promise<string> {
  const document = typed(openApi(API_CONTRACTS));
  const nodes = await openapiTypes(document as OpenAPI3, {
    immutable: true,
    rootTypes: true,
    rootTypesNoSchemaPrefix: true,
    transform: typeOf,
  });
  const source = `${HEADING}\n${astToString(nodes.map(withUndefined))}\n${OPERATION_TYPES}\n${operationTable()}`;
  const args = [BIOME, "format", `--stdin-file-path=${API_FILE}`];
  return execFileSync(process.execPath, args, { input: source, encoding: "utf8" });
}

/** Errors are one type, `ServiceError`, though the document lists them for each status. Examples are for its readers. */
function typed(document: OpenApi): object {
  const paths = Object.entries(document.paths).map(([path, methods]) => {
    const operations = Object.entries(methods).map(([method, operation]) => {
      const { 200: answer, default: error } = operation.responses;
      return [method, { ...operation, responses: { 200: answer, default: error } }];
    });
    return [path, Object.fromEntries(operations)];
  });
  const text = JSON.stringify({ ...document, paths: Object.fromEntries(paths) });
  return JSON.parse(text, (key, value: unknown) => (/^examples?$/.test(key) ? undefined : value)) as object;
}

type Schema = SchemaObject & {
  readonly pattern?: string;
  readonly properties?: object;
  readonly additionalProperties?: unknown;
};

/** The types that `openapi-typescript` would make differently: amounts, and objects of any members. */
function typeOf(schema: Schema): ts.TypeNode | undefined {
  const { factory, SyntaxKind } = ts;
  const types: readonly unknown[] = Array.isArray(schema.type) ? schema.type : [];
  if (types.includes("integer") && types.includes("string") && schema.pattern !== undefined)
    return factory.createTypeReferenceNode("Amount");
  const isOpen = Object.keys(schema.properties ?? {}).length === 0 && schema.additionalProperties === undefined;
  if (schema.type !== "object" || !isOpen) return undefined;
  const name = factory.createParameterDeclaration(
    undefined,
    undefined,
    "name",
    undefined,
    factory.createKeywordTypeNode(SyntaxKind.StringKeyword),
  );
  const unknown = factory.createKeywordTypeNode(SyntaxKind.UnknownKeyword);
  const modifiers = [factory.createModifier(SyntaxKind.ReadonlyKeyword)];
  return factory.createTypeLiteralNode([factory.createIndexSignature(modifiers, [name], unknown)]);
}

/** Under `exactOptionalPropertyTypes` an optional member would refuse a value that may be `undefined`. */
function withUndefined(node: ts.Node): ts.Node {
  const { factory, visitEachChild, visitNode, isPropertySignature, SyntaxKind } = ts;
  const visit =
    (context: ts.TransformationContext) =>
    (inner: ts.Node): ts.Node => {
      const visited = visitEachChild(inner, visit(context), context);
      if (!isPropertySignature(visited) || visited.questionToken === undefined || visited.type === undefined)
        return visited;
      if (visited.type.kind === SyntaxKind.NeverKeyword) return visited;
      const type = factory.createUnionTypeNode([
        visited.type,
        factory.createKeywordTypeNode(SyntaxKind.UndefinedKeyword),
      ]);
      return factory.updatePropertySignature(visited, visited.modifiers, visited.name, visited.questionToken, type);
    };
  const { transformed } = ts.transform(node, [(context) => (root) => visitNode(root, visit(context))]);
  return transformed[0] ?? node;
}

function operationTable(): string {
  const rows = API_CONTRACTS.map(({ name, method, path }) => `  ${name}: { method: "${method}", path: "${path}" },`);
  return `/** Where each operation is. */
export const OPERATIONS: {
  readonly [Name in keyof Operations]: { readonly method: "GET" | "POST" | "DELETE"; readonly path: string };
} = {\n${rows.join("\n")}\n};\n`;
}

if (import.meta.main) writeFileSync(API_FILE, await clientSource());
