import { DEFAULT_TENANT } from "@calybris/kernel";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKey, type Principal } from "../../src/keys/keyring.ts";
import { maySee, requireTenant, tenantOfDecision } from "../../src/keys/tenancy.ts";
import { post, type Running, startService } from "../support/running-service.ts";

const ASKED = { requested: "large", inputTokens: 10 };
const GRANT = { amountMicrocents: 1_000_000_000 };
/** Bound to one tenant, to two, to two of which one is `default`, and to `default` alone. */
const BOUND = { one: ["a"], two: ["a", "b"], withDefault: ["a", DEFAULT_TENANT], defaultOnly: [DEFAULT_TENANT] };
type Name = keyof typeof BOUND;
const NAMES = Object.keys(BOUND) as Name[];
const KEYS = Object.fromEntries(NAMES.map((name) => [name, createKey()])) as Record<
  Name,
  { key: string; sha256: string }
>;

let running: Running;
/** A decision of each tenant; `none` was made without naming one. */
let decisions: { readonly [owner: string]: string };
beforeAll(async () => {
  const moreKeys = NAMES.map((name) => ({
    name,
    scopes: ["decide" as const],
    sha256: KEYS[name].sha256,
    tenants: BOUND[name],
  }));
  running = await startService({ moreKeys });
  const operate = running.client({ key: running.keys.operate });
  for (const tenant of ["a", "b", "c", DEFAULT_TENANT])
    await operate.setBudget(tenant, { by: "ada", limit: {}, grant: { id: tenant, ...GRANT } });
  const any = running.client({ key: running.keys.decide });
  const made = await Promise.all([
    ...["a", "b", "c"].map(async (tenant) => [tenant, (await any.decide({ ...ASKED, tenant })).decisionId]),
    any.decide(ASKED).then(({ decisionId }) => ["none", decisionId]),
  ]);
  decisions = Object.fromEntries(made) as { readonly [owner: string]: string };
});
afterAll(() => running.end());

const COMMANDS: { readonly [path: string]: object } = {
  "/v1/settlements": { actualMicrocents: 0 },
  "/v1/settlements/release": {},
  "/v1/settlements/hold": { cause: "timeout" },
};

async function command(
  key: string,
  path: string,
  body: object,
): Promise<{ readonly status: number; readonly body: unknown }> {
  return post(running, path, JSON.stringify(body), { authorization: `Bearer ${key}` });
}

async function reservationCount(): Promise<number> {
  return (await running.client({ key: running.keys.audit }).ledger()).reservations.length;
}

describe("a key that is bound to several tenants", () => {
  test.each(Object.entries(COMMANDS))("and names none settles nobody's decision, by %s", async (path, members) => {
    const before = await reservationCount();
    for (const decisionId of Object.values(decisions)) {
      const answer = await command(KEYS.two.key, path, { decisionId, ...members });
      expect([answer.status, answer.body]).toMatchObject([403, { error: { code: "CAL_GATEWAY_TENANT_REFUSED" } }]);
    }
    expect(await reservationCount()).toBe(before);
  });

  test("acts for the tenant it names, and without one for `default` if it is bound to that", async () => {
    const any = running.client({ key: running.keys.decide });
    const b = await any.decide({ ...ASKED, tenant: "b" });
    const settled = await command(KEYS.two.key, "/v1/settlements", {
      decisionId: b.decisionId,
      tenant: "b",
      actualMicrocents: 0,
    });
    expect(settled.body).toMatchObject({ state: "settled", tenant: "b" });
    const none = await any.decide(ASKED);
    const released = await command(KEYS.withDefault.key, "/v1/settlements/release", { decisionId: none.decisionId });
    expect(released.body).toMatchObject({ state: "released", tenant: DEFAULT_TENANT });
  });
});

describe("a decision that was made without a tenant", () => {
  test.each(NAMES)("is seen by a key bound to %s only if that includes `default`", async (name) => {
    const client = running.client({ key: KEYS[name].key });
    const includesDefault = BOUND[name].includes(DEFAULT_TENANT);
    const found = await client.decision(decisions["none"] ?? "").then(
      () => 200,
      (error: { status: number }) => error.status,
    );
    expect(found).toBe(includesDefault ? 200 : 404);
    const made = await running.client({ key: running.keys.decide }).decide(ASKED);
    const observed = await client.observe({ decisionId: made.decisionId }).then(
      () => 200,
      (error: { status: number }) => error.status,
    );
    expect(observed).toBe(includesDefault ? 200 : 404);
  });
});

test("a decision without a tenant, where `default` has no limit, is seen only by keys whose tenants include `default`", async () => {
  const moreKeys = NAMES.map((name) => ({
    name,
    scopes: ["decide" as const],
    sha256: KEYS[name].sha256,
    tenants: BOUND[name],
  }));
  const unmetered = await startService({ moreKeys });
  try {
    const { decisionId, tenant } = await unmetered.client({ key: unmetered.keys.decide }).decide(ASKED);
    expect(tenant).toBeNull();
    for (const name of NAMES) {
      const status = await unmetered
        .client({ key: KEYS[name].key })
        .decision(decisionId)
        .then(
          () => 200,
          (error: { status: number }) => error.status,
        );
      expect(status, name).toBe(BOUND[name].includes(DEFAULT_TENANT) ? 200 : 404);
    }
  } finally {
    await unmetered.end();
  }
});

/** An answer without the id that was sent. */
function withoutId({ status, body }: { readonly status: number; readonly body: unknown }, decisionId: string): string {
  return `${status} ${JSON.stringify(body).replaceAll(decisionId, "ID")}`;
}

test("a bound key cannot distinguish another tenant's decision from one that does not exist", async () => {
  const unknown = `${Number((decisions["c"] ?? "").split("-")[0])}-00000000`;
  for (const name of NAMES) {
    const { key } = KEYS[name];
    const others = Object.entries(decisions)
      .filter(([owner]) => !BOUND[name].includes(owner === "none" ? DEFAULT_TENANT : owner))
      .map(([, decisionId]) => decisionId);
    expect(others.length).toBeGreaterThan(0);
    for (const decisionId of others) {
      for (const [path, members] of [...Object.entries(COMMANDS), ["/v1/outcomes", {}] as const]) {
        const tenants = path === "/v1/outcomes" ? [undefined] : [undefined, ...BOUND[name], "c"];
        for (const tenant of tenants) {
          const body = { ...members, ...(tenant === undefined ? {} : { tenant }) };
          const theirs = await command(key, path, { decisionId, ...body });
          const nobodys = await command(key, path, { decisionId: unknown, ...body });
          expect(withoutId(theirs, decisionId), `${name} ${path} ${tenant}`).toBe(withoutId(nobodys, unknown));
        }
      }
      const [theirs, nobodys] = await Promise.all(
        [decisionId, unknown].map(async (id) => {
          const response = await fetch(`${running.url}/v1/decisions/${id}`, {
            headers: { authorization: `Bearer ${key}` },
          });
          return withoutId({ status: response.status, body: await response.json() }, id);
        }),
      );
      expect(theirs).toBe(nobodys);
    }
  }
});

test("the error for an unbound key names the tenant that a decision does not belong to", async () => {
  const answer = await command(running.keys.decide, "/v1/settlements", {
    decisionId: decisions["a"],
    tenant: "b",
    actualMicrocents: 0,
  });
  expect([answer.status, answer.body]).toMatchObject([403, { error: { code: "CAL_LEDGER_RESERVATION_FOREIGN" } }]);
});

test("whatever tenants a key is bound to, it acts for those and no others", () => {
  const tenant = fc.constantFrom<string[]>("a", "b", "c", DEFAULT_TENANT);
  fc.assert(
    fc.property(fc.option(fc.uniqueArray(tenant, { minLength: 1 })), fc.option(tenant), (bound, named) => {
      const principal: Principal = {
        name: "key",
        identity: undefined,
        scopes: new Set(["decide"]),
        tenants: bound === null ? undefined : new Set(bound),
        perSecond: 0,
      };
      const written = named ?? undefined;
      const mine = bound === null || bound.includes(named ?? DEFAULT_TENANT);
      expect(maySee(principal, written)).toBe(mine);
      const required = (): void => requireTenant(principal, written);
      if (mine) expect(required).not.toThrow();
      else expect(required).toThrow(expect.objectContaining({ code: "CAL_GATEWAY_TENANT_REFUSED" }));
      // Of one tenant it is understood; of several one has to be named, or `default` has to be among them.
      const own = named ?? (bound?.length === 1 ? bound[0] : DEFAULT_TENANT);
      const settled = (): string | undefined => tenantOfDecision(principal, written);
      if (bound === null) expect(settled()).toBe(written);
      else if (bound.includes(own ?? "")) expect(settled()).toBe(own);
      else expect(settled).toThrow(expect.objectContaining({ code: "CAL_GATEWAY_TENANT_REFUSED" }));
    }),
  );
});
