/**
 * Signed changes by commands: on a journal with the signers of a file, and on a service with `rollout.signersFile`.
 */
import { chmodSync } from "node:fs";
import { Engine, loadPolicy } from "@calybris/engine";
import { createLog, readConfig, Service } from "@calybris/gateway";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { reportText } from "../../src/service/serve.ts";
import { calybris, type Ended } from "../support/captured-terminal.ts";
import { POLICY, Sandbox } from "../support/sample-files.ts";

const files = new Sandbox();
const { default: useCase } = POLICY["useCases"] as { readonly default: object };
const first = files.write("first.json", JSON.stringify(POLICY));
const second = files.write("second.json", JSON.stringify({ ...POLICY, name: "second", epoch: 2 }));
/** Candidates, prices and limits of the second: their digest, which a signature covers, is the same. */
const alike = files.write(
  "alike.json",
  JSON.stringify({
    ...POLICY,
    name: "second",
    epoch: 2,
    useCases: { default: { ...useCase, qualityMinBps: 9_000 } },
  }),
);
const [ana, eve] = [files.at("ana.key"), files.at("eve.key")];
let anaKey: string;

const policy = (...words: readonly string[]): Promise<Ended> => calybris("policy", ...words);
const done = async (...words: readonly string[]): Promise<string> => {
  const { exit, out, complaints } = await policy(...words);
  expect(complaints).not.toContain("CAL_");
  expect(exit).toBe(0);
  return out;
};
const refusal = async (...words: readonly string[]): Promise<string> => {
  const { exit, complaints } = await policy(...words);
  expect(exit).toBe(2);
  return /CAL_[A-Z_]+/.exec(complaints)?.[0] ?? complaints;
};
let signatures = 0;
/** Signs, and keeps what was printed in a file. */
const signed = async (...words: readonly string[]): Promise<string> =>
  files.write(`signature-${++signatures}.json`, await done("sign", ...words));
const trust = (name: string, dates: object = {}): string =>
  files.write(name, JSON.stringify({ signers: [{ key: anaKey, ...dates }] }));

beforeAll(async () => {
  const keyOf = (name: string, out: string): Promise<Ended> =>
    calybris("checkpoint", "keygen", "--name", name, "--out", out);
  anaKey = (await keyOf("ana@example.org", ana)).out;
  await keyOf("eve@example.org", eve);
});

describe("on a journal whose changes need a signature", () => {
  async function journalWith(name: string, dates: object = {}): Promise<readonly string[]> {
    const journal = files.at(name);
    await (await Engine.open({ directory: journal, policy: await loadPolicy(first) })).close();
    return ["--journal", journal, "--signers-file", trust(`${name}.trust.json`, dates)];
  }
  const place = (on: readonly string[]): readonly string[] => on.slice(0, 2);

  test("a signed change is made, an unsigned one is not; the audit with the key finds each allowed", async () => {
    const on = await journalWith("signed");
    expect(await refusal("stage", second, ...on)).toBe("CAL_ROLLOUT_SIGNATURE_MISSING");
    expect(await refusal("set", second, ...on)).toBe("CAL_ROLLOUT_SIGNATURE_MISSING");
    const staging = await signed("stage", second, ...place(on), "--key", ana);
    expect(await refusal("stage", second, "--signature", staging, ...place(on))).toBe("CAL_ROLLOUT_SIGNERS_NONE");
    await done("stage", second, "--signature", staging, ...on);
    expect(await refusal("rollback", "1", ...on)).toBe("CAL_ROLLOUT_SIGNATURE_MISSING");
    // A promotion needs its gate with a signature, too.
    expect(await refusal("promote", "2", "--key", ana, ...on)).toBe("CAL_ROLLOUT_GATES");
    await done("rollback", "1", "--key", ana, ...on);
    await done("set", second, "--key", ana, ...on);
    const { out, exit } = await calybris("verify", files.at("signed"), "--json", "--trust", on[3] ?? "");
    expect(exit).toBe(0);
    expect((JSON.parse(out) as { readonly notEstablished: readonly string[] }).notEstablished.join()).not.toContain(
      "allowed",
    );
  });

  test("a signature by another key, of another change, made before the last change, or by an expired key is refused", async () => {
    const on = await journalWith("refused");
    const at = place(on);
    const stage = ["stage", second, ...on, "--signature"];
    expect(await refusal(...stage, await signed("stage", second, ...at, "--key", eve))).toBe(
      "CAL_ROLLOUT_SIGNER_UNKNOWN",
    );
    const invalid = "CAL_ROLLOUT_SIGNATURE_INVALID";
    expect(await refusal(...stage, await signed("set", second, ...at, "--key", ana))).toBe(invalid);
    expect(await refusal(...stage, await signed("stage", first, ...at, "--key", ana))).toBe(invalid);
    expect(await refusal(...stage, await signed("rollback", "1", ...at, "--key", ana))).toBe(invalid);
    const stale = await signed("rollback", "1", ...at, "--key", ana);
    await done("stage", second, "--key", ana, ...on);
    expect(await refusal("rollback", "1", "--signature", stale, ...on)).toBe("CAL_ROLLOUT_SIGNATURE_STALE");
    const share = await signed("canary", "2", "5%", ...at, "--key", ana);
    expect(await refusal("canary", "2", "10%", "--signature", share, ...on)).toBe("CAL_ROLLOUT_GATES");
    const expired = await journalWith("expired", { validUntil: "2020-01-01T00:00:00Z" });
    expect(await refusal("stage", second, "--key", ana, ...expired)).toBe(invalid);
  });

  test("a signer sees on standard error what is allowed, and may name the policy that is meant", async () => {
    const on = await journalWith("meant");
    const at = place(on);
    const { out, complaints } = await policy("sign", "stage", second, ...at, "--key", ana);
    expect(Object.keys(JSON.parse(out) as object).sort()).toEqual(["follows", "signedAtMs", "signer", "value"]);
    const { digest } = JSON.parse((await policy("check", second, "--json")).out) as { readonly digest: string };
    expect(complaints).toContain(
      `ana@example.org allows that policy 2 "second" (digest ${digest}) is staged, after entry 1`,
    );
    await done("stage", second, "--key", ana, ...on);
    await done("sign", "promote", "2", "--policy", second, ...at, "--key", ana);
    expect(await refusal("sign", "promote", "2", "--policy", alike, ...at, "--key", ana)).toBe("CAL_POLICY_DIFFERENT");
    expect(await refusal("sign", "promote", "3", ...at, "--key", ana)).toBe("CAL_POLICY_UNKNOWN");
  });

  test("what is no signature, no key and no list of signers is refused, naming the file", async () => {
    const on = await journalWith("malformed");
    const valid = JSON.parse(
      files.text((await signed("stage", second, ...place(on), "--key", ana)).slice(files.path.length + 1)),
    ) as object;
    for (const [name, change] of Object.entries({
      more: { ...valid, policyId: 2 },
      less: { ...valid, follows: undefined },
      float: { ...valid, signedAtMs: 1.5 },
      value: { ...valid, value: "AB".repeat(64) },
      list: [valid],
    })) {
      const file = files.write(`no-signature-${name}.json`, JSON.stringify(change));
      const { exit, complaints } = await policy("stage", second, "--signature", file, ...on);
      expect([exit, complaints.includes("CAL_INPUT_MALFORMED"), complaints.includes(file)]).toEqual([2, true, true]);
    }
    const [noKey, empty] = [files.write("no.key", "none"), files.write("empty.json", '{"signers":[]}')];
    chmodSync(noKey, 0o600);
    expect(await refusal("stage", second, "--key", noKey, ...on)).toBe("CAL_PROOF_MALFORMED");
    expect(await refusal("stage", second, ...place(on), "--signers-file", empty)).toBe("CAL_INPUT_MALFORMED");
    expect((await policy("sign", "stage", second, ...place(on))).exit).toBe(2);
  });
});

describe("on a service with `rollout.signersFile`", () => {
  let running: Service | undefined;
  afterEach(async () => {
    await running?.stop();
    running = undefined;
  });

  async function serve(name: string, more: object = {}): Promise<Service> {
    const config = files.write(
      `${name}.config.json`,
      JSON.stringify({
        listen: { port: 0 },
        journal: { directory: files.at(name) },
        policy: { file: first },
        log: { level: "silent" },
        ...more,
      }),
    );
    const read = () => readConfig({ file: config });
    running = await Service.start({ config: await read(), log: createLog("silent"), readConfig: read });
    return running;
  }

  test("each change needs a signature; a signer that is revoked by a reload allows nothing more", async () => {
    const signersFile = trust("service.trust.json");
    const { report } = await serve("service", { rollout: { signersFile } });
    const on = ["--url", report.url];
    expect(await refusal("stage", second, ...on)).toBe("CAL_ROLLOUT_SIGNATURE_MISSING");
    const signature = await signed("stage", second, ...on, "--key", ana);
    expect(await refusal("stage", first, ...on, "--signature", signature)).toBe("CAL_ROLLOUT_SIGNATURE_INVALID");
    await done("stage", second, ...on, "--signature", signature);
    const sends = async (path: string, body: object): Promise<readonly [number, string]> => {
      const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
      const response = await fetch(`${report.url}${path}`, init);
      return [response.status, ((await response.json()) as { readonly error: { readonly code: string } }).error.code];
    };
    const refused = [400, "CAL_GATEWAY_REQUEST_INVALID"];
    for (const wrong of [
      null,
      "signed",
      {},
      { signer: "ana" },
      { signer: "ana", signedAtMs: -1, follows: 0, value: "00" },
    ]) {
      expect(await sends("/v1/rollout/back", { policyId: 1, signature: wrong })).toEqual(refused);
      expect(await sends("/v1/rollout/stage", { policy: POLICY, signature: wrong })).toEqual(refused);
    }
    expect(await sends("/v1/rollout/back", { policyId: 1 })).toEqual([403, "CAL_ROLLOUT_SIGNATURE_MISSING"]);
    const earlier = await signed("rollback", "1", ...on, "--key", ana);
    trust("service.trust.json", { validUntil: "2020-01-01T00:00:00Z" });
    await running?.reload();
    expect(await refusal("rollback", "1", ...on, "--signature", earlier)).toBe("CAL_ROLLOUT_SIGNATURE_INVALID");
    trust("service.trust.json");
    await running?.reload();
    await done("rollback", "1", ...on, "--signature", earlier);
    await done("set", second, ...on, "--key", ana);
    expect(JSON.parse(await done("status", "--json", ...on))).toMatchObject({
      activePolicyId: 3,
      nextChange: { nextPolicyId: 4 },
    });
  });

  test("a reload may require signatures and never ends that; a broken list changes nothing", async () => {
    await serve("turned-on");
    const on = ["--url", running?.report.url ?? ""];
    await done("stage", second, ...on);
    const signersFile = files.write("broken.trust.json", '{"signers":[]}');
    const rewrite = (rollout: object): string =>
      files.write(
        "turned-on.config.json",
        JSON.stringify({
          listen: { port: 0 },
          journal: { directory: files.at("turned-on") },
          policy: { file: first },
          log: { level: "silent" },
          rollout,
        }),
      );
    rewrite({ signersFile });
    await expect(running?.reload()).rejects.toMatchObject({ code: "CAL_INPUT_MALFORMED" });
    await done("rollback", "1", ...on);
    trust("broken.trust.json");
    expect((await running?.reload())?.restartNeeded).toEqual([]);
    expect(await refusal("stage", second, ...on)).toBe("CAL_ROLLOUT_SIGNATURE_MISSING");
    rewrite({});
    await running?.reload();
    expect(await refusal("stage", second, ...on)).toBe("CAL_ROLLOUT_SIGNATURE_MISSING");
    await done("stage", second, ...on, "--key", ana);
  });

  test("a policy file that has changed is no way round: the service starts without it, and refuses to reload it", async () => {
    const rollout = { signersFile: trust("file.trust.json") };
    await serve("file", { rollout });
    await running?.stop();
    const { report, engine } = await serve("file", { rollout, policy: { file: second } });
    expect(report).toMatchObject({ policyActivated: false, policyOutlivesFile: false, policy: { id: 1 } });
    const { sequence } = engine.reading.head;
    await expect(running?.reload()).rejects.toMatchObject({ code: "CAL_ROLLOUT_SIGNATURE_MISSING" });
    expect(engine.reading.head.sequence).toBe(sequence);
    const config = await readConfig({ file: files.at("file.config.json") });
    expect(reportText(report, config)).toContain(
      `NOT ACTIVATED: ${second} has changed and needs a signature: calybris policy set ${second} --key KEY_FILE --url ${report.url}\n`,
    );
  });

  test("the command that a start names signs and activates the file; from then on nothing is left to sign", async () => {
    const rollout = { signersFile: trust("awaited.trust.json") };
    await serve("awaited", { rollout });
    await running?.stop();
    const { report } = await serve("awaited", { rollout, policy: { file: second } });
    const [, ...words] = (report.policyAwaits ?? "")
      .replace("KEY_FILE", ana)
      .replace("calybris policy ", "")
      .split(" ");
    await done("set", ...words);
    await running?.reload();
    await running?.stop();
    const restarted = await serve("awaited", { rollout, policy: { file: second } });
    expect(restarted.report).toMatchObject({ policyOutlivesFile: false, policyAwaits: undefined, policy: { id: 2 } });
    await done("rollback", "1", "--url", restarted.report.url, "--key", ana);
    await running?.stop();
    expect((await serve("awaited", { rollout, policy: { file: second } })).report).toMatchObject({
      policyAwaits: expect.stringContaining("policy set"),
      policy: { id: 1 },
    });
  });

  test("budgets are applied at a start also where the policy file awaits its signature", async () => {
    const budgets = { file: files.write("awaits.budgets.json", '{"tenants":{"acme":{}}}') };
    const rollout = { signersFile: trust("budgets.trust.json") };
    await serve("budgets", { rollout });
    await running?.stop();
    const { report } = await serve("budgets", { rollout, budgets, policy: { file: second } });
    expect(report).toMatchObject({ policyActivated: false, tenantsChanged: 1 });
  });
});
