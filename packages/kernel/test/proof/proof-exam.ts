/**
 * What is claimed of proofs, in short, of any copy of the kernel: for faults that are planted in one.
 * @module
 */
import { readFileSync } from "node:fs";
import type * as Kernel from "../../src/index.ts";
import { type Candidate, type Policy, type Request, samplePolicy, sampleRequest } from "../../src/index.ts";
import { candidateWith, policyWith, requestWith } from "../cases.ts";
import { LOG_KEY, LOG_LINE, TEXT, WITNESS_KEY, WITNESS_LINE } from "./interop-note.ts";
import { entryHashOf, platformSha256, treeHash } from "./node-hash.ts";
import { signerOf, verifyOfPlatform } from "./platform-ed25519.ts";
import { ANCHORED } from "./published-core.ts";

type Exam = (kernel: typeof Kernel) => boolean | Promise<boolean>;

const CORPUS = JSON.parse(
  readFileSync(new URL("../../../../conformance/corpus/proof/cases.json", import.meta.url), "utf8"),
) as readonly { readonly format: string; readonly accepted: boolean; readonly text?: string; readonly hex?: string }[];

const LEAVES = 20;
const DATA = Array.from({ length: LEAVES }, (_, at) => entryHashOf(at + 1));
const rootAt = (size: number): Uint8Array => treeHash(DATA.slice(0, size));
const flip = (bytes: Uint8Array): Uint8Array => bytes.with(5, (bytes[5] ?? 0) ^ 4);
const signer = signerOf(new Uint8Array(32).fill(1));

export const EXAMS: Readonly<Record<string, Exam>> = {
  trees: (kernel) => {
    const tree = new kernel.MerkleTree({ hash: platformSha256 });
    return DATA.every((data, at) => {
      tree.append(at + 1, data);
      return kernel.equalBytes(tree.root(), rootAt(at + 1));
    });
  },
  proofs: (kernel) => {
    const nodes = new Map<string, Uint8Array>();
    const onNode = (level: number, index: number, hash: Uint8Array) => void nodes.set(`${level}/${index}`, hash);
    const tree = new kernel.MerkleTree({ hash: platformSha256, onNode });
    for (const [at, data] of DATA.entries()) tree.append(at + 1, data);
    const source: Kernel.NodeSource = (level, index) => nodes.get(`${level}/${index}`) as Uint8Array;
    for (let second = 1; second <= LEAVES; second++) {
      for (let first = 1; first <= second; first++) {
        const [firstSize, secondSize] = [BigInt(first), BigInt(second)];
        const path = kernel.inclusionProof(firstSize - 1n, secondSize, source, platformSha256);
        const leaf = kernel.leafHash(DATA[first - 1] as Uint8Array, platformSha256);
        const included = { leafIndex: firstSize - 1n, treeSize: secondSize, leaf, root: rootAt(second), proof: path };
        const growth = kernel.consistencyProof(firstSize, secondSize, source, platformSha256);
        const grown = { firstSize, secondSize, firstRoot: rootAt(first), secondRoot: rootAt(second), proof: growth };
        const refused = [
          ...path.map((node, at) => kernel.isIncluded({ ...included, proof: path.with(at, flip(node)) })),
          kernel.isIncluded({ ...included, proof: [...path, leaf] }),
          kernel.isIncluded({ ...included, leafIndex: firstSize }),
          kernel.isIncluded({ ...included, root: flip(included.root) }),
          kernel.isIncluded({ ...included, root: leaf, proof: [] }) && second > 1,
          ...growth.map((node, at) => kernel.isConsistent({ ...grown, proof: growth.with(at, flip(node)) })),
          kernel.isConsistent({ ...grown, firstRoot: flip(grown.firstRoot) }),
          kernel.isConsistent({ ...grown, secondRoot: flip(grown.secondRoot) }),
          kernel.isConsistent({ ...grown, proof: [...growth, leaf] }),
          kernel.isConsistent({ ...grown, firstSize: 0n, firstRoot: kernel.emptyRoot(), proof: [leaf] }),
          kernel.isConsistent({ ...grown, firstSize: 0n, proof: [] }),
        ];
        if (!kernel.isIncluded(included) || !kernel.isConsistent(grown) || refused.includes(true)) return false;
      }
    }
    return true;
  },
  decoders: (kernel) =>
    CORPUS.every(({ format, accepted, text = "", hex }) => {
      const bytes = hex === undefined ? new TextEncoder().encode(text) : Uint8Array.from(Buffer.from(hex, "hex"));
      const decode: Readonly<Record<string, () => unknown>> = {
        note: () => kernel.parseNote(bytes),
        "signature-lines": () => kernel.parseSignatureLines(text),
        checkpoint: () => kernel.parseCheckpoint(text),
        "verifier-key": () => kernel.parseVerifierKey(text),
        "witness-request": () => kernel.parseWitnessRequest(bytes),
        "tile-path": () => kernel.parseTilePath(text),
        "tile-of-2": () => kernel.tileHashes(bytes, 2),
        "bundle-of-2": () => kernel.entriesOfBundle(bytes, 2),
        "receipt-claims": () => kernel.readClaims(bytes),
        "receipt-compact": () => kernel.parseCompactReceipt(text),
        "receipt-json": () => kernel.parseReceiptJson(text),
        "split-view": () => kernel.parseSplitView(text),
      };
      try {
        decode[format]?.();
        return accepted;
      } catch (error) {
        if (!(error instanceof kernel.CalybrisError)) throw error;
        return !accepted;
      }
    }) && kernel.parseNote("a\n\nb\n\n\n— a AAAAAAA=\n").text === "a\n\nb\n\n",
  notes: async (kernel) => {
    const keys = [kernel.parseVerifierKey(LOG_KEY), kernel.parseVerifierKey(WITNESS_KEY)];
    const note = `${TEXT}\n${LOG_LINE}${WITNESS_LINE}`;
    const opens = (given: string, by: readonly Kernel.VerifierKey[]): Promise<boolean> =>
      kernel.openNote(given, by, verifyOfPlatform).then(
        ({ verified }) => verified.length > 0,
        () => false,
      );
    const [log] = keys as [Kernel.VerifierKey];
    const forged = kernel.signatureLine({ ...(await kernel.signNote(TEXT, log.name, signer)), keyId: log.keyId });
    return (
      (await kernel.openNote(note, keys, verifyOfPlatform)).verified[1]?.timeSeconds === 0x6ab77f1dn &&
      !(await kernel.openNote(note, [], verifyOfPlatform).then(
        () => true,
        () => false,
      )) &&
      !(await opens(note.replace("\n5\n", "\n6\n"), keys)) &&
      !(await opens(`${note}${forged}`, keys)) &&
      !(await opens(note, [{ ...log, name: "another" }])) &&
      (await opens(`${note}${forged.replace(log.name, "another")}`, keys))
    );
  },
  witnesses: (kernel) => {
    const statusOf = (
      old: number,
      size: number,
      proof: readonly Uint8Array[],
      state: number,
      root = rootAt(size),
    ): number => {
      const request = {
        ...{ oldSize: BigInt(old), proof, checkpoint: "", note: { text: "", signatures: [] } },
        claimed: { origin: "x", treeSize: BigInt(size), root },
      };
      return kernel.judgeWitnessRequest(request, { treeSize: BigInt(state), root: rootAt(state) }, true).status;
    };
    const [second, third] = DATA.slice(1).map((data) => kernel.leafHash(data)) as [Uint8Array, Uint8Array];
    return (
      statusOf(0, 3, [], 0) === 200 &&
      statusOf(3, 3, [], 3) === 200 &&
      statusOf(3, 3, [], 3, rootAt(4)) === 409 &&
      statusOf(1, 2, [second], 1) === 200 &&
      statusOf(1, 2, [third], 1) === 422 &&
      statusOf(1, 2, [], 1) === 422 &&
      statusOf(0, 3, [], 2) === 409 &&
      statusOf(3, 2, [], 3) === 400
    );
  },
  receipts: async (kernel) => {
    const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
    const claims: Kernel.ReceiptClaims = {
      policyEpoch: 1n,
      catalogEpoch: 1n,
      policyDigest: bytes(ANCHORED.policy),
      requestDigest: bytes(ANCHORED.request),
      decisionDigest: bytes(ANCHORED.decision),
      isReplayValid: true,
      state: { step: ANCHORED.step, before: bytes(ANCHORED.before), after: bytes(ANCHORED.after) },
      log: { sequence: ANCHORED.sequence, entryHash: bytes(ANCHORED.entryHash) },
    };
    if (kernel.toHex(kernel.claimsDigest(claims)) !== ANCHORED.claimsDigest) return false;
    const logged = { ...claims, log: { sequence: 1n, entryHash: entryHashOf(1) } };
    const text = kernel.formatCheckpoint({ origin: "x", treeSize: 2n, root: rootAt(2) });
    const checkpoint = kernel.formatNote({ text, signatures: [await kernel.signNote(text, "x", signer)] });
    const inclusion = { checkpoint, leafIndex: 0n, hashes: [kernel.leafHash(entryHashOf(2))] };
    const by = { signerId: "me", signedAtMs: 50n, signer };
    const receipt = { ...(await kernel.signReceipt(logged, by)), inclusion };
    const trust = (fields: object = {}): Kernel.ReceiptTrust => ({
      signers: [{ id: "me", publicKey: signer.publicKey, ...fields }],
      logKeys: [kernel.verifierKey("x", "ed25519", signer.publicKey)],
      verify: verifyOfPlatform,
    });
    const verifies = (given: Kernel.Receipt, fields: object = {}): Promise<boolean> =>
      kernel.verifyReceipt(given, trust(fields)).then(
        () => true,
        () => false,
      );
    const unreplayed = { ...(await kernel.signReceipt({ ...logged, isReplayValid: false }, by)), inclusion };
    const tag = new TextDecoder().decode(kernel.signatureMessage("receipt", entryHashOf(1), 0n, "me").subarray(0, 8));
    const read = kernel.parseCompactReceipt(kernel.formatCompactReceipt(receipt));
    return (
      tag === "calyrcs1" &&
      (await verifies(read, { validFromMs: 50n, validUntilMs: 51n })) &&
      !(await verifies(read, { validFromMs: 51n })) &&
      !(await verifies(read, { validUntilMs: 50n })) &&
      !(await verifies(read, { id: "you" })) &&
      !(await verifies({ ...read, claims: { ...read.claims, policyEpoch: 2n } })) &&
      !(await verifies(unreplayed)) &&
      !(await verifies({ ...read, inclusion: { ...inclusion, hashes: [] } })) &&
      !(await verifies({ ...read, inclusion: { ...inclusion, leafIndex: 1n } })) &&
      !(await verifies({
        ...receipt,
        ...(await kernel.signReceipt({ ...logged, log: { sequence: 2n, entryHash: entryHashOf(1) } }, by)),
      }))
    );
  },
  certificates: (kernel) => {
    const twins = policyWith([candidateWith({ id: 1 }), candidateWith({ id: 1 })]);
    const certified = (policy: Policy, request: Request, selectedIndex?: number): Kernel.Certificate => {
      const { decision } = kernel.prescribe(policy, request);
      return kernel.certify(policy, request, {
        ...decision,
        ...(selectedIndex === undefined ? {} : { selectedIndex }),
      });
    };
    const { decision } = kernel.prescribe(samplePolicy(), sampleRequest());
    return (
      certified(twins, requestWith()).isEstablished &&
      certified(twins, requestWith(), 1).checks[5]?.holds === false &&
      certified(samplePolicy(), sampleRequest()).checks[5]?.limit === 63_818n &&
      !kernel.certify(samplePolicy(), sampleRequest(), { ...decision, eligibleCount: 1 }).isEstablished
    );
  },
  "what wins": (kernel) => {
    const [one, two] = samplePolicy().candidates as [Candidate, Candidate];
    const policyOf = (qualityBps: number): Policy =>
      ({ ...samplePolicy(), candidates: [one, { ...two, qualityBps }] }) as Policy;
    const winsAt = (qualityBps: number): boolean =>
      kernel.prescribe(policyOf(qualityBps), sampleRequest()).decision.selectedIndex === 1;
    for (let qualityBps = 7_000; qualityBps < 7_020; qualityBps++) {
      const change = kernel.lossOf(policyOf(qualityBps), sampleRequest(), 1)?.changes[0];
      if (change?.kind !== "quality" || !winsAt(Number(change.to)) || winsAt(Number(change.to) - 1)) return false;
    }
    return kernel.lossOf(samplePolicy(), sampleRequest(), 1)?.lostByMicrocents === 13_280n;
  },
};
