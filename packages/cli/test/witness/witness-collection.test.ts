import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { chmodSync } from "node:fs";
import { Engine, pooledSigner, type WitnessResult } from "@calybris/engine";
import { nodeSigner, nodeVerifyEd25519 } from "@calybris/engine/internal";
import { formatSignerKey, formatVerifierKey, openCheckpoint, type VerifierKey, verifierKey } from "@calybris/kernel";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";
import { calybrisOn, type CapturedTerminal, capturedTerminal } from "../support/captured-terminal.ts";
import { Sandbox } from "../support/sample-files.ts";

// Goal: every checkpoint that an engine signs gets the signatures of its witnesses, however often they fail, and no decision and
// no checkpoint waits for them.
// Method: real witnesses, each behind a server that refuses, hangs or passes on as the test says.

const LOG_SEED = new Uint8Array(32).fill(9);
const LOG: VerifierKey = verifierKey("example.org/log", "ed25519", nodeSigner(LOG_SEED).publicKey);
const NAMES = ["one.example", "two.example"] as const;
const SEEDS = NAMES.map((_name, at) => new Uint8Array(32).fill(at + 1));
const KEYS: readonly VerifierKey[] = NAMES.map((name, at) =>
  verifierKey(name, "cosignature", nodeSigner(SEEDS[at] as Uint8Array).publicKey),
);

type Mood = "well" | "refusing" | "hanging";

let files: Sandbox;
let moods: Mood[];
let urls: string[];
let servers: Server[];
let witnesses: { readonly terminal: CapturedTerminal; readonly ended: Promise<unknown> }[];
let results: WitnessResult[];

beforeEach(async () => {
  files = new Sandbox();
  [moods, urls, servers, witnesses, results] = [["well", "well"], [], [], [], []];
  for (const at of [0, 1]) urls.push(await frontOf(at, await witness(at)));
});

afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  for (const { terminal } of witnesses) terminal.interrupt();
  await Promise.all(witnesses.map(({ ended }) => ended));
});

async function witness(at: number): Promise<string> {
  const { name, keyId } = KEYS[at] as VerifierKey;
  const secret = formatSignerKey({ name, type: "cosignature", keyId, seed: SEEDS[at] as Uint8Array });
  const file = files.write(`${at}.key`, `${secret}\n`);
  chmodSync(file, 0o600);
  const terminal = capturedTerminal();
  const words = ["--key", file, "--log-key", formatVerifierKey(LOG), "--directory", files.at(name), "--port", "0"];
  witnesses.push({ terminal, ended: calybrisOn(terminal, "witness", "serve", ...words) });
  await expect.poll(() => terminal.complained.join("\n"), { timeout: 60_000, interval: 5 }).toContain("listens on");
  return /listens on (\S+)/.exec(terminal.complained.join("\n"))?.[1] ?? "";
}

/** A server in front of a witness. */
async function frontOf(at: number, url: string): Promise<string> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      if (moods[at] === "hanging") return;
      if (moods[at] === "refusing") return response.writeHead(503).end();
      void fetch(`${url}${request.url}`, { method: "POST", body: Buffer.concat(pieces) }).then(async (answer) => {
        response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "text/plain" });
        response.end(await answer.text());
      });
      return undefined;
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function open(retrySeconds = 0.02): Promise<Engine> {
  const list = KEYS.map((key, at) => ({ key, url: urls[at] }));
  return Engine.open({
    directory: files.at("journal"),
    policy: sampleSnapshot(),
    checkpoint: {
      signer: { key: LOG, signer: pooledSigner(LOG_SEED) },
      witnesses: { list, quorum: 2, retrySeconds },
    },
    onWitnesses: (result) => results.push(result),
  });
}

async function signedAfter(engine: Engine, decisions: number): Promise<number> {
  for (let number = 0; number < decisions; number++) await engine.decide({ inputTokens: 1 });
  return Number((await engine.checkpoints.sign()).checkpoint.treeSize);
}

const witnessed = (engine: Engine): readonly (number | undefined)[] => {
  const { treeSize, witnessCount } = engine.checkpoints.status.witnesses ?? {};
  return [treeSize, witnessCount];
};

async function countUnder(engine: Engine): Promise<number> {
  const trust = { logs: [{ key: LOG }], witnesses: KEYS.map((key) => ({ key })), quorum: 0 };
  return (await openCheckpoint((await engine.checkpoints.note()) ?? "", trust, nodeVerifyEd25519)).witnesses.length;
}

const UNTIL = { timeout: 60_000, interval: 5 };

test("each checkpoint is signed by the witnesses, with a proof from the one that they signed before", async () => {
  const engine = await open();
  for (const decisions of [3, 1, 300]) {
    const treeSize = await signedAfter(engine, decisions);
    await expect.poll(() => witnessed(engine), UNTIL).toEqual([treeSize, 2]);
    expect(await countUnder(engine)).toBe(2);
    expect(engine.checkpoints.status.witnesses?.problems).toEqual([]);
  }
  await engine.close();
});

test("a witness that refuses is asked again until it signs, and nothing waits for it", async () => {
  moods[1] = "refusing";
  const engine = await open();
  const treeSize = await signedAfter(engine, 2);
  await expect.poll(() => results.length, UNTIL).toBeGreaterThan(2);
  expect(results.at(-1)).toEqual({
    treeSize,
    witnessCount: 1,
    quorum: 2,
    problems: ["two.example: refused, status 503"],
  });
  expect(await countUnder(engine)).toBe(1);
  expect(await engine.decide({ inputTokens: 1 })).toMatchObject({ repeated: false });
  moods[1] = "well";
  await expect.poll(() => witnessed(engine), UNTIL).toEqual([treeSize, 2]);
  expect(await countUnder(engine)).toBe(2);
  await engine.close();
});

test("a checkpoint that is signed while a witness hangs is signed at once, and the engine closes", async () => {
  moods = ["hanging", "hanging"];
  const engine = await open();
  const first = await signedAfter(engine, 2);
  const second = await signedAfter(engine, 2);
  expect(second).toBeGreaterThan(first);
  expect(engine.checkpoints.latest?.checkpoint.treeSize).toBe(BigInt(second));
  await engine.close();
  expect(results).toEqual([]);
});

test("what a process could not collect is collected by the next, and what it collected is not asked for again", async () => {
  moods[0] = "refusing";
  const before = await open(60);
  const treeSize = await signedAfter(before, 2);
  await expect.poll(() => witnessed(before), UNTIL).toEqual([treeSize, 1]);
  await before.close();
  moods = ["well", "hanging"];
  results = [];
  const after = await open(60);
  await expect.poll(() => witnessed(after), UNTIL).toEqual([treeSize, 2]);
  expect(await countUnder(after)).toBe(2);
  await after.close();
});
