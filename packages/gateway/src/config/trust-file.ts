/**
 * A trust file: the keys that a verifier or a service accepts, with the dates of their rotation and revocation
 * (docs/keys.md).
 *
 *     { "quorum": 1,
 *       "logs": [{ "key": "name+ID+base64", "validUntil": "2026-12-01T00:00:00Z" }],
 *       "witnesses": [{ "key": "name+ID+base64", "url": "https://witness.example" }],
 *       "signers": [{ "key": "name+ID+base64" }] }
 * @module
 */
import type { WitnessAddress } from "@calybris/engine";
import { decodeUtf8, readFileBytes } from "@calybris/engine/internal";
import {
  CalybrisError,
  type CheckpointTrust,
  type DatedKey,
  parseStrictJson,
  parseVerifierKey,
  type TrustedSigner,
} from "@calybris/kernel";

export interface TrustFile extends CheckpointTrust {
  readonly witnesses: readonly WitnessAddress[];
  /** Signers of receipts and of policy changes. */
  readonly signers: readonly TrustedSigner[];
}

type Members = { readonly [name: string]: unknown };
const MS_PER_SECOND = 1_000n;
const KEYS_MAX = 1_000;
/** A date in UTC, to the second. */
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;

/**
 * The signers of `rollout.signersFile`.
 *
 * @throws CalybrisError as {@link parseTrustFile}; `CAL_INPUT_UNREADABLE`; `CAL_INPUT_MALFORMED` for a file without signers,
 *   with which no change would be possible.
 */
export async function readSigners(file: string): Promise<readonly TrustedSigner[]> {
  const { signers } = parseTrustFile(decodeUtf8(await readFileBytes(file), file), file);
  if (signers.length > 0) return signers;
  throw new CalybrisError("CAL_INPUT_MALFORMED", { file, problem: "`signers` lists no key" });
}

/**
 * @param file - the name of the text in errors.
 * @throws CalybrisError `CAL_INPUT_MALFORMED` naming the member, `CAL_PROOF_MALFORMED` for a key.
 */
export function parseTrustFile(text: string, file: string): TrustFile {
  const refuse = (problem: string): never => {
    throw new CalybrisError("CAL_INPUT_MALFORMED", { file, problem });
  };
  let value: unknown;
  try {
    value = parseStrictJson(text);
  } catch (cause) {
    if (cause instanceof CalybrisError) throw cause;
    return refuse((cause as Error).message);
  }
  const whole = members(value, "it", ["quorum", "logs", "witnesses", "signers"], refuse);
  const list = (name: string): readonly unknown[] => {
    const rows = whole[name] ?? [];
    if (!Array.isArray(rows) || rows.length > KEYS_MAX) return refuse(`\`${name}\` is not a list of keys`);
    return rows;
  };
  const witnesses = list("witnesses").map((row, at) => {
    const { url } = members(row, `witnesses[${at}]`, ["key", "url", "validFrom", "validUntil"], refuse);
    if (url !== undefined && (typeof url !== "string" || !/^https?:$/.test(URL.parse(url)?.protocol ?? "")))
      return refuse(`\`witnesses[${at}].url\` is not an http or https URL`);
    const dated = datedKey(row, `witnesses[${at}]`, refuse);
    if (dated.key.type !== "cosignature")
      return refuse(`\`witnesses[${at}].key\` is not the key of a witness (type 04)`);
    return { ...dated, url: url as string | undefined };
  });
  const quorum = whole["quorum"] ?? 0;
  if (!Number.isSafeInteger(quorum) || Number(quorum) < 0 || Number(quorum) > witnesses.length)
    return refuse(`\`quorum\` is not a number from 0 to ${witnesses.length}, the number of witnesses`);
  return {
    quorum: Number(quorum),
    witnesses,
    logs: list("logs").map((row, at) => datedKey(row, `logs[${at}]`, refuse)),
    signers: list("signers").map((row, at) => signerOf(row, `signers[${at}]`, refuse)),
  };
}

function signerOf(row: unknown, at: string, refuse: (problem: string) => never): TrustedSigner {
  const { key, validFromSeconds, validUntilSeconds } = datedKey(row, at, refuse);
  return {
    id: key.name,
    publicKey: key.publicKey,
    ...(validFromSeconds !== undefined && { validFromMs: validFromSeconds * MS_PER_SECOND }),
    ...(validUntilSeconds !== undefined && { validUntilMs: validUntilSeconds * MS_PER_SECOND }),
  };
}

function datedKey(row: unknown, at: string, refuse: (problem: string) => never): DatedKey {
  const { key, validFrom, validUntil } = members(row, at, ["key", "url", "validFrom", "validUntil"], refuse);
  if (typeof key !== "string") return refuse(`\`${at}.key\` is not a verifier key`);
  const date = (name: string, text: unknown): bigint => {
    const ms = typeof text === "string" && DATE.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(ms)) return refuse(`\`${at}.${name}\` is not a date such as 2026-12-01T00:00:00Z`);
    return BigInt(ms) / MS_PER_SECOND;
  };
  return {
    key: parseVerifierKey(key),
    ...(validFrom !== undefined && { validFromSeconds: date("validFrom", validFrom) }),
    ...(validUntil !== undefined && { validUntilSeconds: date("validUntil", validUntil) }),
  };
}

function members(value: unknown, at: string, names: readonly string[], refuse: (problem: string) => never): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return refuse(`${at} is not an object`);
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  return unknown === undefined ? (value as Members) : refuse(`${at} has an unknown member \`${unknown}\``);
}
