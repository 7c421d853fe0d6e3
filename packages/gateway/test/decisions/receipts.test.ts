import { nodeSha256 } from "@calybris/engine";
import { nodeSigner, nodeVerifyEd25519 } from "@calybris/engine/internal";
import { parseReceiptJson, toHex, verifyReceipt } from "@calybris/kernel";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeOf, type Running, startService } from "../support/running-service.ts";

// Goal: a receipt over HTTP verifies by the public key alone and is of the entry that is on the disk; without a key, and of what
// the caller may not see, there is none.

const signer = nodeSigner(new Uint8Array(32).fill(5));
const SIGNER_ID = "calybris@example.org";
let signing: Running;
let other: Running;

beforeAll(async () => {
  signing = await startService({ receipts: { signerId: SIGNER_ID, signer } });
  other = await startService();
});
afterAll(() => Promise.all([signing.end(), other.end()]));

async function explained(running: Running, decisionId: string, query: string): Promise<Response> {
  const headers = { authorization: `Bearer ${running.keys.audit}` };
  return fetch(`${running.url}/v1/decisions/${decisionId}${query}`, { headers });
}

const decide = (running: Running) =>
  running.client({ key: running.keys.decide }).decide({ requested: "large", inputTokens: 1_000, outputTokens: 100 });

test("a receipt is signed, and claims the digests and the entry hash that the answer shows", async () => {
  const { decisionId, sequence } = await decide(signing);
  const text = await (await explained(signing, decisionId, "?receipt=1")).text();
  const answer = JSON.parse(text) as { proof: { entryHash: string } };
  const receipt = parseReceiptJson(text.slice(text.lastIndexOf('"receipt":') + '"receipt":'.length, -1));
  const signers = [{ id: SIGNER_ID, publicKey: signer.publicKey }];
  const findings = await verifyReceipt(receipt, { signers, logKeys: [], verify: nodeVerifyEd25519, hash: nodeSha256 });
  expect(findings.inclusion).toBe("none");
  expect(receipt.claims.isReplayValid).toBe(true);
  expect(receipt.claims.log?.sequence).toBe(BigInt(sequence));
  expect(toHex(receipt.claims.log?.entryHash ?? new Uint8Array())).toBe(answer.proof.entryHash);
});

test("the answer is the same but for the receipt, which has to be asked for with 1", async () => {
  const { decisionId } = await decide(signing);
  const plain = await (await explained(signing, decisionId, "")).json();
  const { receipt, ...rest } = (await (await explained(signing, decisionId, "?receipt=1")).json()) as {
    receipt: object;
  };
  expect(plain).not.toHaveProperty("receipt");
  expect(rest).toEqual(plain);
  expect(Object.keys(receipt)).toEqual(["claims", "signature", "signer"]);
  for (const query of ["?receipt=0", "?receipt=", "?receipt=1&receipt=1", "?receipts=1"]) {
    const refused = await explained(signing, decisionId, query);
    expect([refused.status, codeOf(await refused.json())]).toEqual([400, "CAL_GATEWAY_REQUEST_INVALID"]);
  }
});

test("without a key a receipt is refused with a code, and an unknown decision is unknown", async () => {
  const { decisionId } = await decide(other);
  const refused = await explained(other, decisionId, "?receipt=1");
  expect([refused.status, codeOf(await refused.json())]).toEqual([409, "CAL_RECEIPT_KEY_MISSING"]);
  const unknown = await explained(signing, "999-00000000", "?receipt=1");
  expect([unknown.status, codeOf(await unknown.json())]).toEqual([404, "CAL_GATEWAY_DECISION_UNKNOWN"]);
});
