/** Random workloads about money, run by a real engine on a disk in memory. */
import { type Decided, Engine, parseBudgets } from "@calybris/engine";
import { InlineDriver, LedgerView, Writer } from "@calybris/engine/internal";
import { CalybrisError, type ConservationProof, type HoldCause, parseEntryLine } from "@calybris/kernel";
import fc from "fast-check";
import { MemoryDisk } from "../../engine/test/support/memory-disk.ts";
import { sampleSnapshot } from "../../engine/test/support/sample-snapshot.ts";

/** Four levels, one tenant alone, and requests without a tenant. */
const PARENTS: Readonly<Record<string, string | undefined>> = {
  org: undefined,
  team: "org",
  key: "team",
  user: "key",
  solo: undefined,
  default: undefined,
};
export const NAMES: readonly string[] = Object.keys(PARENTS);

type Operation =
  | { readonly kind: "apply"; readonly terms: readonly (Terms | null)[] }
  | { readonly kind: "decide"; readonly tenant: string | undefined; readonly request: object }
  | { readonly kind: "grant"; readonly tenant: string; readonly amount: bigint; readonly id: number }
  | { readonly kind: "move"; readonly move: Move; readonly pick: number; readonly costBps: number }
  | { readonly kind: "wait"; readonly us: number }
  | { readonly kind: "sweep" }
  | { readonly kind: "ahead"; readonly tenant: string; readonly amount: bigint }
  | { readonly kind: "undo" };

type Move = "settle" | "release" | "hold" | "reconcile" | "correct";

interface Terms {
  readonly unlimited: boolean;
  readonly capMicrocents: number | undefined;
  readonly period:
    | { readonly every: string; readonly timeZone: string; readonly allotmentMicrocents: number }
    | undefined;
  readonly onShortfall: string;
  readonly reservationSeconds: number;
}

const MINUTE_US = 60_000_000;
const DAY_US = 1_440 * MINUTE_US;
/** What a decision of this workload may cost: a few thousand microcents. */
const amount = fc.oneof(fc.nat(9_000), fc.constant(0), fc.constant(750));

const terms: fc.Arbitrary<Terms> = fc.record({
  unlimited: fc.nat(9).map((digit) => digit === 0),
  capMicrocents: fc.option(amount, { nil: undefined, freq: 2 }),
  period: fc.option(
    fc.record({
      every: fc.constantFrom("day", "week", "month", "quarter"),
      timeZone: fc.constantFrom("UTC", "Europe/Berlin", "Pacific/Apia", "America/Sao_Paulo"),
      allotmentMicrocents: amount,
    }),
    { nil: undefined, freq: 2 },
  ),
  onShortfall: fc.constantFrom("substitute", "reject"),
  reservationSeconds: fc.constantFrom(1, 60, 100_000, 2_678_400),
});

const tenant = fc.constantFrom(...NAMES);

const apply = fc.record({
  kind: fc.constant("apply" as const),
  terms: fc.array(fc.option(terms, { freq: 3 }), { minLength: NAMES.length, maxLength: NAMES.length }),
});

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 1, arbitrary: apply },
  {
    weight: 14,
    arbitrary: fc.record({
      kind: fc.constant("decide" as const),
      tenant: fc.option(tenant, { nil: undefined, freq: 8 }),
      request: fc.record(
        {
          inputTokens: fc.constantFrom(0, 1_000_000, 3_000_000),
          outputTokens: fc.constantFrom(0, 500_000),
          requested: fc.constantFrom("better", "cheaper"),
          budgetMicrocents: fc.nat(2_000),
          reservationSeconds: fc.constantFrom(1, 3_600),
          riskBps: fc.constantFrom(0, 1_000, 9_700),
        },
        { requiredKeys: ["inputTokens", "outputTokens", "requested"] },
      ),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("grant" as const),
      tenant,
      amount: fc.oneof(
        { weight: 9, arbitrary: fc.bigInt(1n, 5_000n) },
        { weight: 1, arbitrary: fc.bigInt(2n ** 62n, 2n ** 63n - 1n) },
      ),
      id: fc.nat(30),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("move" as const),
      move: fc.constantFrom<Move>("settle", "release", "hold", "reconcile", "correct"),
      pick: fc.oneof(fc.nat(2), fc.nat(12)),
      costBps: fc.oneof(fc.constantFrom(0, 10_000), fc.nat(40_000), fc.nat(1_000_000)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      us: fc.oneof({ weight: 4, arbitrary: fc.nat(MINUTE_US) }, fc.nat(2 * DAY_US), fc.nat(200 * DAY_US)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("sweep" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("ahead" as const), tenant, amount: fc.bigInt(0n, 3_000n) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("undo" as const) }) },
);

/** Operations that begin by saying who may spend. */
export function workload(maxLength: number): fc.Arbitrary<readonly Operation[]> {
  const rest = fc.array(operation, { minLength: 5, maxLength, size: "max" });
  const grants = fc.array(fc.bigInt(1n, 20_000n), { minLength: NAMES.length, maxLength: NAMES.length });
  return fc.tuple(apply, grants, rest).map(([first, amounts, others]) => [
    first,
    ...NAMES.map((name, index) => ({
      kind: "grant" as const,
      tenant: name,
      amount: amounts[index] ?? 1n,
      id: -index,
    })),
    ...others,
  ]);
}

export interface Ran {
  /** The data of every entry. */
  readonly entries: readonly string[];
  /** Every line, as it stands on the disk. */
  readonly lines: readonly string[];
  /** What the engine said after each operation, by the entry that it counts up to. */
  readonly live: ReadonlyMap<number, Live>;
}

export interface Live {
  readonly proof: ConservationProof;
  /** Microseconds: what was overdue then. */
  readonly provedAt: number;
  readonly stateDigest: string;
}

/** Runs a workload from a new journal to its end. What the engine refuses with a code changes nothing. */
export async function runWorkload(operations: readonly Operation[]): Promise<Ran> {
  const disk = new MemoryDisk();
  const clock = { now: Date.UTC(2026, 0, 15, 12) * 1_000 };
  const engine = await Engine.open({
    directory: "memory",
    policy: sampleSnapshot(),
    disk,
    nowUs: () => ++clock.now,
    segmentBytesMax: 4_096,
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
  });
  const live = new Map<number, Live>();
  const workload = new Workload(engine, clock);
  for (const next of operations) {
    await workload.run(next);
    const proof = engine.ledger.prove();
    live.set(proof.sequence, { proof, provedAt: clock.now, stateDigest: engine.stateDigest() });
  }
  await engine.close();
  const lines = linesOf(disk);
  return { lines, entries: lines.map((line) => parseEntryLine(line)?.data ?? ""), live };
}

/** The lines of a journal's segments, without their newlines. */
export function linesOf(disk: MemoryDisk): string[] {
  return disk
    .list()
    .filter((name) => name.startsWith("segment-"))
    .flatMap((name) =>
      Buffer.from(disk.files.get(name) ?? [])
        .toString("utf8")
        .split("\n"),
    )
    .filter((line) => line !== "");
}

const HOLD_CAUSES: readonly HoldCause[] = ["client_gone", "stream_cut", "timeout", "unknown"];

class Workload {
  readonly #engine: Engine;
  readonly #clock: { now: number };
  readonly #decided: Decided[] = [];
  readonly #ahead: { readonly levels: readonly number[]; readonly amount: bigint }[] = [];

  constructor(engine: Engine, clock: { now: number }) {
    this.#engine = engine;
    this.#clock = clock;
  }

  async run(operation: Operation): Promise<void> {
    try {
      await this.#run(operation);
    } catch (error) {
      if (!(error instanceof CalybrisError)) throw error;
    }
  }

  async #run(operation: Operation): Promise<unknown> {
    const { ledger } = this.#engine;
    const view = new LedgerView(ledger.handle());
    switch (operation.kind) {
      case "apply":
        return ledger.apply(parseBudgets({ tenants: tenantsOf(operation.terms) }));
      case "decide": {
        const request = { valueMicrocents: 100_000_000, ...operation.request } as Parameters<Engine["decide"]>[0];
        const decided = await this.#engine.decide(
          operation.tenant === undefined ? request : { ...request, tenant: operation.tenant },
        );
        return decided.decision.action !== "reject" && this.#decided.push(decided);
      }
      case "grant":
        return ledger.grant({
          tenant: operation.tenant,
          amountMicrocents: operation.amount,
          id: `grant ${operation.id}`,
        });
      case "move":
        return this.#move(operation);
      case "wait":
        this.#clock.now += operation.us;
        return undefined;
      case "sweep":
        return ledger.sweep();
      case "ahead": {
        const levels = ledger.levels(operation.tenant);
        return view.reserve(levels, operation.amount) && this.#ahead.push({ levels, amount: operation.amount });
      }
      case "undo": {
        const ahead = this.#ahead.pop();
        return ahead === undefined ? undefined : view.undo(ahead.levels, ahead.amount);
      }
    }
  }

  #move({ move, pick, costBps }: Extract<Operation, { kind: "move" }>): Promise<unknown> {
    const { ledger } = this.#engine;
    const decided = this.#decided.at(-1 - (pick % (this.#decided.length + 1)));
    if (decided === undefined) return Promise.resolve();
    const { decisionId } = decided;
    const actualMicrocents = (decided.decision.costMicrocents * BigInt(costBps)) / 10_000n;
    switch (move) {
      case "settle":
        return ledger.settle({ decisionId, actualMicrocents });
      case "release":
        return ledger.release({ decisionId });
      case "hold":
        return ledger.hold({ decisionId, cause: HOLD_CAUSES[costBps % HOLD_CAUSES.length] ?? "unknown" });
      case "reconcile":
        return ledger.reconcile({ decisionId, actualMicrocents });
      case "correct":
        return ledger.correct({ decisionId, actualMicrocents });
    }
  }
}

/** A tenant is in the file when it has terms, or stands above one that has. */
function tenantsOf(terms: readonly (Terms | null)[]): object {
  const tenants: Record<string, object> = {};
  for (const [index, name] of NAMES.entries()) {
    const term = terms[index];
    if (term === null || term === undefined) continue;
    for (let above = PARENTS[name]; above !== undefined; above = PARENTS[above])
      tenants[above] ??= PARENTS[above] === undefined ? {} : { parent: PARENTS[above] };
    const { unlimited, capMicrocents, period, onShortfall, reservationSeconds } = term;
    tenants[name] = {
      ...(PARENTS[name] === undefined ? {} : { parent: PARENTS[name] }),
      ...(unlimited ? { unlimited } : {}),
      ...(unlimited || capMicrocents === undefined ? {} : { exposureCapMicrocents: capMicrocents }),
      ...(unlimited || period === undefined ? {} : { period }),
      onShortfall,
      reservationSeconds,
    };
  }
  return tenants;
}
