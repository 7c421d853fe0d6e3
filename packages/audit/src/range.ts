/**
 * The audit of one range of a log's entries. Ranges are read in parallel, each in its own thread: the first begins at
 * genesis, every other after a snapshot. `ranges.ts` joins the results.
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

/** The result of a range without findings. It can be sent between threads. */
export interface AuditedRange
  extends Pick<AuditReport, "entries" | "decisions" | "actions" | "reasons" | "policies" | "money" | "checkpoints"> {
  /** Sequence of the last entry before the range; 0 for the first range. */
  readonly fromSequence: number;
  readonly previousHash: string;
  readonly firstDurable: number;
  /** {@link AuditedRange.carriedAtEnd} of the previous range, according to the snapshot; `undefined` for the first range. */
  readonly carriedAtStart: string | undefined;
  /** Everything that the checks of later entries depend on. */
  readonly carriedAtEnd: string;
  readonly last: { readonly sequence: number; readonly hash: string };
  readonly durable: number;
  readonly state: AuditState;
  /** Without overdue reservations; only for the last range. */
  readonly proof: ConservationProof | undefined;
  readonly changes: ChangeCounts;
  readonly hasDraws: boolean;
  readonly unbound: number;
  /** Number of decisions that ran. */
  readonly keptCount: number;
  readonly awaited: readonly AwaitedOutcome[];
  /** The entry whose head has the given MAC, if it was found. */
  readonly headMac: number | undefined;
}

export interface RangeAudit {
  /** Takes the next line, without its newline. */
  readonly line: (line: Uint8Array, place: Place) => void;
  /** Whether there is no finding and no suspicion so far. */
  readonly isClean: () => boolean;
  /** `undefined` if there is any finding. */
  readonly finish: (isLast: boolean) => AuditedRange | undefined;
  /** Compares outcomes of decisions in this range, in the order of their entries (`LearningCheck.compareAwaited`). */
  readonly compareAwaited: (awaited: readonly AwaitedOutcome[], more: number) => ComparedOutcomes;
}

/**
 * If a range has findings, it reports only that it has some: one audit of the whole log then reports them.
 *
 * @param options - those of an audit of the whole log, with the snapshot before the range.
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
      // Signatures are bound to the first entry, which only an audit of the whole log reads.
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
