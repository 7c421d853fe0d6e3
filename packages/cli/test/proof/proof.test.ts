import { nodeSigner } from "@calybris/engine/internal";
import {
  claimsOf,
  cosignNote,
  formatCheckpoint,
  formatCompactReceipt,
  formatNote,
  formatReceiptJson,
  formatVerifierKey,
  leafHash,
  MerkleTree,
  prescribe,
  type Receipt,
  samplePolicy,
  sampleRequest,
  sha256,
  signNote,
  signReceipt,
  toBase64,
  verifierKey,
} from "@calybris/kernel";
import { beforeAll, describe, expect, test } from "vitest";
import { calybris } from "../support/captured-terminal.ts";
import { Sandbox } from "../support/sample-files.ts";

const files = new Sandbox();
const seed = (of: number): Uint8Array => new Uint8Array(32).fill(of);
const [log, witness, issuer] = [nodeSigner(seed(1)), nodeSigner(seed(2)), nodeSigner(seed(3))];
const LOG_KEY = formatVerifierKey(verifierKey("example.org/log", "ed25519", log.publicKey));
const WITNESS_KEY = formatVerifierKey(verifierKey("witness.example", "cosignature", witness.publicKey));
const SIGNER = `calybris@example.org=${toBase64(issuer.publicKey)}`;
const entryHash = sha256(new TextEncoder().encode("an entry"));
let note: string;
let receipt: Receipt;

beforeAll(async () => {
  const tree = new MerkleTree();
  tree.append(1, entryHash);
  const text = formatCheckpoint({ origin: "example.org/log", treeSize: 1n, root: tree.root() });
  expect(tree.root()).toEqual(leafHash(entryHash));
  const signatures = [
    await signNote(text, "example.org/log", log),
    await cosignNote(text, "witness.example", 1_700_000_000n, witness),
  ];
  note = formatNote({ text, signatures });
  const { decision } = prescribe(samplePolicy(), sampleRequest());
  const disclosed = { policy: samplePolicy(), request: sampleRequest(), decision };
  const claims = claimsOf(disclosed, { log: { sequence: 1n, entryHash } });
  const by = { signerId: "calybris@example.org", signedAtMs: 1_700_000_000_000n, signer: issuer };
  receipt = { ...(await signReceipt(claims, by)), inclusion: { checkpoint: note, leafIndex: 0n, hashes: [] } };
});

describe("receipt verify", () => {
  test("verifies JSON and the compact form, and says what was established", async () => {
    for (const [name, text] of [
      ["receipt.json", formatReceiptJson(receipt)],
      ["receipt.txt", `${formatCompactReceipt(receipt)}\n`],
    ] as const) {
      const words = ["receipt", "verify", files.write(name, text), "--signer", SIGNER, "--log-key", LOG_KEY];
      const { exit, out, complaints } = await calybris(...words);
      expect({ exit, complaints }).toEqual({ exit: 0, complaints: "" });
      expect(out).toContain("verified: signed by calybris@example.org at 2023-11-14T22:13:20.000Z, by its own clock");
      expect(out).toContain("inclusion in example.org/log, of 1 entries");
      const json = JSON.parse((await calybris(...words, "--json")).out) as object;
      expect(json).toMatchObject({ status: "verified", sequence: "1", inclusion: "proven", treeSize: "1" });
    }
  });

  test("ends with 3 when no known key signed the checkpoint, and with 0 for a receipt without one", async () => {
    const whole = files.write("whole.txt", formatCompactReceipt(receipt));
    const unknown = await calybris("receipt", "verify", whole, "--signer", SIGNER);
    expect(unknown).toMatchObject({ exit: 3, out: expect.stringContaining("not established: no known key") });
    const short = files.write("short.txt", formatCompactReceipt(receipt, { withoutInclusion: true }));
    const none = await calybris("receipt", "verify", short, "--signer", SIGNER, "--log-key", LOG_KEY);
    expect(none).toMatchObject({ exit: 0, out: expect.stringContaining("the receipt has no inclusion") });
  });

  test("ends with 1 for a receipt that is rejected, and with 2 for one that is malformed", async () => {
    const altered = { ...receipt, claims: { ...receipt.claims, policyEpoch: 8n } };
    const rejected = files.write("altered.json", formatReceiptJson(altered));
    expect(await calybris("receipt", "verify", rejected, "--signer", SIGNER)).toMatchObject({
      exit: 1,
      out: "",
      complaints: expect.stringContaining("wrong signature"),
    });
    const other = `calybris@example.org=${toBase64(log.publicKey)}`;
    const good = files.write("good.json", formatReceiptJson(receipt));
    expect(await calybris("receipt", "verify", good, "--signer", other)).toMatchObject({ exit: 1 });
    for (const text of ["", "{}", "calyrcp1.AA.AA", formatReceiptJson(receipt).slice(0, -1), "\u0000"]) {
      const malformed = await calybris("receipt", "verify", files.write("bad", text), "--signer", SIGNER, "--json");
      expect([text, malformed.exit]).toEqual([text, 2]);
      expect(JSON.parse(malformed.complaints)).toMatchObject({ error: { code: "CAL_PROOF_MALFORMED" } });
    }
    expect(await calybris("receipt", "verify", files.at("absent"), "--signer", SIGNER)).toMatchObject({ exit: 2 });
    expect(await calybris("receipt", "verify", good, "--signer", "x=AA==")).toMatchObject({ exit: 2 });
    expect(await calybris("receipt", "verify", good)).toMatchObject({ exit: 2 });
  });

  test("a date that no calendar has is no bug", async () => {
    const by = { signerId: "calybris@example.org", signedAtMs: 2n ** 64n - 1n, signer: issuer };
    const far = files.write("far.txt", formatCompactReceipt(await signReceipt(receipt.claims, by)));
    expect(await calybris("receipt", "verify", far, "--signer", SIGNER)).toMatchObject({ exit: 0 });
  });
});

describe("checkpoint verify", () => {
  test("verifies the log and counts the witnesses", async () => {
    const file = files.write("checkpoint", note);
    const words = ["checkpoint", "verify", file, "--log-key", LOG_KEY];
    expect(await calybris(...words)).toMatchObject({
      exit: 0,
      out: expect.stringContaining("log       example.org/log"),
    });
    expect(await calybris(...words, "--quorum", "1")).toMatchObject({
      exit: 1,
      out: expect.stringContaining("not enough"),
    });
    const witnessed = await calybris(...words, "--witness-key", WITNESS_KEY, "--quorum", "1", "--json");
    expect(witnessed.exit).toBe(0);
    expect(JSON.parse(witnessed.out)).toMatchObject({
      status: "verified",
      signers: [{ name: "example.org/log" }, { name: "witness.example", timeSeconds: "1700000000" }],
    });
  });

  test("rejects a checkpoint that a witness signed and the log did not, and one that was altered", async () => {
    const lines = note.split("\n");
    const unsigned = files.write("unsigned", lines.toSpliced(4, 1).join("\n"));
    const words = ["--log-key", LOG_KEY, "--witness-key", WITNESS_KEY];
    expect(await calybris("checkpoint", "verify", unsigned, ...words)).toMatchObject({ exit: 1 });
    const altered = files.write("altered", note.replace("\n1\n", "\n2\n"));
    expect(await calybris("checkpoint", "verify", altered, ...words)).toMatchObject({ exit: 1 });
    const malformed = files.write("malformed", note.replace("\n1\n", "\n01\n"));
    expect((await calybris("checkpoint", "verify", malformed, ...words)).exit).not.toBe(0);
    expect(await calybris("checkpoint", "verify", altered, "--log-key", "nonsense")).toMatchObject({ exit: 2 });
  });
});
