import { describe, expect, test } from "vitest";
import { API_CONTRACTS } from "../../src/decisions/contracts.ts";
import { docsPage } from "../../src/http/docs-page.ts";
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

test("the documentation page loads nothing and runs nothing", () => {
  const { html, contentSecurityPolicy } = docsPage(document);
  expect(html).not.toMatch(/<script|\ssrc=|@import|url\(|<link/i);
  expect([...html.matchAll(/href="([^"]+)"/g)].filter(([, target = ""]) => !/^[#/]/.test(target))).toEqual([]);
  expect(contentSecurityPolicy).toContain("default-src 'none'");
  for (const { path, method } of API_CONTRACTS) expect(html).toContain(`${method} ${path}`);
});
