import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { serveConfigText } from "../../../cli/src/service/config-text.ts";
import type { CallList } from "../../src/config/call-config.ts";
import type { Config } from "../../src/config/config.ts";
import { flagOf, OPTIONS, type ServiceOption, variableOf } from "../../src/config/options.ts";
import { type ConfigSources, readConfig } from "../../src/config/read-config.ts";
import { createKey } from "../../src/keys/keyring.ts";

const directory = mkdtempSync(join(tmpdir(), "calybris-config-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
function file(text: string, ending: string): string {
  files += 1;
  const path = join(directory, `config-${files}${ending}`);
  writeFileSync(path, text);
  return path;
}

async function mistakesOf(
  sources: ConfigSources,
): Promise<readonly { readonly path: string; readonly remedy: string }[]> {
  try {
    await readConfig(sources);
    return [];
  } catch (error) {
    const { code, details } = error as { code: string; details: { mistakes?: []; problem?: string } };
    return details.mistakes ?? [{ path: code, remedy: details.problem ?? "" }];
  }
}

const KEY = { name: "ada", scopes: ["decide"], sha256: "ab".repeat(32) };

const ITEMS: { readonly [List in CallList]: readonly object[] } = {
  providers: [{ name: "p", api: "openai", keyEnv: "P_KEY" }],
  deployments: [{ name: "d", candidate: "large", provider: "p", prices: { input: "2.5" } }],
  models: [{ name: "claude-*", decisions: "enforce" }],
};

/** A value that an option may have, other than what it is by itself; as the file says it, and as text. */
function sample({ path, kind }: ServiceOption): { readonly value: unknown; readonly text: string } {
  if (path === "traces.endpoint") return { value: "http://collector:4318", text: "http://collector:4318" };
  if (path === "listen.host") return { value: "::1", text: "::1" };
  switch (kind.is) {
    case "text":
      return { value: "some/place", text: "some/place" };
    case "whole":
      return { value: kind.max - 1, text: String(kind.max - 1) };
    case "one of":
      return { value: kind.values.at(-1), text: kind.values.at(-1) ?? "" };
    case "texts":
      return { value: ["https://a.example", "http://b.example:81"], text: "https://a.example, http://b.example:81" };
    case "keys":
      return { value: [KEY], text: JSON.stringify([KEY]) };
    case "list":
      return { value: ITEMS[kind.of], text: JSON.stringify(ITEMS[kind.of]) };
  }
}

function at(config: Config, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((value, key) => (value as { [key: string]: unknown } | undefined)?.[key], config);
}

/** Options that stand or fall with another. */
const WITH: { readonly [path: string]: ConfigSources["flags"] } = {
  deployments: { providers: JSON.stringify(ITEMS.providers) },
  "checkpoint.signerCommand": { "checkpoint-log-key": "key" },
  "checkpoint.logKey": { "checkpoint-signer-command": "command" },
  "tls.certificateFile": { "tls-key-file": "key" },
  "tls.keyFile": { "tls-certificate-file": "certificate" },
  "limits.batchMax": { "journal-waiting-max": "1000000" },
  "limits.bodyBytesMax": { "limits-bodies-bytes-max": "100000000" },
};

describe("an option", () => {
  test.each(OPTIONS.map((option): [string, ServiceOption] => [option.path, option]))(
    "%s may be said in JSON, in YAML, in the environment and as a flag, and a later place wins",
    async (path, option) => {
      const { value, text } = sample(option);
      const nested = path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
      const flags = WITH[path] ?? {};
      const json = file(JSON.stringify(nested), ".jsonc");
      const yaml = file(JSON.stringify(nested), ".yaml");
      const places: ConfigSources[] = [
        { file: json, flags },
        { file: yaml, flags },
        { environment: { [variableOf(option)]: text }, flags },
        { flags: { ...flags, [flagOf(option)]: text } },
      ];
      for (const sources of places) expect(at(await readConfig(sources), path)).toEqual(value);
      if (option.default === undefined) return;
      const written = Array.isArray(option.default) ? "" : String(option.default);
      const back = option.kind.is === "keys" || option.kind.is === "list" ? "[]" : written;
      expect(at(await readConfig({ file: json, flags, environment: { [variableOf(option)]: back } }), path)).toEqual(
        option.default,
      );
      expect(
        at(
          await readConfig({
            environment: { [variableOf(option)]: back },
            flags: { ...flags, [flagOf(option)]: text },
          }),
          path,
        ),
      ).toEqual(value);
    },
  );

  test("has a flag and a variable of its own", () => {
    expect(new Set(OPTIONS.map(flagOf)).size).toBe(OPTIONS.length);
    expect(new Set(OPTIONS.map(variableOf)).size).toBe(OPTIONS.length);
  });

  test.each(
    OPTIONS.filter(({ kind }) => kind.is === "whole").map((option): [string, ServiceOption] => [option.path, option]),
  )("%s is refused out of its range, and as anything but a whole number", async (path, option) => {
    if (option.kind.is !== "whole") return;
    const { min, max } = option.kind;
    for (const wrong of [String(max + 1), String(min - 1), "1.5", "1e3", "", " 7", "NaN", "0x10", "١"]) {
      const [mistake] = await mistakesOf({ flags: { [flagOf(option)]: wrong } });
      expect(mistake?.path, wrong).toBe(`--${flagOf(option)}`);
    }
    const nested = path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), "7");
    expect((await mistakesOf({ file: file(JSON.stringify(nested), ".json") })).map((mistake) => mistake.path)).toEqual([
      path,
    ]);
  });
});

describe("what is not known", () => {
  test("is refused in the file, with the key that was meant and its line", async () => {
    const path = file('{\n  "listen": { "prot": 1 },\n  "limitz": {}\n}', ".jsonc");
    const mistakes = await mistakesOf({ file: path });
    expect(mistakes).toHaveLength(2);
    expect(mistakes).toContainEqual(
      expect.objectContaining({ path: "limitz", line: 3, remedy: 'Did you mean "limits"?' }),
    );
    expect(mistakes).toContainEqual(
      expect.objectContaining({ path: "listen.prot", line: 2, remedy: 'Did you mean "port"?' }),
    );
  });

  test("is refused in the environment when it is nearly an option, and left alone when it is not", async () => {
    expect(await mistakesOf({ environment: { CALYBRIS_LISTEN_PRT: "1" } })).toEqual([
      expect.objectContaining({ path: "CALYBRIS_LISTEN_PRT", remedy: "Did you mean CALYBRIS_LISTEN_PORT?" }),
    ]);
    // A cluster gives every program the address where a service called calybris is.
    expect(await mistakesOf({ environment: { CALYBRIS_PORT_8787_TCP_ADDR: "10.0.0.1", CALYBRIS_DATA: "x" } })).toEqual(
      [],
    );
  });
});

describe("YAML", () => {
  test.each([
    ["a key twice", "listen:\n  port: 1\n  port: 2\n"],
    ["an alias", "listen: &a\n  port: 1\nlimits: *a\n"],
    ["a tag", "listen: !!map\n  port: 1\n"],
    ["a custom tag", "listen: !js/function 'x'\n"],
    ["broken indentation", "listen:\n  port: 1\n host: x\n"],
    ["two documents", "listen:\n  port: 1\n---\nlisten:\n  port: 2\n"],
    ["a merge", "listen:\n  <<: {port: 1}\n"],
  ])("with %s is refused", async (_what, text) => {
    expect((await mistakesOf({ file: file(text, ".yaml") })).length).toBeGreaterThan(0);
  });

  test("yes, no and 0o17 are what they look like, not what an older YAML made of them", async () => {
    expect((await readConfig({ file: file("listen:\n  port: 0o17\n", ".yml") })).listen.port).toBe(15);
    expect((await readConfig({ file: file("journal:\n  directory: no\n", ".yml") })).journal.directory).toBe("no");
  });

  test("that is empty says nothing", async () => {
    expect(await readConfig({ file: file("# nothing\n", ".yaml") })).toEqual(await readConfig({}));
  });
});

describe("what contradicts itself", () => {
  test.each(["0.0.0.0", "::", "192.168.1.7", "example.org"])("listening on %s takes a key", async (host) => {
    expect((await mistakesOf({ flags: { host } })).map(({ path }) => path)).toEqual(["listen.host"]);
    expect(await mistakesOf({ flags: { host, keys: JSON.stringify([KEY]) } })).toEqual([]);
  });

  test.each(["127.0.0.1", "127.3.2.1", "::1", "localhost"])("listening on %s takes none", async (host) => {
    expect(await mistakesOf({ flags: { host } })).toEqual([]);
  });

  test.each([
    ["half of a signing command", { "checkpoint-log-key": "k" }, "checkpoint"],
    [
      "two signers",
      { "checkpoint-signer-file": "f", "checkpoint-signer-command": "c", "checkpoint-log-key": "k" },
      "checkpoint",
    ],
    ["half of TLS", { "tls-key-file": "k" }, "tls"],
    ["the same key twice", { keys: JSON.stringify([KEY, { ...KEY, name: "bob" }]) }, "keys[1].sha256"],
    ["the same name twice", { keys: JSON.stringify([KEY, { ...KEY, sha256: "cd".repeat(32) }]) }, "keys[1].name"],
    ...[["audit"], ["operate"], ["decide", "audit"], ["operate", "decide"], ["decide", "operate", "audit"]].map(
      (scopes): [string, { readonly keys: string }, string] => [
        `a bound key with the scopes ${scopes}`,
        { keys: JSON.stringify([{ ...KEY, scopes, tenants: ["acme"] }]) },
        "keys[0].tenants",
      ],
    ),
    ["a key without scopes", { keys: JSON.stringify([{ name: "ada", sha256: KEY.sha256 }]) }, "--keys[0].scopes"],
    ["a key with planes", { keys: JSON.stringify([{ ...KEY, planes: ["decide"] }]) }, "--keys[0].planes"],
    ["a body longer than all bodies together", { "limits-bodies-bytes-max": "2048" }, "limits.bodyBytesMax"],
    ["an origin with a path", { "cors-origins": "https://a.example/x" }, "cors.origins[0]"],
    ["an origin that is everybody", { "cors-origins": "*" }, "cors.origins[0]"],
    ["a collector that is a file", { "traces-endpoint": "file:///etc/passwd" }, "traces.endpoint"],
    ["a batch that the journal cannot hold", { "limits-batch-max": "10000" }, "limits.batchMax"],
  ])("%s is refused", async (_what, flags, path) => {
    expect((await mistakesOf({ flags })).map((mistake) => mistake.path)).toEqual([path]);
  });
});

test("a key is not shown, wherever it was written in place of its digest", async () => {
  const { key } = createKey();
  const places: readonly unknown[] = [
    key,
    [key],
    { [key]: 1 },
    [{ ...KEY, sha256: key }],
    [{ ...KEY, sha256: key.slice(4) }],
    [{ ...KEY, scopes: [key] }],
    [{ ...KEY, [key]: 1 }],
    [{ ...KEY, perSecond: key }],
    [{ ...KEY, tenants: [key, 1] }],
  ];
  for (const keys of places) {
    const text = typeof keys === "string" ? keys : JSON.stringify(keys);
    const sources: readonly ConfigSources[] = [
      { flags: { keys: text } },
      { environment: { CALYBRIS_KEYS: text } },
      { file: file(JSON.stringify({ keys }), ".json") },
      { environment: { [`CALYBRIS_KEY${key}`]: "1" }, flags: { keys: text } },
    ];
    for (const source of sources) {
      const error = (await readConfig(source).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )) as { readonly message: string; readonly details: object };
      expect(`${error.message} ${JSON.stringify(error.details)}`).not.toContain(key.slice(4, 16));
    }
  }
});

test("the file that `calybris init --config` writes says what would be so without it", async () => {
  expect(await readConfig({ file: file(serveConfigText(), ".jsonc") })).toEqual(await readConfig({}));
  const text = serveConfigText({ policy: "calybris.policy.jsonc" });
  expect((await readConfig({ file: file(text, ".jsonc") })).policy.file).toBe("calybris.policy.jsonc");
  for (const option of OPTIONS) expect(text).toContain(variableOf(option));
});
