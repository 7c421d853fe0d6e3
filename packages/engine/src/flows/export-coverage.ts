/**
 * Which calls a usage export covers, when it is said to have every request that was billed up to a time. A call that a killed
 * process left may never have reached its provider, and then no row ever says so.
 * @module
 */
import type { EngineReading } from "../reading.ts";

/**
 * The calls among some reservations, by the sequence of their decision, whose attempts were all begun before a time.
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
      // The time of an entry is never before that of an earlier one.
      if (data.kind === "attempt" && data.change === "begun" && data.at >= untilUs) covered.delete(data.of ?? 0);
    }
  return covered;
}

interface LineJson {
  readonly data: {
    readonly sequence: number;
    readonly at: number;
    readonly kind: string;
    /** Of the decision of a call: any other is made by a client that sends no id of ours to its provider. */
    readonly basis?: string;
    readonly change?: string;
    readonly of?: number;
  };
}
