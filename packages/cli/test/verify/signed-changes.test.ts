/**
 * Signed changes of policy: with signers configured, a change needs a signature of exactly this change, and an audit with their keys
 * finds every change that no signer allowed.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAudit, type AuditReport } from "@calybris/audit";
import { type ChangeSignature, type Engine, nodeSha256 } from "@calybris/engine";
import { nodeSigner, nodeVerifyEd25519 } from "@calybris/engine/internal";
import {
  type CalybrisError,
  formatVerifierKey,
  type PolicyChange,
  type PolicySnapshot,
  policyDigest,
  signChange,
  toHex,
  type TrustedSigner,
  verifierKey,
} from "@calybris/kernel";
import { beforeAll, describe, expect, test } from "vitest";
import { chainData } from "../../../audit/test/small-journal.ts";
import { calybris } from "../support/captured-terminal.ts";
import { OPEN, policyOf, requestOf, World } from "./rollout-world.ts";

const ANA = nodeSigner(new Uint8Array(32).fill(7));
const MALLORY = nodeSigner(new Uint8Array(32).fill(8));
const SIGNERS: readonly TrustedSigner[] = [{ id: "ana", publicKey: ANA.publicKey }];
const [FIRST, SECOND, THIRD] = [policyOf("as it is"), policyOf("other ids"), policyOf("one candidate")];

interface Asked {
  readonly change: PolicyChange;
  readonly policyId: number;
  readonly policy: PolicySnapshot;
  readonly shareBps?: number;
  readonly by?: typeof ANA;
  readonly as?: string;
}

async function signed(engine: Engine, asked: Asked): Promise<ChangeSignature> {
  const { change, policyId, policy, shareBps = 0, by = ANA, as = "ana" } = asked;
  const { genesisHash, follows } = await engine.rollout.nextChange();
  const digest = toHex(policyDigest(policy.policy));
  const what = { genesisHash, follows, change, policyId, policyDigest: digest, shareBps };
  return { ...(await signChange(what, { signerId: as, signedAtMs: 1_800_000_000_000, signer: by })), follows };
}

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "done",
    (error: CalybrisError) => error.code,
  );

async function passGates(engine: Engine): Promise<void> {
  for (let at = 0; at < 200; at++) {
    const { decisionId, decision } = await engine.decide({ ...requestOf(1), tenant: `early-${at}` });
    if (decision.action !== "reject") await engine.learning.observe({ decisionId, succeeded: true });
    if ((await engine.rollout.status(OPEN)).compared?.passes !== undefined) return;
  }
  throw new Error("the gates stay closed");
}

function auditOf(entries: readonly string[], signers: readonly TrustedSigner[] | undefined): AuditReport {
  const verify = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
    nodeVerifyEd25519(key, message, signature) === true;
  const audit = createAudit({ sha256: nodeSha256, changeKeys: signers && { signers, verify } });
  for (const [index, line] of chainData(entries).entries())
    audit.line(line.trimEnd(), { file: "journal", byteOffset: index });
  return audit.finish();
}

const problemsOf = (entries: readonly string[], signers: readonly TrustedSigner[] | undefined = SIGNERS): string[] =>
  auditOf(entries, signers).findings.map(({ sequence, problem }) => `${sequence} ${problem}`);

/** A journal with every change, each signed. */
let entries: readonly string[];
let sequences: Readonly<Record<"staged" | "canary" | "wider" | "promoted" | "back" | "set", number>>;

beforeAll(async () => {
  const world = new World();
  const engine = await world.open(FIRST, SIGNERS);
  const { rollout } = engine;
  const second = { policyId: 2, policy: SECOND };
  const { sequence: staged } = await rollout.stage(SECOND, {}, await signed(engine, { change: "staged", ...second }));
  await passGates(engine);
  const canaryTo = async (shareBps: number): Promise<number> => {
    const signature = await signed(engine, { change: "canary", ...second, shareBps });
    return (await rollout.canary(2, shareBps, undefined, OPEN, signature)).sequence;
  };
  const [canary, wider] = [await canaryTo(500), await canaryTo(1_000)];
  const promotion = await signed(engine, { change: "promoted", ...second });
  const { sequence: promoted } = await rollout.promote(2, undefined, OPEN, promotion);
  const rollback = await signed(engine, { change: "rolled-back", policyId: 1, policy: FIRST });
  const { sequence: back } = await rollout.rollBack(1, {}, rollback);
  const setting = await signed(engine, { change: "promoted", policyId: 3, policy: THIRD });
  const { sequence: set } = await engine.setPolicy(THIRD, {}, setting);
  await engine.close();
  entries = world.entries();
  sequences = { staged, canary, wider, promoted, back, set };
});

describe("an engine with signers", () => {
  async function staged(): Promise<Engine> {
    const engine = await new World().open(FIRST, SIGNERS);
    await engine.rollout.stage(SECOND, {}, await signed(engine, { change: "staged", policyId: 2, policy: SECOND }));
    return engine;
  }

  test("refuses every change without a signature, and one by reconfiguration", async () => {
    const engine = await staged();
    const { follows } = await engine.rollout.nextChange();
    const changes = [
      engine.rollout.stage(THIRD),
      engine.rollout.rollBack(1),
      engine.rollout.canary(2, 0).then(() => engine.rollout.canary(2, 0)),
      engine.setPolicy(THIRD),
      engine.reconfigure({ policy: THIRD, policyFrom: "file" }),
    ];
    const codes = await Promise.all(changes.map(codeOf));
    const missing = "CAL_ROLLOUT_SIGNATURE_MISSING";
    // A canary of 0 of a policy that has none changes nothing.
    expect(codes).toEqual([missing, missing, "done", missing, missing]);
    await passGates(engine);
    expect(await codeOf(engine.rollout.promote(2, undefined, OPEN))).toBe(missing);
    expect(await codeOf(engine.rollout.canary(2, 500, undefined, OPEN))).toBe(missing);
    expect((await engine.rollout.nextChange()).follows).toBe(follows);
    await engine.close();
  });

  test("refuses a signature of another change, by another signer, or for another journal", async () => {
    const engine = await staged();
    const back = { change: "rolled-back", policyId: 1, policy: FIRST } as const;
    const rollBack = (signature: ChangeSignature): Promise<string> => codeOf(engine.rollout.rollBack(1, {}, signature));
    const invalid = "CAL_ROLLOUT_SIGNATURE_INVALID";
    expect(await rollBack(await signed(engine, { ...back, change: "promoted" }))).toBe(invalid);
    expect(await rollBack(await signed(engine, { ...back, policyId: 2 }))).toBe(invalid);
    expect(await rollBack(await signed(engine, { ...back, policy: THIRD }))).toBe(invalid);
    expect(await rollBack(await signed(engine, { ...back, by: MALLORY }))).toBe(invalid);
    expect(await rollBack(await signed(engine, { ...back, as: "mallory" }))).toBe("CAL_ROLLOUT_SIGNER_UNKNOWN");
    const valid = await signed(engine, back);
    expect(await rollBack({ ...valid, signedAtMs: 1.5 })).toBe(invalid);
    expect(await rollBack({ ...valid, signedAtMs: -1 })).toBe(invalid);
    expect(await rollBack({ ...valid, value: "zz" })).toBe(invalid);
    expect(await rollBack({ ...valid, value: undefined as unknown as string })).toBe(invalid);
    const elsewhere = await new World().open(SECOND, SIGNERS);
    const foreign = await signed(elsewhere, back);
    await elsewhere.close();
    const { follows } = await engine.rollout.nextChange();
    expect(await rollBack({ ...foreign, follows })).toBe(invalid);
    expect(await rollBack(valid)).toBe("done");
    await engine.close();
  });

  test("refuses a signature that another change has made stale, also a second time and after a restart", async () => {
    const world = new World();
    let engine = await world.open(FIRST, SIGNERS);
    const second = await signed(engine, { change: "staged", policyId: 2, policy: SECOND });
    const stale = await signed(engine, { change: "rolled-back", policyId: 1, policy: FIRST });
    await engine.rollout.stage(SECOND, {}, second);
    expect(await codeOf(engine.rollout.rollBack(1, {}, stale))).toBe("CAL_ROLLOUT_SIGNATURE_STALE");
    // Staging it again changes nothing, and needs no new signature.
    expect(await engine.rollout.stage(SECOND, {}, second)).toMatchObject({ repeated: true });
    await engine.close();
    engine = await world.open(undefined, SIGNERS);
    expect(await codeOf(engine.rollout.rollBack(1, {}, stale))).toBe("CAL_ROLLOUT_SIGNATURE_STALE");
    const fresh = await signed(engine, { change: "rolled-back", policyId: 1, policy: FIRST });
    // The sequence is covered: saying another makes it no fresher.
    const { follows } = fresh;
    expect(await codeOf(engine.rollout.rollBack(1, {}, { ...stale, follows }))).toBe("CAL_ROLLOUT_SIGNATURE_INVALID");
    await engine.rollout.rollBack(1, {}, fresh);
    await engine.rollout.stage(THIRD, {}, await signed(engine, { change: "staged", policyId: 3, policy: THIRD }));
    expect(await codeOf(engine.rollout.rollBack(1, {}, fresh))).toBe("CAL_ROLLOUT_SIGNATURE_STALE");
    await engine.close();
  });

  test("refuses a key that is not valid now, and with no key at all every change", async () => {
    for (const [signers, code] of [
      [[{ ...(SIGNERS[0] as TrustedSigner), validUntilMs: 1n }], "CAL_ROLLOUT_SIGNATURE_INVALID"],
      [[], "CAL_ROLLOUT_SIGNER_UNKNOWN"],
    ] as const) {
      const engine = await new World().open(FIRST, signers);
      const signature = await signed(engine, { change: "staged", policyId: 2, policy: SECOND });
      expect(await codeOf(engine.rollout.stage(SECOND, {}, signature))).toBe(code);
      await engine.close();
    }
  });

  test("without signers a change needs no signature, and one that is given is refused", async () => {
    const engine = await new World().open(FIRST);
    const signature = await signed(engine, { change: "staged", policyId: 2, policy: SECOND });
    expect(await codeOf(engine.rollout.stage(SECOND, {}, signature))).toBe("CAL_ROLLOUT_SIGNERS_NONE");
    expect(await codeOf(engine.rollout.stage(SECOND))).toBe("done");
    await engine.close();
  });
});

describe("an audit", () => {
  test("with the keys verifies every change; without them it says what is open", () => {
    expect(problemsOf(entries)).toEqual([]);
    const withKeys = auditOf(entries, SIGNERS);
    expect(withKeys.status).toBe("intact");
    expect(withKeys.notEstablished.filter((claim) => claim.includes("allowed"))).toEqual([]);
    const without = auditOf(entries, undefined);
    expect(without.status).toBe("intact");
    expect(without.notEstablished).toContain(
      "who allowed the 6 signed changes of policy: no key of a signer was given",
    );
  });

  test("says of changes without a signature that nobody shows who allowed them", async () => {
    const world = new World();
    const engine = await world.open(FIRST);
    await engine.rollout.stage(SECOND);
    await engine.close();
    const claim = "who allowed 1 changes of policy: they are not signed";
    expect(auditOf(world.entries(), SIGNERS).notEstablished).toContain(claim);
    expect(auditOf(world.entries(), undefined).notEstablished).not.toContain(claim);
  });

  test("finds a signature by another key or an unknown signer, and one by a key that was not valid", () => {
    const all = Object.values(sequences).map((sequence) => `${sequence} policy_signature`);
    expect(problemsOf(entries, [{ id: "ana", publicKey: MALLORY.publicKey }])).toEqual(all);
    expect(problemsOf(entries, [{ id: "bob", publicKey: ANA.publicKey }])).toEqual(all);
    expect(problemsOf(entries, [])).toEqual(all);
    expect(problemsOf(entries, [{ id: "ana", publicKey: ANA.publicKey, validUntilMs: 5n }])).toEqual(all);
  });

  const rewritten = (sequence: number, from: string, to: string): string[] => {
    const data = entries[sequence - 1] ?? "";
    expect(data.split(from)).toHaveLength(2);
    return entries.with(sequence - 1, data.replace(from, to)).slice();
  };

  test("finds a canary whose share was changed", () => {
    const lie = rewritten(sequences.wider, '"shareBps":1000', '"shareBps":2000');
    expect(problemsOf(lie)).toEqual([`${sequences.wider} policy_signature`]);
    expect(auditOf(lie, undefined).findings).toEqual([]);
  });

  test("finds a signed policy under an ID that no policy can have", () => {
    for (const id of ["0", "4294967296"]) {
      const lie = rewritten(sequences.set, '"policyId":3', `"policyId":${id}`);
      expect(problemsOf(lie)).toContain(`${sequences.set} policy_signature`);
    }
  });

  test("finds a signature of another action on the same policy", () => {
    const signatureIn = (sequence: number): string =>
      /"signature":\{[^}]*\}/.exec(entries[sequence - 1] ?? "")?.[0] ?? "none";
    const lie = rewritten(sequences.promoted, signatureIn(sequences.promoted), signatureIn(sequences.staged));
    expect(problemsOf(lie)).toEqual([`${sequences.promoted} policy_signature`]);
  });

  test("finds that a change between two signed ones was left out", () => {
    const renumbered = entries
      .filter((_data, index) => index !== sequences.canary - 1)
      .map((data, index) =>
        data.replace(/^\{"sequence":[0-9]+,"durable":[0-9]+/, `{"sequence":${index + 1},"durable":${index}`),
      );
    expect(auditOf(renumbered, undefined).findings).toEqual([]);
    // Every later change follows another entry than the one that was signed.
    expect(problemsOf(renumbered)[0]).toBe(`${sequences.wider - 1} policy_signature`);
  });

  test("finds signatures that were made for another journal", () => {
    const lie = rewritten(1, '"at":1000001', '"at":1000000');
    expect(problemsOf(lie)).toEqual(Object.values(sequences).map((sequence) => `${sequence} policy_signature`));
  });
});

test("`verify` takes the keys of signers, and finds what they did not sign", async () => {
  const directory = mkdtempSync(join(tmpdir(), "calybris-signed-"));
  try {
    const file = join(directory, "journal.jsonl");
    writeFileSync(
      file,
      chainData(entries)
        .map((line) => `${line.trimEnd()}\n`)
        .join(""),
    );
    const keyOf = (signer: typeof ANA): string => `ana=${Buffer.from(signer.publicKey).toString("base64")}`;
    const statusWith = async (...options: string[]): Promise<readonly [string, boolean]> => {
      const { out } = await calybris("verify", file, "--json", ...options);
      const report = JSON.parse(out) as AuditReport;
      return [report.status, report.notEstablished.some((claim) => claim.includes("allowed"))];
    };
    expect(await statusWith()).toEqual(["intact", true]);
    expect(await statusWith("--change-key", keyOf(ANA))).toEqual(["intact", false]);
    expect(await statusWith("--change-key", keyOf(MALLORY))).toEqual(["broken", true]);
    const trust = join(directory, "trust.json");
    writeFileSync(
      trust,
      JSON.stringify({ signers: [{ key: formatVerifierKey(verifierKey("ana", "ed25519", ANA.publicKey)) }] }),
    );
    expect(await statusWith("--trust", trust)).toEqual(["intact", false]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
