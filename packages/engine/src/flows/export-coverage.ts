/**
 * The calls that a usage export covers, if it is declared complete up to a time. A call that a killed process left may never
 * have reached its provider, and then no row ever mentions it.
 * @module
 */
import type { EngineReading } from "../reading.ts";

/**
 * The given calls, by the sequence of their decision, whose attempts were all begun before a time.
 *
 * @param calls - sequences of decisions.
 * @param untilUs - microseconds since the Unix epoch.
 */
export async function begunBefore(
  reading: EngineReading,
  calls: ReadonlySet<number>,
  untilUs: number,
): Promise<ReadonlySet<number>> {
  const covered = new Set<number>();
  for await (const piece of reading.lines(1, reading.head.sequence))
    for (const line of piece.toString("utf8").trimEnd().split("\n")) {
      const { data } = JSON.parse(line) as LineJson;
      const isCall = data.kind === "decision" && data.basis !== undefined;
      if (isCall && data.at < untilUs && calls.has(data.sequence)) covered.add(data.sequence);
      // One attempt that was begun later is enough: the export may lack its row.
      if (data.kind === "attempt" && data.change === "begun" && data.at >= untilUs) covered.delete(data.of ?? 0);
    }
  return covered;
}

interface LineJson {
  readonly data: {
    readonly sequence: number;
    readonly at: number;
    readonly kind: string;
    /** Set for the decision of a call; for other decisions, the client sends no id of ours to its provider. */
    readonly basis?: string;
    readonly change?: string;
    readonly of?: number;
  };
}
