/**
 * The documentation as one page: the OpenAPI document for people. It runs no script and loads nothing.
 * @module
 */
import { hash } from "node:crypto";
import type { JsonSchema, OpenApi, Operation } from "./openapi.ts";

export interface DocsPage {
  readonly html: string;
  /** Allows the page's own style and nothing else. */
  readonly contentSecurityPolicy: string;
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; }
h2 { border-top: 1px solid; margin-top: 3rem; padding-top: 1rem; font-family: ui-monospace, monospace; font-size: 1.1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { border: 1px solid; overflow-x: auto; padding: .75rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
td, th { border-bottom: 1px solid; padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; }
nav ul { columns: 2; padding-left: 1.2rem; }
`;

const EXAMPLES: { readonly [operation: string]: string } = {
  decide: '{"requested":"gpt-5","inputTokens":1200,"outputTokens":400,"valueDollars":"0.50"}',
  decideBatch: '{"requests":[{"inputTokens":1200},{"inputTokens":90,"useCase":"default"}]}',
  settle: '{"decisionId":"12-0badc0de","actualMicrocents":"1250000"}',
  setBudget: '{"by":"ada","limit":{"exposureCapDollars":"5"},"grant":{"id":"june","amountMicrocents":"10000000000"}}',
};

export function docsPage(document: OpenApi): DocsPage {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const index = operations.map(
    ({ path, method, operation }) => `<li><a href="#${operation.operationId}">${escaped(`${method} ${path}`)}</a></li>`,
  );
  const shapes = Object.entries(document.components.schemas).map(
    ([name, schema]) => `<h2 id="${escaped(name)}">${escaped(name)}</h2>${shapeHtml(schema)}`,
  );
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(document.info.title)}</title><style>${STYLE}</style></head><body>
<h1>${escaped(document.info.title)}</h1>
<p>${escaped(document.info.description)} The same for programs: <a href="/openapi.json">/openapi.json</a>.</p>
<nav><ul>${index.join("")}</ul></nav>
${operations.map(operationHtml).join("\n")}
<h1>Shapes</h1>
${shapes.join("\n")}
</body></html>
`;
  const policy = `default-src 'none'; style-src 'sha256-${hash("sha256", STYLE, "base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return { html, contentSecurityPolicy: policy };
}

function operationHtml({ path, method, operation }: { path: string; method: string; operation: Operation }): string {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const body = requestBody?.content["application/json"].schema;
  const [mediaType = "", answer] = Object.entries(responses["200"]?.content ?? {})[0] ?? [];
  return [
    `<h2 id="${operationId}">${escaped(`${method} ${path}`)}</h2>`,
    `<p><b>${escaped(summary)}.</b> ${escaped(description ?? "")}</p>`,
    `<p>${escaped(responses["200"]?.description ?? "")}</p>`,
    parameters.length === 0
      ? ""
      : tableHtml(
          parameters.map(({ name, in: place, schema, description: what }) => [
            code(name),
            place,
            escaped(what ?? String(schema["description"] ?? "")),
          ]),
        ),
    body === undefined ? "" : `<p>Takes ${typeHtml(body)}.</p>`,
    `<p>Answers ${answer === undefined || mediaType !== "application/json" ? code(mediaType) : typeHtml(answer.schema)}.</p>`,
    `<pre>${escaped(curl(path, method, operationId))}</pre>`,
  ].join("\n");
}

function curl(path: string, method: string, operationId: string): string {
  const target = `http://127.0.0.1:8787${path.replace("{id}", path.includes("tenants") ? "acme" : "12-0badc0de")}`;
  if (method === "GET") return `curl -s ${target} -H "authorization: Bearer $KEY"`;
  const body = EXAMPLES[operationId] ?? "{…}";
  return `curl -s ${target} -H "authorization: Bearer $KEY" -H 'content-type: application/json' \\\n  -d '${body}'`;
}

function shapeHtml(schema: JsonSchema): string {
  const description = schema["description"] === undefined ? "" : `<p>${escaped(String(schema["description"]))}</p>`;
  const properties = schema["properties"] as { readonly [name: string]: JsonSchema } | undefined;
  if (properties === undefined) return `${description}<p>${typeHtml(schema)}</p>`;
  const required = (schema["required"] ?? []) as readonly string[];
  const rows = Object.entries(properties).map(([name, inner]) => [
    code(name),
    `${typeHtml(inner)}${required.includes(name) ? "" : ", may be left out"}`,
    escaped(describe(inner)),
  ]);
  return description + tableHtml(rows);
}

/** A shape that may be null says what it is in its first half. */
function describe(schema: JsonSchema): string {
  const [first] = (schema["anyOf"] ?? []) as readonly JsonSchema[];
  return String(schema["description"] ?? first?.["description"] ?? "");
}

function typeHtml(schema: JsonSchema): string {
  const reference = schema["$ref"];
  if (typeof reference === "string") {
    const name = escaped(reference.slice(reference.lastIndexOf("/") + 1));
    return `<a href="#${name}">${name}</a>`;
  }
  const either = schema["anyOf"] as readonly JsonSchema[] | undefined;
  if (either !== undefined) return either.map(typeHtml).join(" or ");
  if (schema["enum"] !== undefined)
    return (schema["enum"] as readonly unknown[]).map((value) => code(String(value))).join(" or ");
  if (schema["items"] !== undefined) return `list of ${typeHtml(schema["items"] as JsonSchema)}`;
  const type = schema["type"];
  return escaped(Array.isArray(type) ? type.join(" or ") : String(type ?? "anything"));
}

function tableHtml(rows: readonly (readonly string[])[]): string {
  return `<table>${rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`).join("")}</table>`;
}

function code(text: string): string {
  return `<code>${escaped(text)}</code>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
