/**
 * Lines of decisions: the text of each is made here, from its record and its digests. The writer thread does this, and a writer
 * that is driven by hand.
 * @module
 */
import { DIGEST_BYTES, type Pages } from "./decision-record.ts";
import type { LineChain } from "./line-chain.ts";
import type { ProofTable } from "./proofs.ts";
import { putDecisionText } from "./record-text.ts";

/** As `LineChain.lay`, of the record at `record`, whose digests are in their place; `textBytesMax` and `LINE_BYTES_AROUND` must fit. */
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
