/**
 * The audit of one range of a log's entries. Ranges are read at the same time, each in a thread of its own: the first begins at
 * genesis, every other behind a snapshot. `ranges.ts` puts them together.
 * @module
 */
import type { ConservationProof } from "@calybris/kernel";
import type { AuditOptions } from "./audit-options.ts";
import type { AuditState } from "./audit-state.ts";
import type { ChangeCounts } from "./change-check.ts";
import { auditedMoney, LogAudit } from "./audit.ts";
import type { AwaitedOutcome, ComparedOutcomes } from "./learning/awaited.ts";
import type { AuditReport, Place } from "./report.ts";
import { rawLine } from "./line.ts";

/** What a range that nothing was found in adds up to. It can be sent from one thread to another. */
export interface AuditedRange
  extends Pick<AuditReport, "entries" | "decisions" | "actions" | "reasons" | "policies" | "money" | "checkpoints"> {
  /** The last entry before it; 0 for the first range. */
  readonly fromSequence: number;
  readonly previousHash: string;
  readonly firstDurable: number;
  /** {@link AuditedRange.carriedAtEnd} of the entries before it, as its snapshot has them; `undefined` for the first range. */
  readonly carriedAtStart: string | undefined;
  /** Everything that the checks of later entries depend on. */
  readonly carriedAtEnd: string;
  readonly last: { readonly sequence: number; readonly hash: string };
  readonly durable: number;
  readonly state: AuditState;
  /** With nothing overdue; of the last range. */
  readonly proof: ConservationProof | undefined;
  readonly changes: ChangeCounts;
  readonly hasDraws: boolean;
  readonly unbound: number;
  /** Decisions that ran. */
  readonly keptCount: number;
  readonly awaited: readonly AwaitedOutcome[];
  /** The entry whose head the MAC of the head is of, as far as it was found. */
  readonly headMac: number | undefined;
}

export interface RangeAudit {
  /** Takes the next line, without its newline. */
  readonly line: (line: Uint8Array, place: Place) => void;
  /** Whether nothing was found so far, and nothing is suspected. */
  readonly isClean: () => boolean;
  /** `undefined` unless everything was as it has to be. */
  readonly finish: (isLast: boolean) => AuditedRange | undefined;
  /** Compares outcomes of decisions in this range, in the order of their entries (`LearningCheck.compareAwaited`). */
  readonly compareAwaited: (awaited: readonly AwaitedOutcome[], more: number) => ComparedOutcomes;
}

/**
 * Whatever it finds, it says only that it found something: one audit of the whole log then says what.
 *
 * @param options - as of an audit of the whole log; with the snapshot that the range begins behind.
 *
 * @example
 * ```ts
 * import { createRangeAudit } from "@calybris/audit";
 * createRangeAudit().finish(true); // undefined: it holds no entry
 * ```
 */
export function createRangeAudit(options: AuditOptions = {}): RangeAudit {
  const log = new LogAudit(options, true);
  const { content } = log;
  const carriedAtStart = options.snapshot === undefined ? undefined : content.carried();
  const policiesBefore = content.policies.length;
  return {
    line: (line, place) => log.take(rawLine(line), place, true),
    isClean: () => log.isClean,
    compareAwaited: (awaited, more) => content.learning.compareAwaited(awaited, more),
    finish: (isLast) => {
      const { firstPreviousHash: previousHash, entries, fromSequence, last } = log;
      const { firstDurable, durable, decisions, actions, reasons, checkpoints, state, learning } = content;
      const carriedAtEnd = isLast ? "" : content.carried();
      // One audit of the whole log reads the first entry, which signatures are bound to.
      if (content.changes.isUnbound) return undefined;
      if (!log.isWhole || previousHash === undefined || firstDurable === undefined || carriedAtEnd === undefined)
        return undefined;
      return {
        ...{ entries, decisions, actions, reasons, policies: content.policies.slice(policiesBefore), checkpoints },
        ...{ fromSequence, previousHash, firstDurable, carriedAtStart, carriedAtEnd, last, durable, state },
        money: isLast ? auditedMoney(content.prove(state.at)) : undefined,
        proof: isLast ? content.prove(0) : undefined,
        changes: content.changes.counts,
        hasDraws: learning.hasDraws,
        unbound: learning.unbound,
        keptCount: learning.keptCount,
        awaited: learning.awaited,
        headMac: options.headMac?.sequence,
      };
    },
  };
}
