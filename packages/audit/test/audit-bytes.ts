/** Audits the bytes of a log as a file of it would be read. */
import { createHash } from "node:crypto";
import { type AuditOptions, type AuditReport, createAudit } from "../src/index.ts";

const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

export function audit(bytes: Uint8Array | string, options: AuditOptions = {}): AuditReport {
  const checked = createAudit({ sha256, ...options });
  const all = Buffer.from(bytes);
  for (let start = 0; start < all.length; ) {
    const newline = all.indexOf(10, start);
    const end = newline === -1 ? all.length : newline;
    const place = { file: "segment-000001.jsonl", byteOffset: start };
    if (newline === -1) checked.unterminated(all.subarray(start, end), place);
    else checked.line(all.subarray(start, end), place);
    start = end + 1;
  }
  return checked.finish();
}

/** The hash of the last of some lines. */
export function lastHash(of: readonly string[]): string {
  return /"entry_hash":"([0-9a-f]+)"/.exec(of.at(-1) ?? "")?.[1] ?? "";
}

/** The bits of a log whose flip goes unnoticed where it may not: none, but for what looks like a torn tail in the last line. */
export function missedFlips(lines: readonly string[], isTried: (bit: number) => boolean): readonly string[] {
  const anchor = { sequence: lines.length, lastHash: lastHash(lines) };
  const bytes = Buffer.from(lines.join(""));
  const lastLineOffset = bytes.length - Buffer.byteLength(lines.at(-1) ?? "");
  const missed: string[] = [];
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    if (!isTried(bit)) continue;
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const plain = audit(flipped);
    const isLast = bit >> 3 >= lastLineOffset - 1;
    if (plain.status === "intact" || (plain.status !== "broken" && !isLast)) missed.push(`bit ${bit}: ${plain.status}`);
    if (isLast && bit >> 3 < bytes.length - 1 && audit(flipped, { heads: [anchor] }).status !== "broken")
      missed.push(`bit ${bit} with a head`);
  }
  return missed;
}
