import { parseExact } from "@calybris/kernel";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonSchema, OpenApi } from "../../src/http/openapi.ts";
import { POLICY, type Running, startService } from "../support/running-service.ts";
import { isValid, type Schemas } from "../support/schema-verdict.ts";

// Written as they travel, because some of them are none once they are read.
const POISON = [
  "null",
  "true",
  "false",
  "0",
  "-0",
  "1",
  "-1",
  "1.5",
  "1e3",
  "1e309",
  "-1e309",
  "1e-7",
  "9007199254740991",
  "9007199254740992",
  "9007199254740993",
  "4294967295",
  "4294967296",
  "10000",
  "10001",
  "18446744073709551615",
  "18446744073709551616",
  "9223372036854775807",
  "9223372036854775808",
  "-9223372036854775809",
  '""',
  '" "',
  '"0"',
  '"1"',
  '"-1"',
  '"1.5"',
  '"1e3"',
  '"0x10"',
  '"١"',
  '"NaN"',
  '"Infinity"',
  '"18446744073709551616"',
  '"0.000000001"',
  '"99999999999999999999999"',
  '"tools"',
  '"large"',
  '"default"',
  '"3-0badc0de"',
  '"\\u0000"',
  '"\\u202e"',
  '"a\\nb"',
  `"${"x".repeat(128)}"`,
  `"${"x".repeat(129)}"`,
  `"${"é".repeat(100)}"`,
  "[]",
  "[null]",
  '["tools"]',
  '["tools","tools"]',
  "[1]",
  "[[]]",
  "{}",
  '{"a":1}',
  '{"a":1.5}',
  '{"a":null}',
  '{"toString":1}',
  '{"length":1}',
];

let running: Running;
let api: OpenApi;
let schemas: Schemas;
beforeAll(async () => {
  running = await startService();
  api = (await (await fetch(`${running.url}/openapi.json`)).json()) as OpenApi;
  schemas = api.components.schemas;
});
afterAll(() => running.end());

interface Answer {
  readonly status: number;
  readonly body: {
    readonly error?: {
      readonly code: string;
      readonly details: { readonly mistakes?: readonly { readonly path: string; readonly problem: string }[] };
    };
  };
}

async function send(path: string, body: string): Promise<Answer> {
  const key =
    path.startsWith("/v1/tenants") || /polic|rollout|prior|certificate|correct|reconcile|keys/.test(path)
      ? running.keys.operate
      : running.keys.decide;
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  const response = await fetch(`${running.url}${path.replace("{id}", "acme")}`, { method: "POST", headers, body });
  return { status: response.status, body: (await response.json()) as Answer["body"] };
}

/** A body that is right but for one member. */
function withMember(base: object, key: string, literal: string): string {
  const others = Object.entries(base).filter(([name]) => name !== key);
  return `{${[...others.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`), `${JSON.stringify(key)}:${literal}`].join(",")}}`;
}

/**
 * What a schema cannot know: the names of the policy, printable text, a range that depends on the unit, one amount in two
 * units, and that −0 is no number of ours.
 */
const BEYOND_SCHEMA = /which the policy does not have|is an unknown f|is written beside|out of range|^is "|^is 0$/;

test("whatever a field of a request holds, the check by hand and the published schema agree", async () => {
  const schema = schemas["DecisionRequest"] as JsonSchema;
  const fields = Object.keys(schema["properties"] as object);
  expect(fields.length).toBeGreaterThan(20);
  const disagreements: string[] = [];
  for (const field of fields) {
    const answers = await Promise.all(
      POISON.map(async (literal) => ({
        literal,
        ...(await send("/v1/decisions", withMember({ inputTokens: 10 }, field, literal))),
      })),
    );
    for (const { literal, status, body } of answers) {
      const valid = isValid(
        parseExact(
          `{"inputTokens":10,${JSON.stringify(field)}:${literal}}`.replace(
            /^\{"inputTokens":10,"inputTokens"/,
            '{"inputTokens"',
          ),
        ),
        schema,
        schemas,
      );
      const mistakes = body.error?.details.mistakes ?? [];
      const isExcused = mistakes.length > 0 && mistakes.every(({ problem }) => BEYOND_SCHEMA.test(problem));
      const isTaken = status === 200 || body.error?.code === "CAL_LEDGER_TENANT_UNKNOWN" || (valid && isExcused);
      if (status >= 500 || isTaken !== valid)
        disagreements.push(`${field}: ${literal} ${status} ${valid} ${JSON.stringify(mistakes)}`);
      for (const { path } of mistakes) expect(path.startsWith(field) || path === "").toBe(true);
    }
  }
  expect(disagreements).toEqual([]);
});

test("whatever a field of any other body holds, it is taken or refused, and never a bug", async () => {
  const bases: { readonly [path: string]: object } = {
    "/v1/outcomes": { decisionId: "2-00000000" },
    "/v1/settlements": { decisionId: "2-00000000", actualMicrocents: 1 },
    "/v1/settlements/release": { decisionId: "2-00000000" },
    "/v1/settlements/hold": { decisionId: "2-00000000", cause: "timeout" },
    "/v1/settlements/reconcile": { decisionId: "2-00000000", actualMicrocents: 1, by: "ada" },
    "/v1/settlements/correct": { decisionId: "2-00000000", actualMicrocents: 1, by: "ada" },
    "/v1/ledger/reconcile": { usageExport: "{}" },
    "/v1/tenants/{id}/budget": { by: "ada", limit: {} },
    "/v1/policies/check": { policy: POLICY },
    "/v1/policies": { policy: POLICY, by: "ada" },
    "/v1/rollout/stage": { policy: POLICY, by: "ada" },
    "/v1/rollout/promote": { policyId: 1, by: "ada" },
    "/v1/rollout/canary": { policyId: 1, shareBps: 100, by: "ada" },
    "/v1/rollout/back": { policyId: 1, by: "ada" },
    "/v1/priors": { prior: {}, by: "ada" },
    "/v1/certificates": { regimes: 0, alphaBps: 1, deltaBps: 1, samples: 1, by: "ada" },
    "/v1/decisions:batch": { requests: [{ inputTokens: 1 }] },
    "/v1/keys": { name: "probe", scopes: ["operate"] },
  };
  const posts = Object.keys(api.paths).filter(
    (path) => api.paths[path]?.["post"]?.requestBody !== undefined && path !== "/v1/decisions",
  );
  expect(Object.keys(bases).sort()).toEqual(posts.sort());
  for (const [path, base] of Object.entries(bases)) {
    const reference = String(api.paths[path]?.["post"]?.requestBody?.content["application/json"].schema["$ref"]);
    const schema = schemas[reference.slice(reference.lastIndexOf("/") + 1)] as JsonSchema;
    for (const field of [...Object.keys(schema["properties"] as object), "unknownKey"]) {
      const answers = await Promise.all(
        POISON.map(async (literal) => ({ literal, ...(await send(path, withMember(base, field, literal))) })),
      );
      for (const { literal, status, body } of answers) {
        const valid = isValid(parseExact(withMember(base, field, literal)), schema, schemas);
        expect(status, `${path} ${field}: ${literal} ${JSON.stringify(body)}`).toBeLessThan(500);
        if (!valid && path !== "/v1/decisions:batch") expect(status, `${path} ${field}: ${literal}`).toBe(400);
      }
    }
  }
  expect(await running.client().ready()).toMatchObject({ status: "ready" });
  expect(running.logged()).not.toContain('"fatal"');
});
