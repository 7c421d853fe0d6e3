import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Desk } from "../src/api/desk.ts";
import { docsPage } from "../src/api/docs-page.ts";
import { type OpenApi, openApi } from "../src/api/openapi.ts";
import { serviceRoutes } from "../src/api/routes.ts";
import type { Watched } from "../src/api/watching.ts";
import { clientTypes } from "./client-types.ts";

// The table of routes is all that is asked of here; no handler runs.
const desk = { engine: { ledger: {}, learning: {}, reading: {} } } as unknown as Desk;
const routes = serviceRoutes(desk, {} as Watched);
const document: OpenApi = openApi(routes);
const CLIENT = fileURLToPath(new URL("../../client/src/api.ts", import.meta.url));
const BIOME = fileURLToPath(new URL("../../../node_modules/.bin/biome", import.meta.url));

test("the client's types are those of the OpenAPI document", () => {
  const formatted = execFileSync(process.execPath, [BIOME, "format", `--stdin-file-path=${CLIENT}`], {
    input: clientTypes(document),
    encoding: "utf8",
  });
  if (process.env["UPDATE_CLIENT"] === "1") writeFileSync(CLIENT, formatted);
  expect(readFileSync(CLIENT, "utf8")).toBe(formatted);
});

describe("the OpenAPI document", () => {
  test("refers to nothing that it does not hold", () => {
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

  test("says of every operation which key it takes, or that it takes none", () => {
    for (const route of routes.filter(({ path }) => path in document.paths)) {
      const operation = document.paths[route.path]?.[route.method.toLowerCase()];
      expect(operation?.security, route.path).toEqual(route.planes.length === 0 ? [] : [{ key: [] }]);
    }
  });
});

test("the documentation loads nothing and runs nothing", () => {
  const { html, contentSecurityPolicy } = docsPage(document);
  expect(html).not.toMatch(/<script|\ssrc=|@import|url\(|<link/i);
  expect([...html.matchAll(/href="([^"]+)"/g)].filter(([, target = ""]) => !/^[#/]/.test(target))).toEqual([]);
  expect(contentSecurityPolicy).toContain("default-src 'none'");
  for (const { path, method } of routes.filter((route) => route.path in document.paths))
    expect(html).toContain(`${method} ${path}`);
});
