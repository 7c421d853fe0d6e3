/**
 * What may be done to a ledger, drawn at random: sensible most of the time, poisoned some of it.
 * @module
 */
import fc from "fast-check";

export const TENANTS: readonly string[] = ["org", "team", "key", "user", "solo"];
const PARENTS: Readonly<Record<string, string>> = { team: "org", key: "team", user: "key" };
const CAUSES = ["client_gone", "stream_cut", "timeout", "unknown"];

/** Neither an amount nor a name, but the first few, which are both or one of them. */
const POISON: readonly unknown[] = [
  2 ** 53 - 1,
  2n ** 63n - 1n,
  "9223372036854775807",
  "007",
  NaN,
  Infinity,
  -Infinity,
  -0,
  2 ** 53,
  2 ** 63,
  2n ** 63n,
  "9223372036854775808",
  0.5,
  -1,
  -1n,
  "-1",
  "1e3",
  "0x10",
  " 1",
  "",
  null,
  undefined,
  true,
  [],
  [1],
  {},
  "\u0000",
  "x".repeat(129),
];

export type Operation =
  | { readonly does: "apply"; readonly tenants: Readonly<Record<string, object>>; readonly poison: Poisoned | null }
  | {
      readonly does: "grant";
      readonly tenant: unknown;
      readonly amount: unknown;
      readonly id: unknown;
      readonly by: unknown;
    }
  | { readonly does: "reserve"; readonly tenant: string; readonly amount: bigint; readonly seconds: number | null }
  | {
      readonly does: "settlement" | "release" | "hold" | "reconciliation" | "correction";
      readonly which: number;
      /** Another tenant's, or an id that is none. */
      readonly tenant: unknown;
      readonly decisionId: unknown;
      readonly amount: unknown;
      readonly cause: unknown;
      /** Of a hold. */
      readonly known: unknown;
      readonly by: unknown;
    }
  | { readonly does: "sweep" }
  | { readonly does: "restart" }
  /** The operation before, once more. */
  | { readonly does: "again" }
  | { readonly does: "wait"; readonly seconds: number }
  | { readonly does: "refuse"; readonly count: number };

/** A budgets file spoilt in one place. */
export interface Poisoned {
  readonly tenant: string;
  readonly key: string;
  readonly value: unknown;
}

const poison = fc.constantFrom(...POISON);
const small = fc.bigInt({ min: 0n, max: 120n });
const huge = fc.bigInt({ min: 2n ** 62n, max: 2n ** 63n - 1n });
const written = (amount: bigint): fc.Arbitrary<unknown> =>
  fc.constantFrom<unknown>(amount, String(amount), amount < 2n ** 53n ? Number(amount) : amount);
const amount: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 12, arbitrary: small.chain(written) },
  { weight: 1, arbitrary: huge.chain(written) },
  { weight: 2, arbitrary: poison },
);
const mostly = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 20, arbitrary: value }, { weight: 1, arbitrary: poison });

const name = fc.constantFrom(...TENANTS);
const limit = fc.record({
  unlimited: fc.nat({ max: 3 }).map((drawn) => drawn === 0),
  cap: fc.option(fc.bigInt({ min: 0n, max: 150n }), { freq: 3 }),
  period: fc.option(
    fc.record({
      every: fc.constantFrom("day", "week", "month", "quarter"),
      allotment: fc.oneof({ weight: 9, arbitrary: fc.bigInt({ min: 0n, max: 150n }) }, { weight: 1, arbitrary: huge }),
    }),
    { freq: 2 },
  ),
  seconds: fc.constantFrom(null, 1, 60, 86_400),
  factor: fc.constantFrom(null, null, 1, 2, 1_000_000),
  floor: fc.constantFrom(null, null, 0n, 30n, 2n ** 63n - 1n),
});
type Limit = typeof limit extends fc.Arbitrary<infer Value> ? Value : never;

function tenantOf({ unlimited, cap, period, seconds, factor, floor }: Limit, parent: string | undefined): object {
  const isUnlimited = unlimited && cap === null && period === null;
  return {
    ...(parent === undefined ? {} : { parent }),
    ...(isUnlimited ? { unlimited: true } : {}),
    ...(cap === null ? {} : { exposureCapMicrocents: Number(cap) }),
    ...(period === null
      ? {}
      : { period: { every: period.every, timeZone: "UTC", allotmentMicrocents: String(period.allotment) } }),
    ...(seconds === null ? {} : { reservationSeconds: seconds }),
    ...(factor === null ? {} : { overrunFactor: factor }),
    ...(floor === null ? {} : { overrunFloorMicrocents: String(floor) }),
  };
}

const poisoned: fc.Arbitrary<Poisoned> = fc.record({
  tenant: name,
  key: fc.constantFrom(
    "exposureCapMicrocents",
    "exposurecapMicrocents",
    "budget",
    "reservationSeconds",
    "period",
    "parent",
  ),
  value: fc.constantFrom<unknown>(NaN, -1, 0.5, "many", [], {}, "2e3", 2n ** 63n, "nobody"),
});

/** Tenants with everybody above them; now and then under somebody else. */
const apply: fc.Arbitrary<Operation> = fc
  .record({
    deepest: name,
    alone: fc.boolean(),
    moved: fc.integer({ min: 0, max: 20 }),
    limits: fc.array(limit, { minLength: TENANTS.length, maxLength: TENANTS.length }),
    poison: fc.option(poisoned, { freq: 1 }),
  })
  .map(({ deepest, alone, moved, limits, poison }) => {
    const tenants: Record<string, object> = {};
    for (let tenant: string | undefined = deepest; tenant !== undefined; tenant = PARENTS[tenant]) {
      const parent = moved === 0 && tenant === deepest ? undefined : PARENTS[tenant];
      tenants[tenant] = tenantOf(limits[TENANTS.indexOf(tenant)] as Limit, parent);
    }
    if (!alone) tenants["solo"] = tenantOf(limits[TENANTS.indexOf("solo")] as Limit, undefined);
    return { does: "apply", tenants, poison: poison === null || !(poison.tenant in tenants) ? null : poison };
  });

const move: fc.Arbitrary<Operation> = fc.record({
  does: fc.constantFrom("settlement", "settlement", "release", "hold", "reconciliation", "correction" as const),
  which: fc.nat({ max: 3 }),
  tenant: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: name }),
  decisionId: fc.oneof(
    { weight: 20, arbitrary: fc.constant("") },
    { weight: 1, arbitrary: fc.constantFrom<unknown>("3-00000000", "1-ffffffff", NaN, null, undefined, 7, {}, "x") },
  ),
  amount,
  cause: mostly(fc.constantFrom(...CAUSES)),
  known: fc.oneof(
    { weight: 8, arbitrary: fc.constant(undefined) },
    { weight: 10, arbitrary: fc.bigInt({ min: 0n, max: 50n }).chain(written) },
    { weight: 1, arbitrary: poison },
  ),
  by: mostly(fc.constant("anna")),
});

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 2, arbitrary: apply },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant("grant" as const),
      tenant: mostly(name),
      amount,
      id: mostly(fc.constantFrom("a", "b", "c", "d", "e", "f")),
      by: mostly(fc.constant("anna")),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constant("reserve" as const),
      tenant: fc.oneof({ weight: 20, arbitrary: name }, { weight: 1, arbitrary: fc.constant("nobody") }),
      amount: fc.oneof({ weight: 12, arbitrary: fc.bigInt({ min: 0n, max: 50n }) }, { weight: 1, arbitrary: huge }),
      seconds: fc.option(fc.constantFrom(1, 600, 2_678_400), { freq: 3 }),
    }),
  },
  { weight: 12, arbitrary: move },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant("wait" as const),
      seconds: fc.constantFrom(1, 59, 60, 600, 86_400, 7 * 86_400, 40 * 86_400, 200 * 86_400, -1, -86_400),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ does: "sweep" as const }) },
  { weight: 3, arbitrary: fc.constant({ does: "again" as const }) },
  { weight: 1, arbitrary: fc.constant({ does: "restart" as const }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("refuse" as const), count: fc.integer({ min: 1, max: 3 }) }) },
);

/** Everybody has some money at first, mostly: without it there is little to do. */
const beginning: fc.Arbitrary<readonly Operation[]> = fc
  .tuple(
    fc.array(limit, { minLength: TENANTS.length, maxLength: TENANTS.length }),
    fc.array(fc.bigInt({ min: 0n, max: 400n }), { minLength: TENANTS.length, maxLength: TENANTS.length }),
  )
  .map(([limits, grants]) => [
    {
      does: "apply",
      tenants: Object.fromEntries(
        TENANTS.map((tenant, index) => [tenant, tenantOf(limits[index] as Limit, PARENTS[tenant])]),
      ),
      poison: null,
    },
    ...TENANTS.map((tenant, index): Operation => {
      const amount = grants[index] as bigint;
      return { does: "grant", tenant, amount, id: `first ${tenant}`, by: "anna" };
    }),
  ]);

export const operations: fc.Arbitrary<readonly Operation[]> = fc
  .tuple(
    fc.oneof({ weight: 9, arbitrary: beginning }, { weight: 1, arbitrary: apply.map((first) => [first]) }),
    fc.array(operation, { minLength: 8, maxLength: 30, size: "max" }),
  )
  .map(([first, others]) => [...first, ...others]);
