import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  changeMessage,
  changeSignatureFault,
  type PolicyChange,
  POLICY_CHANGES,
  type SignedChange,
  signChange,
} from "../../src/index.ts";
import { signerOf, verifyOfPlatform } from "./platform-ed25519.ts";

// Goal: a signature allows one change of one journal, at one place in it, and nothing else.
// Method: the bytes are built again from the description in docs/formats/receipts.md, a published vector is held, and of a valid
// signature every covered field is changed in turn.

const KEY = signerOf(new Uint8Array(32).fill(7));
const OTHER = signerOf(new Uint8Array(32).fill(8));
const verify = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
  verifyOfPlatform(key, message, signature) === true;

const CHANGE: SignedChange = {
  genesisHash: "11".repeat(32),
  follows: 258,
  change: "canary",
  policyId: 3,
  policyDigest: "22".repeat(32),
  shareBps: 500,
};
const AT_MS = 1_800_000_000_000;

/** From the description, with nothing of the kernel. */
function described(change: SignedChange, signedAtMs: number, signerId: string): Buffer {
  const u64 = (value: number): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes;
  };
  const id = Buffer.alloc(4);
  id.writeUInt32LE(change.policyId);
  const share = Buffer.alloc(2);
  share.writeUInt16LE(change.shareBps);
  const action = { staged: 1, promoted: 2, "rolled-back": 3, canary: 4 }[change.change];
  return Buffer.concat([
    Buffer.from("calychg1\0"),
    Buffer.from(change.genesisHash, "hex"),
    u64(change.follows),
    Buffer.from([action]),
    id,
    Buffer.from(change.policyDigest, "hex"),
    share,
    u64(signedAtMs),
    Buffer.from(signerId, "utf8"),
  ]);
}

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("hex"));
const changes: fc.Arbitrary<SignedChange> = fc
  .record({
    genesisHash: digest,
    follows: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    change: fc.constantFrom<PolicyChange>(...POLICY_CHANGES),
    policyId: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    policyDigest: digest,
    shareBps: fc.integer({ min: 0, max: 10_000 }),
  })
  .map((change) => (change.change === "canary" ? change : { ...change, shareBps: 0 }));

test("the signed bytes are those of the description", () => {
  fc.assert(
    fc.property(
      changes,
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      fc.string({ unit: "grapheme" }),
      (...of) => Buffer.from(changeMessage(...of)).equals(described(...of)),
    ),
  );
});

test("the published vector holds: message and signature", async () => {
  const file = join(import.meta.dirname, "../../../../conformance/vectors/change-signature.json");
  const vectors = JSON.parse(readFileSync(file, "utf8")) as readonly {
    readonly seed: string;
    readonly change: SignedChange;
    readonly signedAtMs: number;
    readonly signer: string;
    readonly message: string;
    readonly value: string;
  }[];
  expect(vectors).toHaveLength(POLICY_CHANGES.length);
  for (const { seed, change, signedAtMs, signer, message, value } of vectors) {
    expect(Buffer.from(changeMessage(change, signedAtMs, signer)).toString("hex")).toBe(message);
    expect(described(change, signedAtMs, signer).toString("hex")).toBe(message);
    const key = signerOf(Buffer.from(seed, "hex"));
    expect((await signChange(change, { signerId: signer, signedAtMs, signer: key })).value).toBe(value);
  }
});

test("a signature is of one change: any other field makes it wrong", async () => {
  const signature = await signChange(CHANGE, { signerId: "ana", signedAtMs: AT_MS, signer: KEY });
  const keys = { signers: [{ id: "ana", publicKey: KEY.publicKey }], verify };
  const faultOf = (change: Partial<SignedChange>, changed: object = {}): unknown =>
    changeSignatureFault({ ...CHANGE, ...change }, { ...signature, ...changed }, AT_MS, keys);
  expect(faultOf({})).toBeUndefined();
  expect(faultOf({ genesisHash: "12".repeat(32) })).toBe("value");
  expect(faultOf({ follows: 257 })).toBe("value");
  for (const change of ["staged", "promoted", "rolled-back"] as const)
    expect(faultOf({ change, shareBps: 0 })).toBe("value");
  expect(faultOf({ policyId: 4 })).toBe("value");
  expect(faultOf({ policyDigest: "23".repeat(32) })).toBe("value");
  expect(faultOf({ shareBps: 501 })).toBe("value");
  expect(faultOf({}, { signedAtMs: AT_MS + 1 })).toBe("value");
  expect(faultOf({}, { signer: "bob" })).toBe("signer");
  for (const signedAtMs of [-1, 1.5, Number.NaN]) expect(faultOf({}, { signedAtMs })).toBe("value");
  // An entry that lies may name a policy that nothing can be signed of.
  for (const policyId of [0, 2 ** 32, 2 ** 40]) expect(faultOf({ policyId })).toBe("value");
  expect(faultOf({}, { value: undefined })).toBe("value");
  for (const value of ["", "00", "0g".repeat(64), "00".repeat(64), `${signature.value}00`])
    expect(faultOf({}, { value })).toBe("value");
});

test("a share of 0 and no share differ by the action", async () => {
  const end: SignedChange = { ...CHANGE, shareBps: 0 };
  const { value } = await signChange(end, { signerId: "ana", signedAtMs: AT_MS, signer: KEY });
  const keys = { signers: [{ id: "ana", publicKey: KEY.publicKey }], verify };
  const signature = { signer: "ana", signedAtMs: AT_MS, value };
  expect(changeSignatureFault(end, signature, AT_MS, keys)).toBeUndefined();
  expect(changeSignatureFault({ ...end, change: "promoted" }, signature, AT_MS, keys)).toBe("value");
});

test("a signer is known by the ID and the key; after a rotation either key may have signed", async () => {
  const by = { signerId: "ana", signedAtMs: AT_MS, signer: KEY };
  const signature = await signChange(CHANGE, by);
  const [own, other] = [KEY, OTHER].map(({ publicKey }) => ({ id: "ana", publicKey }));
  const faultBy = (...signers: ({ id: string; publicKey: Uint8Array } | undefined)[]): unknown =>
    changeSignatureFault(CHANGE, signature, AT_MS, { signers: signers.filter((one) => one !== undefined), verify });
  expect(faultBy(other)).toBe("value");
  expect(faultBy(other, own)).toBeUndefined();
  expect(faultBy({ id: "bob", publicKey: KEY.publicKey })).toBe("signer");
  expect(faultBy()).toBe("signer");
});

test("a key has to be valid at the date of the signature and when the change is made", async () => {
  const signature = await signChange(CHANGE, { signerId: "ana", signedAtMs: AT_MS, signer: KEY });
  const faultAt = (dates: { validFromMs?: bigint; validUntilMs?: bigint }, atMs: number): unknown =>
    changeSignatureFault(CHANGE, signature, atMs, {
      signers: [{ id: "ana", publicKey: KEY.publicKey, ...dates }],
      verify,
    });
  const at = BigInt(AT_MS);
  expect(faultAt({ validFromMs: at, validUntilMs: at + 2n }, AT_MS + 1)).toBeUndefined();
  expect(faultAt({ validFromMs: at + 1n }, AT_MS + 1)).toBe("date");
  expect(faultAt({ validUntilMs: at }, AT_MS - 1)).toBe("date");
  // Backdated with a key that has been revoked meanwhile.
  expect(faultAt({ validUntilMs: at + 2n }, AT_MS + 2)).toBe("date");
});

test.each([
  ["a digest with other than 64 digits", { genesisHash: "11" }],
  ["a sequence of 0", { follows: 0 }],
  ["a policy of 33 bits", { policyId: 2 ** 32 }],
  ["a share of a promotion", { change: "promoted" }],
  ["a share above 100 %", { shareBps: 10_001 }],
] as const)("nothing is signed with %s", (_name, change) => {
  expect(() => changeMessage({ ...CHANGE, ...change }, AT_MS, "ana")).toThrow();
});
