import { describe, expect, test } from "vitest";
import { API_CONTRACTS } from "../../src/decisions/contracts.ts";
import { docsPage, redocBundle } from "../../src/http/docs-page.ts";
import { openApi } from "../../src/http/openapi.ts";

const document = openApi(API_CONTRACTS);

describe("the OpenAPI document", () => {
  test("refers only to shapes that it holds", () => {
    const text = JSON.stringify(document);
    const named = [...text.matchAll(/"#\/components\/schemas\/([A-Za-z]+)"/g)].map(([, name = ""]) => name);
    expect(new Set(named).size).toBeGreaterThan(20);
    expect(named.filter((name) => !(name in document.components.schemas))).toEqual([]);
  });

  test("gives every operation a name of its own, and describes every error alike", () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { responses } of operations)
      expect(responses["default"]?.content["application/json"]?.schema).toEqual({
        $ref: "#/components/schemas/ErrorAnswer",
      });
  });

  test("states for every operation whether it requires a key", () => {
    for (const { path, method, scopes } of API_CONTRACTS) {
      const operation = document.paths[path]?.[method.toLowerCase()];
      expect(operation?.security, path).toEqual(scopes.length === 0 ? [] : [{ key: [] }]);
    }
  });
});

describe("the documentation page", () => {
  const { html, contentSecurityPolicy } = docsPage(document.info.title);

  test("loads its own scripts and nothing else, and has no inline script", () => {
    const sources = [...html.matchAll(/\ssrc="([^"]+)"/g)].map(([, source]) => source);
    expect(sources).toEqual(["/docs/redoc.js", "/docs/start.js"]);
    expect(html).not.toMatch(/<script(?! src=)|\son[a-z]+=|@import|url\(|https?:/i);
    expect(contentSecurityPolicy).toContain("default-src 'none'; script-src 'self'");
    expect(contentSecurityPolicy).not.toMatch(/unsafe|\*|https?:|data:[^;]*script/);
  });

  test("renders with a bundle that names no host to load from", () => {
    const bundle = redocBundle().toString();
    expect(bundle).not.toContain("cdn.redoc.ly");
    expect(bundle).toContain('src:"data:,"');
  });
});
