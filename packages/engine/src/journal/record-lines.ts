/**
 * Lines of decisions: makes the text of each from its record and its digests. Used by the writer thread, and by a writer
 * that is driven by hand.
 * @module
 */
import { DIGEST_BYTES, type Pages } from "./decision-record.ts";
import type { LineChain } from "./line-chain.ts";
import type { ProofTable } from "./proofs.ts";
import { putDecisionText } from "./record-text.ts";

/**
 * Like `LineChain.lay`, for the record at `record`, whose digests are in place; `textBytesMax` and `LINE_BYTES_AROUND` must
 * fit.
 */
export function layRecordLine(
  chain: LineChain,
  proofs: ProofTable,
  { target, at, durable }: { readonly target: Buffer; readonly at: number; readonly durable: number },
  pages: Pages,
  record: number,
): number {
  const digestsAt = proofs.digestsAt(chain.sequence + 1);
  const tailAt = chain.begin(target, at, durable);
  const identityAt = digestsAt + 2 * DIGEST_BYTES;
  return chain.finish(target, putDecisionText(pages, record, target, tailAt, proofs.bytes, identityAt));
}
