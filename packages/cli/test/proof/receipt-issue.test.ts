import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { Engine } from "@calybris/engine";
import { nodeSigner, segmentName } from "@calybris/engine/internal";
import { formatSignerKey, formatVerifierKey, parseCompactReceipt, toBase64, verifierKey } from "@calybris/kernel";
import { beforeEach, describe, expect, test } from "vitest";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";
import { calybris } from "../support/captured-terminal.ts";
import { Sandbox } from "../support/sample-files.ts";

// Goal: a receipt that is issued verifies by the public key alone, is of the entry that was asked for, and none is issued of what
// is not a durable decision that follows from its policy.

const key = (name: string, fill: number): { text: string; verifier: string; publicKey: Uint8Array } => {
  const seed = new Uint8Array(32).fill(fill);
  const made = verifierKey(name, "ed25519", nodeSigner(seed).publicKey);
  const text = formatSignerKey({ name, type: "ed25519", keyId: made.keyId, seed });
  return { text, verifier: formatVerifierKey(made), publicKey: made.publicKey };
};
const ISSUER = key("calybris@example.org", 3);
const LOG = key("example.org/log", 9);

let files: Sandbox;
let journal: string;
let decisionId: string;
let keyFile: string;

beforeEach(async () => {
  files = new Sandbox();
  journal = files.at("journal");
  keyFile = secret("issuer.key", ISSUER.text);
  const engine = await Engine.open({ directory: journal, policy: sampleSnapshot() });
  for (let number = 0; number < 4; number++) ({ decisionId } = await engine.decide({ inputTokens: 1 }));
  await engine.close();
});

function secret(name: string, text: string): string {
  const file = files.write(name, `${text}\n`);
  chmodSync(file, 0o600);
  return file;
}

async function issued(...more: readonly string[]): Promise<string> {
  const words = ["receipt", "issue", decisionId, "--journal", journal, "--key", keyFile, ...more];
  const { exit, out, complaints } = await calybris(...words);
  expect({ exit, complaints }).toEqual({ exit: 0, complaints: "" });
  return out;
}

async function checkpoint(): Promise<void> {
  const words = ["checkpoint", "create", "--journal", journal, "--signer-file", secret("log.key", LOG.text)];
  expect(await calybris(...words)).toMatchObject({ exit: 0, complaints: "" });
}

describe("receipt issue", () => {
  test("a receipt verifies by the verifier key alone, in both forms, and is of the entry that was named", async () => {
    for (const form of [[], ["--compact"]]) {
      const receipt = files.write("receipt", await issued(...form));
      for (const signer of [ISSUER.verifier, `calybris@example.org=${toBase64(ISSUER.publicKey)}`]) {
        const verified = await calybris("receipt", "verify", receipt, "--signer", signer, "--json");
        expect(verified).toMatchObject({ exit: 0, complaints: "" });
        const shown = JSON.parse((await calybris("show", decisionId, "--journal", journal, "--json")).out) as {
          sequence: number;
          digests: Record<"policy" | "request" | "decision", string>;
        };
        expect(JSON.parse(verified.out)).toMatchObject({
          sequence: `${shown.sequence}`,
          policyDigest: shown.digests.policy,
          requestDigest: shown.digests.request,
          decisionDigest: shown.digests.decision,
          inclusion: "none",
        });
      }
    }
  });

  test("a checkpoint that covers the entry adds its inclusion, and an earlier one does not", async () => {
    await checkpoint();
    const receipt = files.write("receipt", await issued());
    const words = ["receipt", "verify", receipt, "--signer", ISSUER.verifier, "--log-key", LOG.verifier, "--json"];
    expect(JSON.parse((await calybris(...words)).out)).toMatchObject({
      inclusion: "proven",
      origin: "example.org/log",
    });
    expect(parseCompactReceipt(await issued("--compact", "--no-inclusion")).inclusion).toBeUndefined();
    const engine = await Engine.open({ directory: journal });
    ({ decisionId } = await engine.decide({ inputTokens: 1 }));
    await engine.close();
    expect(JSON.parse(await issued())).not.toHaveProperty("inclusion");
  });

  test("a QR code is of the compact form without inclusion, in the terminal and as an image", async () => {
    await checkpoint();
    const out = await issued("--qr", "--svg", files.at("receipt.svg"));
    const rows = out.split("\n");
    // A code of n modules has a margin of 4 on each side, and two rows of it are one of text.
    const width = [...(rows[0] ?? "")].filter((character) => "█▀▄ ".includes(character)).length;
    expect(rows).toHaveLength(Math.ceil(width / 2));
    expect((width - 8 - 17) % 4).toBe(0);
    const svg = readFileSync(files.at("receipt.svg"), "utf8");
    expect(svg).toContain(`viewBox="0 0 ${width} ${width}"`);
    const dark = svg.match(/M\d+ \d+h1v1h-1z/g) ?? [];
    const darkInText = rows.join("").split("");
    const count =
      darkInText.filter((each) => "▀▄".includes(each)).length + 2 * darkInText.filter((each) => each === " ").length;
    expect(count).toBeGreaterThanOrEqual(dark.length);
    expect(dark.length).toBeGreaterThan(500);
  });

  test("none is issued of an entry that is no decision, was altered, or is unknown, nor with a key that others may read", async () => {
    const words = ["--journal", journal, "--key", keyFile];
    const refused = async (name: string, code: string): Promise<void> => {
      const { exit, out, complaints } = await calybris("receipt", "issue", name, ...words);
      expect({ name, exit, out }).toEqual({ name, exit: 2, out: "" });
      expect(complaints).toContain(code);
    };
    await refused("1", "CAL_RECEIPT_REFUSED");
    await refused("99", "CAL_JOURNAL_ENTRY_UNKNOWN");
    await refused("3-00000000", "CAL_JOURNAL_DECISION_UNKNOWN");
    await refused("0", "Write a decision ID");
    const segment = `${journal}/${segmentName(1)}`;
    writeFileSync(segment, readFileSync(segment, "utf8").replaceAll('"inputTokens":1', '"inputTokens":2'));
    await refused(decisionId, "CAL_RECEIPT_REFUSED");
    chmodSync(keyFile, 0o644);
    await refused(decisionId, "CAL_PROOF_MALFORMED");
  });
});
