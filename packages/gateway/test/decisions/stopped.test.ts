import { type Kernel, wasmKernel } from "@calybris/kernel";
import { expect, test } from "vitest";
import { codeOf, POLICY, type Running, startService } from "../support/running-service.ts";

// Goal: a service whose engine has stopped takes no command over any route, says why, and still shows what is durable.
// Method: a kernel that fails from a given moment on, and every route of the published API.

/** A service with one decision in it, whose kernel fails on request. */
async function withFailingKernel(
  work: (own: Running, decisionId: string, fail: () => Promise<Answer>) => Promise<void>,
) {
  let fails = false;
  const kernelFor = (policy: Parameters<typeof wasmKernel>[0]): Kernel => {
    const honest = wasmKernel(policy);
    return {
      prescribe: (request) => {
        if (fails) throw new Error("a kernel of the test fails");
        return honest.prescribe(request);
      },
    };
  };
  const own = await startService({ ports: { kernelFor } });
  try {
    const decided = await send(own, "POST", "/v1/decisions", { inputTokens: 1, requestId: "before" });
    const { decisionId } = decided.body as { decisionId: string };
    await work(own, decisionId, () => {
      fails = true;
      return send(own, "POST", "/v1/decisions", { inputTokens: 1 });
    });
  } finally {
    await own.end();
  }
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function send(own: Running, method: string, path: string, body?: object): Promise<Answer> {
  const { decide, operate, audit } = own.keys;
  for (const key of [decide, operate, audit]) {
    const response = await fetch(`${own.url}${path}`, {
      method,
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status !== 403) return { status: response.status, body: isJson(response) ? JSON.parse(text) : text };
  }
  throw new Error(`no key opens ${method} ${path}`);
}

function isJson({ headers }: Response): boolean {
  return headers.get("content-type")?.split(";")[0] === "application/json";
}

/** A command for each route that changes something. */
const commands = (decisionId: string): Readonly<Record<string, object>> => ({
  "/v1/decisions": { inputTokens: 1, requestId: "after" },
  "/v1/decisions:batch": { requests: [{ inputTokens: 1 }] },
  "/v1/settlements": { decisionId, actualMicrocents: 1 },
  "/v1/settlements/release": { decisionId },
  "/v1/settlements/hold": { decisionId, cause: "timeout" },
  "/v1/settlements/reconcile": { decisionId, actualMicrocents: 1, by: "ada" },
  "/v1/settlements/correct": { decisionId, actualMicrocents: 1, by: "ada" },
  "/v1/ledger/reconcile": { usageExport: "{}" },
  "/v1/outcomes": { decisionId, succeeded: true },
  "/v1/tenants/{id}/budget": { by: "ada", limit: {}, grant: { id: "g", amountMicrocents: 1 } },
  "/v1/policies": { policy: { ...POLICY, epoch: 2 }, by: "ada" },
  "/v1/rollout/stage": { policy: { ...POLICY, epoch: 3 } },
  "/v1/rollout/promote": { policyId: 1 },
  "/v1/rollout/canary": { policyId: 1, shareBps: 0 },
  "/v1/rollout/back": { policyId: 1 },
  "/v1/priors": { prior: {} },
  "/v1/certificates": { regimes: 0, alphaBps: 1, deltaBps: 1, samples: 1 },
  "/v1/reload": {},
  "/v1/clock/confirm": {},
  "/v1/keys": { name: "after", scopes: ["operate"] },
  "/v1/keys/{id}/rotate": {},
});

/** Order no entry. */
const HARMLESS = ["/v1/policies/check"];

test("every route that changes something answers 503 with the same incident, and the log has what was thrown", async () => {
  await withFailingKernel(async (own, decisionId, fail) => {
    const { body: api } = await send(own, "GET", "/openapi.json");
    const { paths } = api as { paths: Readonly<Record<string, object>> };
    const posts = Object.keys(paths).filter((path) => "post" in (paths[path] as object));
    const known = commands(decisionId);
    expect([...Object.keys(known), ...HARMLESS].sort()).toEqual(posts.sort());
    const created = await send(own, "POST", "/v1/keys", { name: "before", scopes: ["operate"] });
    const ids = { keys: String((created.body as { readonly id: number }).id), tenants: "default" };
    const first = await fail();
    expect([first.status, codeOf(first.body)]).toEqual([503, "CAL_ENGINE_STOPPED"]);
    for (const [path, body] of Object.entries(known)) {
      const id = path.startsWith("/v1/keys") ? ids.keys : ids.tenants;
      const answer = await send(own, "POST", path.replace("{id}", id), body);
      expect(answer, path).toEqual(first);
    }
    const { incident } = (first.body as { error: { details: { incident: string } } }).error.details;
    const fatal = own
      .logged()
      .split("\n")
      .filter((line) => line.includes('"level":"fatal"') || line.includes('"level":60'));
    expect(fatal).toHaveLength(1);
    expect(fatal[0]).toContain(incident);
    expect(fatal[0]).toContain("a kernel of the test fails");
    expect(JSON.stringify(first.body)).not.toContain("a kernel of the test fails");
  });
});

test("it is alive, not ready, and shows what is durable", async () => {
  await withFailingKernel(async (own, decisionId, fail) => {
    await fail();
    expect((await send(own, "GET", "/health")).status).toBe(200);
    const ready = await send(own, "GET", "/ready");
    expect([ready.status, codeOf(ready.body)]).toEqual([503, "CAL_GATEWAY_NOT_READY"]);
    expect(JSON.stringify(ready.body)).toContain("CAL_ENGINE_STOPPED");
    const read = await send(own, "GET", `/v1/decisions/${decisionId}`);
    expect(read.body).toMatchObject({ decisionId, requestId: "before" });
    for (const path of ["/v1/journal/head", "/v1/journal/entries", "/v1/ledger", "/v1/policies", "/metrics"])
      expect((await send(own, "GET", path)).status, path).toBe(200);
  });
});

test("a retry of what was decided before is refused as well, and gets its decision from the next process", async () => {
  await withFailingKernel(async (own, _decisionId, fail) => {
    const first = await fail();
    expect(await send(own, "POST", "/v1/decisions", { inputTokens: 1, requestId: "before" })).toEqual(first);
  });
});
