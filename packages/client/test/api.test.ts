import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { API_FILE, clientSource } from "../build.ts";

test("the client's types are those of the OpenAPI document: `npm run build:client` writes them", async () => {
  expect(readFileSync(API_FILE, "utf8")).toBe(await clientSource());
});
