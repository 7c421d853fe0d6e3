import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../src/config/read-config.ts";
import { bearerKey, createKey, Keyring } from "../../src/keys/keyring.ts";
import { SCOPES, type Scope } from "../../src/keys/scope.ts";
import { speak } from "../support/raw-socket.ts";
import { codeOf, post, type Running, startService } from "../support/running-service.ts";

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
