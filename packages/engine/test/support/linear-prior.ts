/** A prior of one line: the gain is so many spreads of the first feature, a thousand bps each. */
import { loadPrior, type SuccessFile } from "../../src/router/prior-file.ts";

export interface LinearPrior {
  readonly names: readonly string[];
  /** Of the first feature, in thousandths of a bps for a spread. */
  readonly weight?: number;
  readonly text?: boolean;
  /** Heads of success, which make it a prior of format 2. */
  readonly success?: readonly SuccessFile[];
}

const TEXT_BUCKETS = 8;

/** The file as `calybris train` would write it. */
export function linearPrior({ names, weight = 1_000_000, text = false, success }: LinearPrior): object {
  const file = {
    format: success === undefined ? 1 : 2,
    digest: "0".repeat(64),
    features: names.map((name) => ({ name, center: 500, spread: 100 })),
    categories: [{ name: "other", gainBps: -250 }],
    categoryOtherBps: 0,
    head: {
      kind: "linear",
      interceptMillibps: -3,
      weightsMillibps: names.map((_, at) => (at === 0 ? weight : 0)),
    },
    ...(text ? { text: textTables() } : {}),
    ...(success === undefined ? {} : { success }),
    boundariesBps: [-3_000, -2_000, -1_000, 0, 1_000, 2_000, 3_000],
  };
  return { ...file, digest: digestOf(file) };
}

/** A prior of two small trees over the first feature. */
export function treesPrior(names: readonly string[]): object {
  const file = {
    ...linearPrior({ names }),
    head: {
      kind: "trees",
      interceptMillibps: -7,
      roots: [0, 3],
      nodeFeature: [0, -1, -1, 0, -1, -1],
      nodeThreshold: [5, 0, 0, -3, 0, 0],
      nodeLeft: [1, 0, 0, 4, 0, 0],
      leafMillibps: [0, -2_000_000, 1_000_000, 0, -500_000, 500_000],
    },
  };
  return { ...file, digest: digestOf(file) };
}

export function digestOf(file: object): string {
  return loadPrior(file, undefined, { isDigestChecked: false }).digestHex;
}

function textTables(): object {
  const [rarities, weights] = [Buffer.alloc(TEXT_BUCKETS * 2), Buffer.alloc(TEXT_BUCKETS * 4)];
  for (let at = 0; at < TEXT_BUCKETS; at++) {
    rarities.writeUInt16LE(100 + at, at * 2);
    weights.writeInt32LE(at % 2 === 0 ? -16_000 - at : 70_000, at * 4);
  }
  return { buckets: TEXT_BUCKETS, rarities: rarities.toString("base64"), weights: weights.toString("base64") };
}
