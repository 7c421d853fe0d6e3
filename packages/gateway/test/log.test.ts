import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeSigner, nodeVerifyEd25519, pooledSigner } from "@calybris/engine/internal";
import {
  fromHex,
  inclusionProof,
  isConsistent,
  isIncluded,
  leafHash,
  MerkleTree,
  nodesOfTiles,
  openNote,
  parseCheckpoint,
  tilePath,
  type VerifierKey,
  verifierKey,
} from "@calybris/kernel";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeOf, type Running, startService } from "./support/running-service.ts";

// Goal: a monitor that has nothing but the log's key and HTTP proves that a decision is in the log.
// Method: a service on a real disk with its writer thread; a tree of more than one tile.

const SEED = new Uint8Array(32).fill(3);
const KEY: VerifierKey = verifierKey("example.org/log", "ed25519", nodeSigner(SEED).publicKey);
let running: Running;

beforeAll(async () => {
  running = await startService({ onDisk: true, checkpointSigner: { key: KEY, signer: pooledSigner(SEED) } });
  const requests = Array.from({ length: 300 }, (_, index) => ({ inputTokens: 10, requestId: `r-${index}` }));
  await running.service.engine.decideMany(requests);
});
afterAll(() => running.end());

async function get(path: string): Promise<Response> {
  return fetch(`${running.url}${path}`, { headers: { authorization: `Bearer ${running.keys.audit}` } });
}

async function bytesAt(path: string): Promise<Uint8Array> {
  const response = await get(`/log/${path}`);
  expect(response.status, path).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

test("before the first checkpoint there is none, and a tile that does not exist is not found", async () => {
  expect((await get("/log/checkpoint")).status).toBe(404);
  for (const path of ["tile/0/999", "tile/0/x000/000", "tile/9/000", "tile/64/000", "tile/entries/000", "tile/0/0"])
    expect((await get(`/log/${path}`)).status, path).toBe(404);
  expect((await fetch(`${running.url}/log/checkpoint`)).status).toBe(401);
});

test("an entry is proven from a checkpoint and tiles alone, and the files beside the journal are those that are served", async () => {
  const signed = await running.service.engine.checkpoints.sign();
  const response = await get("/log/checkpoint");
  expect(response.headers.get("cache-control")).toBe("no-cache");
  const note = await response.text();
  expect(note).toBe(signed.note);
  expect(readFileSync(join(running.directory, "checkpoint"), "utf8")).toBe(note);
  const { treeSize, root } = parseCheckpoint((await openNote(note, [KEY], nodeVerifyEd25519)).note.text);
  expect(treeSize).toBeGreaterThan(257n);
  const tiles = new Map<string, Uint8Array>();
  for (const path of ["tile/0/000", `tile/0/001.p/${treeSize - 256n}`, "tile/1/000.p/1"])
    tiles.set(path, await bytesAt(path));
  const lines = (await (await get("/v1/journal/entries")).text()).split("\n");
  const nodes = nodesOfTiles(treeSize, (tile) => tiles.get(tilePath(tile)) as Uint8Array);
  for (const sequence of [1, 2, 256, 257, Number(treeSize)]) {
    const hash = fromHex(/"entry_hash":"([0-9a-f]{64})"/.exec(lines[sequence - 1] as string)?.[1] ?? "") as Uint8Array;
    const leafIndex = BigInt(sequence - 1);
    const proof = inclusionProof(leafIndex, treeSize, nodes);
    expect(isIncluded({ leafIndex, treeSize, leaf: leafHash(hash), root, proof })).toBe(true);
  }
  expect((await get("/log/tile/0/000")).headers.get("cache-control")).toContain("immutable");
});

test("metrics and health say how far the checkpoints are", async () => {
  const headers = { authorization: `Bearer ${running.keys.operate}` };
  const metrics = await (await fetch(`${running.url}/metrics`, { headers })).text();
  const { latest } = running.service.engine.checkpoints;
  expect(metrics).toContain(`calybris_checkpoint_entries ${latest?.checkpoint.treeSize}`);
  expect(metrics).toMatch(/^calybris_checkpoints_total 1$/m);
  expect(metrics).toMatch(/^calybris_checkpoint_failures_total 0$/m);
  expect(metrics).toMatch(/^calybris_checkpoint_timestamp_seconds [1-9][0-9]{9}$/m);
  const health = (await (await fetch(`${running.url}/health`)).json()) as object;
  expect(health).toMatchObject({ checkpoint: { treeSize: Number(latest?.checkpoint.treeSize), problem: null } });
});

test("inclusion and consistency are proven over HTTP, of any entry and any size that the checkpoint covers", async () => {
  const { note } = await running.service.engine.checkpoints.sign();
  const { treeSize, root } = parseCheckpoint((await openNote(note, [KEY], nodeVerifyEd25519)).note.text);
  const client = running.client({ key: running.keys.audit });
  const text = await (await get("/v1/journal/entries")).text();
  const entryHashes = [...text.matchAll(/"entry_hash":"([0-9a-f]{64})"/g)].map(([, hash = ""]) => hash);
  const tree = new MerkleTree();
  const roots = entryHashes.map((hash, index) => {
    tree.append(index + 1, fromHex(hash) as Uint8Array);
    return tree.root();
  });
  const sizes = [1, 2, 3, 128, 255, 256, 257, Number(treeSize)];
  for (const sequence of sizes) {
    const { hashes, ...rest } = await client.inclusionProof(sequence);
    const entryHash = entryHashes[sequence - 1] ?? "";
    expect(rest).toEqual({ index: sequence - 1, entryHash, checkpoint: note });
    const leaf = leafHash(fromHex(entryHash) as Uint8Array);
    const claim = { leafIndex: BigInt(sequence - 1), treeSize, leaf, root, proof: hashes.map(hashOf) };
    expect(isIncluded(claim)).toBe(true);
    expect(isIncluded({ ...claim, leafIndex: claim.leafIndex ^ 1n })).toBe(false);
  }
  for (const from of sizes) {
    const { hashes, ...rest } = await client.consistencyProof(from);
    expect(rest).toEqual({ from, checkpoint: note });
    const firstRoot = roots[from - 1] as Uint8Array;
    const claim = { firstSize: BigInt(from), firstRoot, secondSize: treeSize, secondRoot: root };
    expect(isConsistent({ ...claim, proof: hashes.map(hashOf) })).toBe(true);
  }
});

const hashOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));

test("what no checkpoint covers is not proven, and what is no number is refused", async () => {
  const { treeSize } = (await running.service.engine.checkpoints.sign()).checkpoint;
  for (const [path, status, code] of [
    [`inclusion?sequence=${treeSize + 1n}`, 409, "CAL_PROOF_UNCOVERED"],
    [`consistency?from=${treeSize + 1n}`, 409, "CAL_PROOF_UNCOVERED"],
    ["inclusion?sequence=0", 400, "CAL_GATEWAY_REQUEST_INVALID"],
    ["inclusion", 400, "CAL_GATEWAY_REQUEST_INVALID"],
    ["consistency?from=x", 400, "CAL_GATEWAY_REQUEST_INVALID"],
    ["consistency?from=1&sequence=1", 400, "CAL_GATEWAY_REQUEST_INVALID"],
  ] as const) {
    const response = await get(`/v1/proofs/${path}`);
    expect([path, response.status, codeOf(await response.json())]).toEqual([path, status, code]);
  }
});
