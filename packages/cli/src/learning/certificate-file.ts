/**
 * Reads a certificate from a file and checks it before a journal is opened. The number of passed thresholds is not used as
 * the number of regimes: thresholds of a grid are finer, and those of another prior differ.
 * @module
 */
import { membersOf, readJsonFile, showValue } from "@calybris/engine/internal";
import { BPS_MAX, CalybrisError, isDigest, REGIME_COUNT } from "@calybris/kernel";

/** A certificate: this number of regimes, in order of predicted gain, may be served below the top tier. */
export interface Certificate {
  readonly regimes: number;
  readonly alphaBps: number;
  readonly deltaBps: number;
  readonly samples: number;
  /** Digest of the prior that it was computed with; omitted without one. */
  readonly prior?: string;
}

/** The numeric members of a certificate. */
type CertificateKey = Exclude<keyof Certificate, "prior">;

const WHY_CHARACTERS_MAX = 200;

/** The bounds of each member. A risk or an error probability of 0 or 1 certifies nothing. */
export const CERTIFICATE_BOUNDS: { readonly [Key in CertificateKey]: readonly [min: number, max: number] } = {
  regimes: [0, REGIME_COUNT],
  alphaBps: [1, BPS_MAX - 1],
  deltaBps: [1, BPS_MAX - 1],
  samples: [0, Number.MAX_SAFE_INTEGER],
};

export const CERTIFICATE_KEYS: readonly CertificateKey[] = ["regimes", "alphaBps", "deltaBps", "samples"];

/**
 * Reads the members of a certificate, at the top level of the file or under `certificate`. Other members, such as savings
 * and method, are allowed.
 *
 * @throws CalybrisError `CAL_INPUT_MALFORMED` naming the member that is missing or out of bounds.
 */
export async function readCertificate(file: string): Promise<Certificate> {
  const { value } = await readJsonFile(file);
  const top = membersOf(value);
  const members = top["certificate"] === undefined ? top : membersOf(top["certificate"]);
  const why = top["noCertificate"];
  if (typeof why === "string") {
    const problem = `holds no certificate: ${why.slice(0, WHY_CHARACTERS_MAX)}`;
    throw new CalybrisError("CAL_INPUT_MALFORMED", { file, problem });
  }
  const [regimes, alphaBps, deltaBps, samples] = CERTIFICATE_KEYS.map((key) => {
    const [min, max] = CERTIFICATE_BOUNDS[key];
    const found = members[key];
    if (typeof found === "number" && Number.isSafeInteger(found) && found >= min && found <= max) return found;
    const says = found === undefined ? "is missing" : `is ${showValue(found)}`;
    const isCount = key === "regimes" && found === undefined && members["passed"] !== undefined;
    const hint = isCount
      ? ". `passed` counts thresholds: if they were the regimes of your prior, say so by --regimes"
      : "";
    const problem = `is not a certificate: ${key} ${says}; it must be an integer from ${min} to ${max}${hint}`;
    throw new CalybrisError("CAL_INPUT_MALFORMED", { file, problem });
  }) as [number, number, number, number];
  const { prior } = members;
  if (prior !== undefined && !isDigest(prior)) {
    const problem = `is not a certificate: prior is ${showValue(prior)}; it must be the digest of a prior, 64 hexadecimal digits`;
    throw new CalybrisError("CAL_INPUT_MALFORMED", { file, problem });
  }
  return { regimes, alphaBps, deltaBps, samples, ...(prior === undefined ? {} : { prior }) };
}
