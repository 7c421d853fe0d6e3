/**
 * The digest of a prior (`calypri1`), from its JSON in the journal. A certificate names it, so that one prior cannot be
 * substituted for another.
 * @module
 */
import { ByteWriter, type Sha256, toHex, toUtf8 } from "@calybris/kernel";
import type { NodesJson, PriorJson } from "./prior-json.ts";

const TREE_LISTS = ["roots", "nodeFeature", "nodeThreshold", "nodeLeft", "leafMillibps"] as const;
const HEADER_BYTES = 64;
const RARITY_BYTES = 2;
const WEIGHT_BYTES = 4;
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** 64 hexadecimal digits. */
export function priorDigest(prior: PriorJson, sha256: Sha256): string {
  const { format, features, categories, categoryOtherBps, head, text, success = [], boundariesBps } = prior;
  const names = [...features, ...categories].map(({ name }) => toUtf8(name));
  const lists: readonly (readonly number[])[] = [
    features.map(({ center }) => center),
    features.map(({ spread }) => spread),
    [...categories.map(({ gainBps }) => gainBps), categoryOtherBps],
    boundariesBps,
    ...(head.kind === "linear" ? [head.weightsMillibps] : treeLists(head)),
    ...(text === undefined ? [] : [packed(text.rarities, RARITY_BYTES), packed(text.weights, WEIGHT_BYTES)]),
    ...(text?.shapes === undefined ? [] : treeLists(text.shapes)),
    ...success.flatMap((each) => [
      [each.interceptMillibps, each.gainThousandths],
      each.weightsMillibps,
      each.categoriesBps,
    ]),
  ];
  const size = [...names, ...lists].reduce((sum, each) => sum + 4 + 4 * each.length, HEADER_BYTES);
  const writer = new ByteWriter(size).tag("calypri1").u32(format).u32(features.length);
  for (const name of names) writer.u32(name.length).raw(name);
  writer.u8(head.kind === "linear" ? 0 : 1).u8(text === undefined ? 0 : 1);
  writer.u32(head.interceptMillibps >>> 0);
  for (const list of lists) {
    writer.u32(list.length);
    for (const value of list) writer.u32(value >>> 0);
  }
  return toHex(sha256(writer.finish()));
}

function treeLists(trees: NodesJson): readonly (readonly number[])[] {
  return TREE_LISTS.map((list) => trees[list]);
}

/** Little-endian integers of the given number of bytes, from base64; four-byte integers are signed. */
function packed(base64: string, bytesEach: number): readonly number[] {
  const bytes: number[] = [];
  let [held, bits] = [0, 0];
  for (const character of base64) {
    const digit = DIGITS.indexOf(character);
    if (digit < 0) break;
    held = ((held << 6) | digit) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 0xff);
  }
  return Array.from({ length: bytes.length / bytesEach }, (_, at) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(at * bytesEach, (at + 1) * bytesEach);
    return a | (b << 8) | (c << 16) | (d << 24);
  });
}
