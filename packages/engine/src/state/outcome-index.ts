/**
 * The decisions that have an outcome: one bit per entry of the journal, kept for good, and the latest outcomes in full, so
 * that a duplicate gets the first answer.
 * @module
 */
import {
  DISPOSITIONS,
  type EntryBody,
  invariant,
  isDigest,
  OUTCOME_RECORDS,
  type OutcomeEntry,
  outcomeCost,
  SIGNALS,
  SNAPSHOT_PAGE_RECORDS,
  type SnapshotMembers,
} from "@calybris/kernel";
import type { Reported } from "../flows/parsed-outcome.ts";
import type { SnapshotLine } from "../snapshot/line.ts";
import { Pages } from "../snapshot/pages.ts";
import { RecordLog } from "../snapshot/record-log.ts";
import type { Observed } from "./observed.ts";
import type { Stage } from "./stage.ts";

/** Number of outcomes remembered in full. */
export const OUTCOMES_KEPT_MAX = 131_072;
const CHUNK_BITS: number = SNAPSHOT_PAGE_RECORDS.reported;

/** An outcome in a snapshot. */
type OutcomeRecord = ReturnType<typeof OUTCOME_RECORDS.read>;

/**
 * The record of an outcome entry.
 *
 * @param closedCost - cost at which the decision's reservation was closed before the outcome.
 */
function recordOf(sequence: number, entry: OutcomeEntry, closedCost: bigint | undefined): OutcomeRecord {
  const cost = outcomeCost(entry);
  const known = cost ?? closedCost;
  return {
    of: entry.of,
    sequence,
    disposition: DISPOSITIONS.indexOf(entry.disposition),
    succeeded: entry.succeeded === undefined ? NOT_TOLD : entry.succeeded ? 1 : 0,
    signals: (entry.signals ?? []).reduce((bits, signal) => bits | (1 << SIGNALS.indexOf(signal)), 0),
    hasLatency: entry.latencyMs === undefined ? 0 : 1,
    latencyMs: entry.latencyMs ?? 0,
    cost: cost !== undefined ? COST_TOLD : known === undefined ? NO_COST : COST_CLOSED,
    costMicrocents: known ?? 0n,
    successBps: entry.successBps,
    rewardBps: entry.rewardBps,
    learned: entry.learned ? 1 : 0,
    digest: entry.digest,
  };
}

const NOT_TOLD = 2;
const [NO_COST, COST_TOLD, COST_CLOSED] = [0, 1, 2];

function rememberedRecord(record: OutcomeRecord): Remembered {
  const { sequence, successBps, rewardBps, digest, costMicrocents } = record;
  const observed = { decisionId: "", sequence, successBps, rewardBps, learned: record.learned === 1, digest };
  const content = outcomeContent({
    disposition: DISPOSITIONS[record.disposition] as OutcomeEntry["disposition"],
    succeeded: record.succeeded === NOT_TOLD ? undefined : record.succeeded === 1,
    signals: SIGNALS.filter((_, bit) => (record.signals & (1 << bit)) !== 0),
    latencyMs: record.hasLatency === 0 ? undefined : record.latencyMs,
  });
  const costs =
    record.cost === COST_TOLD
      ? [costMicrocents]
      : [undefined, record.cost === COST_CLOSED ? costMicrocents : undefined];
  return { sequence, content, costs, observed: { ...observed, repeated: true } };
}

/** The reported content, without time and cost. */
function outcomeContent(reported: {
  readonly disposition: OutcomeEntry["disposition"];
  readonly succeeded?: boolean | undefined;
  readonly signals?: OutcomeEntry["signals"] | undefined;
  readonly latencyMs?: number | undefined;
}): string {
  const { disposition, succeeded, signals = [], latencyMs } = reported;
  return [disposition, succeeded, signals.join("+"), latencyMs].join(" ");
}

/** A report and its answer. */
export interface Remembered {
  readonly sequence: number;
  /** The reported content as one text; `undefined` if it is no longer known. */
  readonly content: string | undefined;
  /** The costs that make the same report: after a settlement its cost may be given or omitted. */
  readonly costs: readonly (bigint | undefined)[];
  readonly observed: Omit<Observed, "settlement">;
}

/** Whether a report equals the remembered one. */
export function isSameReport(before: Remembered, reported: Reported): boolean {
  return before.content === outcomeContent(reported) && before.costs.includes(reported.costMicrocents);
}

export class OutcomeIndex implements Stage {
  readonly parts: readonly string[] = ["reported", "outcomes"];
  /** A bit for each entry of the journal. */
  readonly #reported: Pages = new Pages("reported", CHUNK_BITS / 8);
  /** The latest outcomes as a snapshot holds them, in bytes: as objects they would be most of the heap. */
  readonly #log: RecordLog<OutcomeRecord> = new RecordLog("outcomes", OUTCOME_RECORDS, SNAPSHOT_PAGE_RECORDS.outcomes);
  /** Record number of each decision's outcome. */
  readonly #numbers = new Map<number, number>();
  /** Continues at the oldest remaining key: a new iterator would walk over all deleted ones. */
  readonly #oldest: MapIterator<number> = this.#numbers.keys();

  readonly #closedCost: (of: number) => bigint | undefined;
  /** The record of the last checked outcome. */
  #next: OutcomeRecord | undefined;

  /** @param closedCost - the cost of a closed reservation; `undefined` for an open or unknown one. */
  constructor(closedCost: (of: number) => bigint | undefined) {
    this.#closedCost = closedCost;
  }

  check(sequence: number, _at: number, body: EntryBody): void {
    if (body.kind !== "outcome") return;
    invariant(isDigest(body.digest), "an outcome has its digest");
    this.#next = recordOf(sequence, body, this.#closedCost(body.of));
  }

  apply(_sequence: number, _at: number, body: EntryBody): void {
    if (body.kind === "outcome") this.#remember(body.of, this.#next as OutcomeRecord);
  }

  #remember(of: number, record: OutcomeRecord): void {
    this.#mark(of);
    const before = this.#numbers.get(of);
    if (before !== undefined) this.#forget(of, before);
    this.#numbers.set(of, this.#log.append(record));
    if (this.#numbers.size <= OUTCOMES_KEPT_MAX) return;
    const oldest = this.#oldest.next().value as number;
    this.#forget(oldest, this.#numbers.get(oldest) as number);
  }

  *lines(): Generator<SnapshotLine> {
    yield* this.#reported.lines();
    yield* this.#log.lines();
  }

  restore(part: string, members: SnapshotMembers): void {
    if (part === "reported") this.#reported.restore(members);
    else this.#restoreLatest(members);
  }

  #restoreLatest(members: SnapshotMembers): void {
    this.#log.restore(members, (record, number) => {
      if (record.disposition >= DISPOSITIONS.length) throw new RangeError("an outcome is of no known disposition");
      this.#numbers.set(record.of, number);
      return true;
    });
  }

  /** The remembered outcome of a decision; `undefined` if none was reported. */
  find(of: number): Remembered | undefined {
    const number = this.#numbers.get(of);
    const record = number === undefined ? undefined : this.#log.read(number);
    if (record !== undefined) return rememberedRecord(record);
    const bit = of % CHUNK_BITS;
    const bits = this.#reported.get(Math.floor(of / CHUNK_BITS))?.bytes;
    if (bits === undefined || ((bits[bit >> 3] as number) & (1 << (bit & 7))) === 0) return undefined;
    return FORGOTTEN;
  }

  #mark(of: number): void {
    const bit = of % CHUNK_BITS;
    const { bytes } = this.#reported.own(Math.floor(of / CHUNK_BITS));
    bytes[bit >> 3] = (bytes[bit >> 3] as number) | (1 << (bit & 7));
  }

  #forget(of: number, number: number): void {
    this.#numbers.delete(of);
    this.#log.erase(number);
  }
}

/** An outcome that was reported, and of which nothing else is known any more. */
const FORGOTTEN: Remembered = Object.freeze({
  sequence: 0,
  content: undefined,
  costs: [],
  observed: {
    decisionId: "",
    sequence: 0,
    successBps: 0,
    rewardBps: 0,
    learned: false,
    digest: "",
    repeated: true,
  },
});
