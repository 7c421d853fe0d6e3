import { nodeSha256 } from "@calybris/engine";
import { nodeSigner, nodeVerifyEd25519, pooledSigner } from "@calybris/engine/internal";
import { parseReceiptJson, type ReceiptFindings, toHex, verifierKey, verifyReceipt } from "@calybris/kernel";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeOf, type Running, startService } from "../support/running-service.ts";

// Goal: a receipt over HTTP verifies by the public key alone and is of the entry that is on the disk; without a key, and of what
// the caller may not see, there is none. The newest checkpoint adds the proof of inclusion to receipts of what it covers.

const signer = nodeSigner(new Uint8Array(32).fill(5));
const SIGNER_ID = "calybris@example.org";
let signing: Running;
const LOG_SEED = new Uint8Array(32).fill(6);
const LOG_KEY = verifierKey("example.org/log", "ed25519", nodeSigner(LOG_SEED).publicKey);
let other: Running;
/** Signs checkpoints, too. */
let logged: Running;

beforeAll(async () => {
  const receipts = { signerId: SIGNER_ID, signer };
  signing = await startService({ receipts });
  other = await startService();
  logged = await startService({
    onDisk: true,
    receipts,
    checkpointSigner: { key: LOG_KEY, signer: pooledSigner(LOG_SEED) },
  });
});
afterAll(() => Promise.all([signing.end(), other.end(), logged.end()]));

const receiptText = (text: string): string => text.slice(text.lastIndexOf('"receipt":') + '"receipt":'.length, -1);

async function findingsOf(text: string): Promise<ReceiptFindings> {
  const signers = [{ id: SIGNER_ID, publicKey: signer.publicKey }];
  return verifyReceipt(parseReceiptJson(receiptText(text)), {
    signers,
    logKeys: [LOG_KEY],
    verify: nodeVerifyEd25519,
    hash: nodeSha256,
  });
}

async function explained(running: Running, decisionId: string, query: string): Promise<Response> {
  const headers = { authorization: `Bearer ${running.keys.audit}` };
  return fetch(`${running.url}/v1/decisions/${decisionId}${query}`, { headers });
}

interface Explained {
  readonly receipt: object;
  readonly proof: { readonly head: object };
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
  const plain = (await (await explained(signing, decisionId, "")).json()) as Explained;
  const { receipt, ...rest } = (await (await explained(signing, decisionId, "?receipt=1")).json()) as Explained;
  expect(plain).not.toHaveProperty("receipt");
  // A seal of the idle journal may have become its head in between.
  expect({ ...rest, proof: { ...rest.proof, head: plain.proof.head } }).toEqual(plain);
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

async function posted(running: Running, body: object, query = "?receipt=1"): Promise<Response> {
  const headers = { authorization: `Bearer ${running.keys.decide}`, "content-type": "application/json" };
  return fetch(`${running.url}/v1/decisions${query}`, { method: "POST", headers, body: JSON.stringify(body) });
}

test("a decision is answered with its receipt, and its repetition with one of the same claims", async () => {
  const request = { requested: "large", inputTokens: 1_000, outputTokens: 100, requestId: "with-receipt" };
  const first = await (await posted(signing, request)).text();
  const again = await (await posted(signing, request)).text();
  for (const text of [first, again]) {
    const answer = JSON.parse(text) as { entryHash: string; sequence: number };
    const { claims } = parseReceiptJson(receiptText(text));
    await findingsOf(text);
    expect([toHex(claims.log?.entryHash ?? new Uint8Array()), claims.log?.sequence]).toEqual([
      answer.entryHash,
      BigInt(answer.sequence),
    ]);
  }
  expect(JSON.parse(again)).toMatchObject({
    repeated: true,
    sequence: (JSON.parse(first) as object as { sequence: number }).sequence,
  });
  const { receipt, ...rest } = JSON.parse(again) as { receipt: object };
  expect(Object.keys(receipt)).toEqual(["claims", "signature", "signer"]);
  expect(rest).toEqual(await (await posted(signing, request, "")).json());
});

test("without a key nothing is decided where a receipt was requested", async () => {
  const before = other.service.engine.reading.head.sequence;
  const refused = await posted(other, { requested: "large", inputTokens: 1_000 });
  expect([refused.status, codeOf(await refused.json())]).toEqual([409, "CAL_RECEIPT_KEY_MISSING"]);
  const { sequence } = await decide(other);
  const lines = [];
  for await (const line of other.service.engine.reading.lines(before + 1, sequence - 1)) lines.push(String(line));
  expect(lines.join("")).not.toContain('"kind":"decision"');
});

test("a checkpoint adds inclusion to the receipts of what it covers, and to no other", async () => {
  const { decisionId } = await decide(logged);
  const before = await (await explained(logged, decisionId, "?receipt=1")).text();
  expect((await findingsOf(before)).inclusion).toBe("none");
  await logged.service.engine.checkpoints.sign();
  const after = await (await explained(logged, decisionId, "?receipt=1")).text();
  expect((await findingsOf(after)).inclusion).toBe("proven");
  const later = await (await posted(logged, { requested: "large", inputTokens: 1_000 })).text();
  expect((await findingsOf(later)).inclusion).toBe("none");
});
