import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { readConfig } from "../src/config/read-config.ts";
import { Rates } from "../src/http/rates.ts";
import { bearerKey, createKey, Keyring, type Scope, SCOPES, type Principal } from "../src/keys/keyring.ts";
import { codeOf, post, type Running, startService } from "./running-service.ts";
import { speak } from "./raw-socket.ts";

const BODY = JSON.stringify({ requested: "large", inputTokens: 1_000, outputTokens: 100 });

async function withService(
  options: Parameters<typeof startService>[0],
  body: (own: Running) => Promise<void>,
): Promise<void> {
  const own = await startService(options);
  try {
    await body(own);
  } finally {
    await own.end();
  }
}

async function get(
  own: Running,
  path: string,
  headers: { readonly [name: string]: string } = {},
): Promise<readonly [number, string, Headers]> {
  const response = await fetch(`${own.url}${path}`, { headers });
  const text = await response.text();
  return [response.status, text.startsWith("{") ? codeOf(JSON.parse(text)) : "none", response.headers];
}

describe("a key", () => {
  test("is found by its digest alone; nothing near it is", () => {
    const made = createKey();
    const keyring = new Keyring([{ name: "ada", scopes: ["decide"], sha256: made.sha256 }], 0);
    expect(keyring.principalOf(made.key)?.name).toBe("ada");
    expect(JSON.stringify(keyring)).not.toContain(made.key);
    fc.assert(
      fc.property(fc.nat(made.key.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, unit) => {
        const near = made.key.slice(0, at) + unit + made.key.slice(at + 1);
        expect(keyring.principalOf(near)?.name).toBe(near === made.key ? "ada" : undefined);
      }),
    );
    for (const other of [
      "",
      made.key.slice(1),
      `${made.key}a`,
      made.key.toUpperCase(),
      made.sha256,
      "x".repeat(100_000),
    ])
      expect(keyring.principalOf(other)).toBeUndefined();
  });

  test("that somebody thought of is refused, even if its digest is configured", async () => {
    const { hash } = await import("node:crypto");
    const keyring = new Keyring([{ name: "weak", scopes: ["operate"], sha256: hash("sha256", "hunter2", "hex") }], 0);
    expect(keyring.principalOf("hunter2")).toBeUndefined();
  });

  test.each([
    [undefined, undefined],
    ["", undefined],
    ["Bearer", undefined],
    ["Basic YTpi", undefined],
    ["Bearer abc", "abc"],
    ["bearer  abc ", "abc"],
  ])("in the header %j is %j", (header, key) => {
    expect(bearerKey(header)).toBe(key);
  });

  test("of each scope opens what is of that scope and nothing else", async () => {
    await withService({}, async (own) => {
      const api = (await (await fetch(`${own.url}/openapi.json`)).json()) as {
        paths: {
          [path: string]: { [method: string]: { security: unknown[]; responses: { 200: { description: string } } } };
        };
      };
      let tried = 0;
      for (const [path, methods] of Object.entries(api.paths)) {
        for (const [method, { security, responses }] of Object.entries(methods)) {
          const target = `${own.url}${path.replace("{id}", "2-00000000")}`;
          const ask = (key: string | undefined): Promise<Response> =>
            fetch(target, {
              method: method.toUpperCase(),
              headers: {
                "content-type": "application/json",
                ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
              },
              ...(method === "post" ? { body: "{}" } : {}),
            });
          const without = await ask(undefined);
          if (security.length === 0) expect(without.status).toBe(200);
          else {
            expect([without.status, codeOf(await without.json())]).toEqual([401, "CAL_GATEWAY_KEY_REQUIRED"]);
            expect(without.headers.get("www-authenticate")).toContain("Bearer");
            expect([(await ask(createKey().key)).status]).toEqual([401]);
            const allowed = /scope (.*)\.$/.exec(responses[200].description)?.[1]?.split(" or ") ?? [];
            for (const scope of SCOPES) {
              const answer = await ask(own.keys[scope]);
              const isRefused = answer.status === 403 && codeOf(await answer.json()) === "CAL_GATEWAY_SCOPE_REFUSED";
              expect(isRefused, `${scope} ${method} ${path}`).toBe(!allowed.includes(scope));
              if (!isRefused) await answer.body?.cancel().catch(() => undefined);
            }
          }
          tried += 1;
        }
      }
      expect(tried).toBeGreaterThan(18);
      expect(own.logged()).not.toContain("fatal");
    });
  });

  test("that is bound to tenants acts for those alone", async () => {
    const bound = createKey();
    const moreKeys = [{ name: "bound", scopes: ["decide" as Scope], sha256: bound.sha256, tenants: ["acme"] }];
    await withService({ moreKeys }, async (own) => {
      const operate = own.client({ key: own.keys.operate });
      const grant = { amountMicrocents: 1_000_000_000 };
      await operate.setBudget("acme", { by: "ada", limit: {}, grant: { id: "a", ...grant } });
      await operate.setBudget("other", { by: "ada", limit: {}, grant: { id: "o", ...grant } });
      await operate.setBudget("default", { by: "ada", limit: {}, grant: { id: "d", ...grant } });
      const client = own.client({ key: bound.key });
      const any = own.client({ key: own.keys.decide });
      const asked = { requested: "large", inputTokens: 10 };
      const mine = await client.decide({ ...asked, tenant: "acme" });
      const theirs = await any.decide({ ...asked, tenant: "other" });
      const refused = { status: 403, code: "CAL_GATEWAY_TENANT_REFUSED" };
      await expect(client.decide({ ...asked, tenant: "other" })).rejects.toMatchObject(refused);
      await expect(client.decide(asked)).rejects.toMatchObject(refused);
      expect(await client.decideBatch([{ ...asked, tenant: "other" }])).toMatchObject({
        results: [{ error: { code: refused.code } }],
      });
      await expect(client.settle({ decisionId: theirs.decisionId, actualMicrocents: 0 })).rejects.toMatchObject({
        status: 404,
      });
      await expect(client.release({ decisionId: theirs.decisionId, tenant: "other" })).rejects.toMatchObject(refused);
      await expect(client.decision(theirs.decisionId)).rejects.toMatchObject({ status: 404 });
      await expect(client.observe({ decisionId: theirs.decisionId })).rejects.toMatchObject({
        code: "CAL_OUTCOME_UNBOUND",
      });
      await expect(client.budget("other")).rejects.toMatchObject(refused);
      expect(await client.budget("acme")).toMatchObject({ tenant: "acme" });
      expect(await client.decision(mine.decisionId)).toMatchObject({ tenant: "acme" });
      expect(await client.settle({ decisionId: mine.decisionId, actualMicrocents: 0 })).toMatchObject({
        state: "settled",
      });
    });
  });
});

describe("a rate", () => {
  const principal = (perSecond: number): Principal => ({
    name: "ada",
    scopes: new Set(SCOPES),
    tenants: undefined,
    perSecond,
  });

  test("allows so many a second over any stretch of time, and one second's worth at once", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.record({ waitMs: fc.nat(400), requests: fc.integer({ min: 1, max: 5 }) }), { maxLength: 200 }),
        (perSecond, steps) => {
          let nowMs = 0;
          const rates = new Rates(() => nowMs);
          const key = principal(perSecond);
          let taken = 0;
          for (const { waitMs, requests } of steps) {
            nowMs += waitMs;
            try {
              rates.take(key);
              rates.charge(key, requests - 1);
              taken += requests;
            } catch (error) {
              expect(error).toMatchObject({ code: "CAL_GATEWAY_RATE_LIMITED", status: 429 });
            }
            // A batch may overdraw by what it holds.
            expect(taken).toBeLessThanOrEqual(perSecond + (nowMs / 1_000) * perSecond + 5);
          }
        },
      ),
    );
  });

  test("says when to come again, and means it", () => {
    let nowMs = 0;
    const rates = new Rates(() => nowMs);
    const key = principal(2);
    rates.take(key);
    rates.take(key);
    rates.charge(key, 4);
    let seconds = 0;
    try {
      rates.take(key);
    } catch (error) {
      seconds = (error as { details: { retryAfterSeconds: number } }).details.retryAfterSeconds;
    }
    expect(seconds).toBe(3);
    nowMs += seconds * 1_000;
    expect(() => rates.take(key)).not.toThrow();
  });

  test("is each key's own, over HTTP", async () => {
    const slow = createKey();
    const moreKeys = [{ name: "slow", scopes: ["decide" as Scope], sha256: slow.sha256, perSecond: 3 }];
    await withService({ moreKeys }, async (own) => {
      const statuses = async (key: string): Promise<readonly (readonly [number, string | null])[]> => {
        const answers = await Promise.all(
          Array.from({ length: 10 }, () => post(own, "/v1/decisions", BODY, { authorization: `Bearer ${key}` })),
        );
        return answers.map(({ status, headers }) => [status, headers.get("retry-after")]);
      };
      const limited = await statuses(slow.key);
      expect(limited.filter(([status]) => status === 200).length).toBeLessThanOrEqual(4);
      expect(limited.filter(([status, after]) => status === 429 && after === "1").length).toBeGreaterThanOrEqual(6);
      expect((await statuses(own.keys.decide)).every(([status]) => status === 200)).toBe(true);
    });
  });
});

describe("the cost of a request, in requests of its key's rate", () => {
  const key = createKey();
  const moreKeys = [{ name: "slow", scopes: ["decide" as Scope], sha256: key.sha256, perSecond: 10 }];
  const headers = { authorization: `Bearer ${key.key}` };

  /** How many requests the key owes, as the next refusal tells. */
  async function owed(own: Running): Promise<number> {
    const answer = await post(own, "/v1/decisions", BODY, headers);
    return answer.status === 429 ? 10 * Number(answer.headers.get("retry-after")) : 0;
  }

  test.each([[1], [10], [200], [1_000]])("a batch of %i costs as many", async (count) => {
    await withService({ moreKeys }, async (own) => {
      const batch = JSON.stringify({ requests: Array.from({ length: count }, () => ({ inputTokens: 1 })) });
      expect((await post(own, "/v1/decisions:batch", batch, headers)).status).toBe(200);
      const debt = await owed(own);
      // The bucket held 10, and refills by 10 a second while this test runs.
      expect(debt).toBeLessThanOrEqual(count);
      if (count > 100) expect(debt).toBeGreaterThanOrEqual(count - 50);
      else expect(debt).toBeLessThanOrEqual(10);
    });
  });

  test("a batch that is refused as a whole costs one", async () => {
    await withService({ moreKeys }, async (own) => {
      expect((await post(own, "/v1/decisions:batch", '{"requests":[]}', headers)).status).toBe(400);
      expect(await owed(own)).toBe(0);
    });
  });

  test("a long body costs one for each 32 KiB, also when it is refused", async () => {
    await withService({ moreKeys }, async (own) => {
      expect((await post(own, "/v1/decisions", BODY.padEnd(2_000_000), headers)).status).toBe(200);
      expect(await owed(own)).toBeGreaterThanOrEqual(20);
    });
    await withService({ moreKeys }, async (own) => {
      expect((await post(own, "/v1/policies/check", `{"policy":${" ".repeat(2_000_000)}`, headers)).status).toBe(400);
      expect(await owed(own)).toBeGreaterThanOrEqual(20);
    });
  });
});

describe("pages of other origins", () => {
  test("may not call a service that names none of them", async () => {
    await withService({}, async (own) => {
      const [, , headers] = await get(own, "/health", { origin: "https://console.example" });
      expect(headers.get("access-control-allow-origin")).toBeNull();
      const preflight = await fetch(`${own.url}/v1/decisions`, {
        method: "OPTIONS",
        headers: { origin: "https://console.example", "access-control-request-method": "POST" },
      });
      expect(preflight.status).toBe(405);
    });
  });

  test("may when they are named, and only then", async () => {
    await withService({ flags: { "cors-origins": "https://console.example" } }, async (own) => {
      const ask = (origin: string): Promise<Response> =>
        fetch(`${own.url}/v1/decisions`, {
          method: "OPTIONS",
          headers: { origin, "access-control-request-method": "POST" },
        });
      const allowed = await ask("https://console.example");
      expect(allowed.status).toBe(200);
      expect(allowed.headers.get("access-control-allow-origin")).toBe("https://console.example");
      expect(allowed.headers.get("access-control-allow-headers")).toContain("authorization");
      for (const origin of ["https://console.example.evil.example", "http://console.example", "null"])
        expect((await ask(origin)).headers.get("access-control-allow-origin")).toBeNull();
      const answer = await post(own, "/v1/decisions", BODY, { origin: "https://console.example" });
      expect(answer.headers.get("access-control-allow-origin")).toBe("https://console.example");
      expect(answer.headers.get("vary")).toBe("origin");
    });
  });
});

describe("a service without keys", () => {
  test("answers to this machine by its own names alone", async () => {
    await withService({ keyed: false }, async (own) => {
      const ask = (host: string): Promise<{ status: number }> =>
        speak(own.url, [`GET /v1/journal/head HTTP/1.1\r\nhost: ${host}\r\n\r\n`], { quietMs: 50 });
      for (const host of ["localhost", "127.0.0.1:8787", "[::1]:8787", "LOCALHOST:1"])
        expect((await ask(host)).status).toBe(200);
      for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "[::1", "10.0.0.1"])
        expect((await ask(host)).status).toBe(403);
    });
  });

  test("does not listen where others reach it, by whatever name", async () => {
    for (const host of ["0.0.0.0", "::", "10.1.2.3"])
      await expect(readConfig({ flags: { host } })).rejects.toMatchObject({ code: "CAL_CONFIG_INVALID" });
  });
});

test("TLS is spoken when it is configured, and nothing else then", async () => {
  const directory = mkdtempSync(join(tmpdir(), "calybris-tls-"));
  try {
    const [keyFile, certificateFile] = [join(directory, "key.pem"), join(directory, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    const args = [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-keyout",
      keyFile,
      "-out",
      certificateFile,
    ];
    execFileSync("openssl", [...args, ...subject], { stdio: "pipe" });
    await withService({ flags: { "tls-key-file": keyFile, "tls-certificate-file": certificateFile } }, async (own) => {
      expect(own.url).toMatch(/^https:/);
      const answer = await promisify(execFile)("curl", ["-s", "--cacert", certificateFile, `${own.url}/health`]);
      expect(answer.stdout).toBe('{"status":"alive"}');
      const posted = ["-H", "content-type: application/json", "-H", `authorization: Bearer ${own.keys.decide}`];
      // On one connection: by the fast path, through Fastify, and by the fast path again.
      const decide = [
        "-d",
        BODY,
        `${own.url}/v1/decisions`,
        "-w",
        "%{http_code} %{num_connects}\\n",
        "-o",
        "/dev/null",
      ];
      const several = [
        "-s",
        "--cacert",
        certificateFile,
        ...posted,
        ...decide,
        "--next",
        "-s",
        "--cacert",
        certificateFile,
      ];
      const more = ["-w", "%{http_code} %{num_connects}\\n", "-o", "/dev/null", `${own.url}/health`, "--next", "-s"];
      const again = ["--cacert", certificateFile, ...posted, ...decide];
      expect((await promisify(execFile)("curl", [...several, ...more, ...again])).stdout).toBe("200 1\n200 0\n200 0\n");
      const plain = await speak(own.url, ["GET /health HTTP/1.1\r\nhost: x\r\n\r\n"]);
      expect(plain.status).not.toBe(200);
    });
    writeFileSync(certificateFile, "no certificate");
    await expect(
      startService({ flags: { "tls-key-file": keyFile, "tls-certificate-file": certificateFile } }),
    ).rejects.toMatchObject({ code: "CAL_CONFIG_INVALID" });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test("no secret and nothing of a body is in any line of the log, at its most talkative", async () => {
  await withService({}, async (own) => {
    const secret = createKey().key;
    await post(own, "/v1/decisions", BODY);
    await post(own, "/v1/decisions", '{"inputTokens":"s3cret-in-a-body"}');
    await post(own, "/v1/decisions", BODY, { authorization: `Bearer ${secret}` });
    await post(own, "/v1/decisions", BODY, { authorization: `Bearer ${own.keys.audit}` });
    await get(own, "/v1/decisions?key=s3cret-in-a-query", { cookie: "s3cret-in-a-cookie" });
    await speak(own.url, [`GET / HTTP/1.1\r\nauthorization: Bearer ${secret}\r\nbroken\r\n\r\n`]);
    const logged = own.logged();
    expect(logged).toContain("CAL_GATEWAY_KEY_REFUSED");
    for (const hidden of [
      secret,
      ...Object.values(own.keys),
      "s3cret-in-a-query",
      "s3cret-in-a-cookie",
      "s3cret-in-a-body",
    ])
      expect(logged).not.toContain(hidden);
    for (const line of logged.trimEnd().split("\n")) expect(JSON.parse(line)).toHaveProperty("level");
  });
});
