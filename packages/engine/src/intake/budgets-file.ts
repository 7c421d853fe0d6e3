/**
 * Budgets as a file, for people: who may spend, how much, in which period, and under whom. Read strictly: a key that is
 * not known refuses the whole file, because a limit that is silently ignored is no limit.
 * @module
 */
import { CalybrisError, I64_MAX, type LimitEntry, type Mistake, microcents, PERIOD_UNITS } from "@calybris/kernel";
import { z } from "zod";
import { amountOf, unlisted } from "./catalog-file.ts";
import { type MoneyField, readMoney, showValue } from "./money.ts";
import type { JsonPath, LineOf } from "./read-json.ts";
import { amount, field, flag, isPrintable, membersOf, mistakeAt, shapeMistakes, text, whole } from "./shape.ts";

/** What a tenant may do, as the file says; who put it in force is said when it is. */
export type TenantLimit = Omit<LimitEntry, "kind" | "by">;

/** Limits, the level above before those below it. */
export type Budgets = readonly TenantLimit[];

const MONEY_RANGE = { suffix: "", minMicrocents: 0n, maxMicrocents: I64_MAX };
const EXPOSURE_CAP: MoneyField = { stem: "exposureCap", ...MONEY_RANGE };
const ALLOTMENT: MoneyField = { stem: "allotment", ...MONEY_RANGE };
/** The one key whose value the checker of shapes passes over, so that what is misspelt under it would be ignored. */
const UNCHECKED_KEY = "__proto__";
const MONEY_UNITS = ["Microcents", "Cents", "Dollars"];

export const TENANT_CHARACTERS_MAX = 128;
const TENANTS_PER_FILE_MAX = 100_000;
const LEVELS_MAX = 4;
const RESERVATION_SECONDS_DEFAULT = 600;
/** A month: a reservation that nobody closes by then will never be. */
export const RESERVATION_SECONDS_MAX: number = 31 * 86_400;

const moneyShape = (stem: string): Record<string, z.ZodType> =>
  Object.fromEntries(MONEY_UNITS.map((unit) => [`${stem}${unit}`, amount(unit)]));
const oneOf = (values: readonly string[], what: string): z.ZodType =>
  field((value) => values.includes(value as string), `${values.map((value) => `"${value}"`).join(", ")} (${what})`, {
    enum: values,
  });

const PERIOD_SHAPE: Record<string, z.ZodType> = {
  every: oneOf(PERIOD_UNITS, "how often the allotment is granted anew"),
  timeZone: field(
    (value) => typeof value === "string" && isTimeZoneName(value),
    'the name of a time zone, like "Europe/Berlin" or "UTC" (periods begin at its midnight)',
    { type: "string" },
  ),
  ...moneyShape("allotment"),
};

const TENANT_SHAPE: Record<string, z.ZodType> = {
  parent: text(TENANT_CHARACTERS_MAX, "the tenant above, whose money this one spends too").optional(),
  unlimited: flag("whether this level lets everything through; false when left out").optional(),
  ...moneyShape("exposureCap"),
  period: z.strictObject(PERIOD_SHAPE).optional(),
  whenShort: oneOf(["substitute", "reject"], "what becomes of a request that there is no room for").optional(),
  reservationSeconds: whole(1, RESERVATION_SECONDS_MAX, "how long a reservation may stay open").optional(),
};

const BUDGETS_SHAPE: Record<string, z.ZodType> = {
  $schema: text(2000, "a schema for editors").optional(),
  tenants: z.record(z.string(), z.strictObject(TENANT_SHAPE)).meta({ description: "Each tenant by its name." }),
};

export const budgetsFileSchema: z.ZodType = z.strictObject(BUDGETS_SHAPE);

/**
 * @throws CalybrisError `CAL_BUDGETS_INVALID` with every mistake at once.
 *
 * @example
 * ```ts
 * import { parseBudgets } from "@calybris/engine";
 * const budgets = parseBudgets({ tenants: { acme: { exposureCapDollars: "5" } } });
 * budgets[0]?.exposureCapMicrocents; // 500000000n
 * ```
 */
export function parseBudgets(value: unknown, lineOf?: LineOf, file?: string): Budgets {
  const mistakes = [...budgetsMistakes(value, lineOf)];
  if (mistakes.length > 0)
    throw new CalybrisError("CAL_BUDGETS_INVALID", { mistakes, ...(file === undefined ? {} : { file }) });
  const tenants = Object.entries(membersOf(membersOf(value)["tenants"]));
  const limits = new Map(tenants.map(([tenant, limit]) => [tenant, readLimit(tenant, membersOf(limit))]));
  return Object.freeze(
    [...limits.values()].sort((a, b) => levelOf(a.tenant, parentIn(limits)) - levelOf(b.tenant, parentIn(limits))),
  );
}

function parentIn(limits: ReadonlyMap<string, TenantLimit>): (tenant: string) => string | undefined {
  return (tenant) => limits.get(tenant)?.parent;
}

function* budgetsMistakes(value: unknown, lineOf?: LineOf): Generator<Mistake> {
  yield* shapeMistakes(budgetsFileSchema, value, keysAt, lineOf);
  const tenants = membersOf(membersOf(value)["tenants"]);
  const names = Object.keys(tenants);
  if (names.length > TENANTS_PER_FILE_MAX)
    yield mistakeAt(["tenants"], `has ${names.length}`, `Write at most ${TENANTS_PER_FILE_MAX}.`, lineOf);
  for (const name of names) yield* tenantMistakes(name, tenants, lineOf);
}

function keysAt(path: JsonPath): readonly string[] {
  const shapes = [BUDGETS_SHAPE, {}, TENANT_SHAPE, PERIOD_SHAPE];
  return Object.keys(shapes[path.length] ?? {});
}

function* tenantMistakes(
  name: string,
  tenants: { readonly [key: string]: unknown },
  lineOf?: LineOf,
): Generator<Mistake> {
  const tenant = membersOf(tenants[name]);
  const at: JsonPath = ["tenants", name];
  if (name === UNCHECKED_KEY || name.trim() === "" || name.length > TENANT_CHARACTERS_MAX || !isPrintable(name))
    yield mistakeAt(at, "is not a name", `Use 1 to ${TENANT_CHARACTERS_MAX} printable characters.`, lineOf);
  const cap = readMoney(tenant, EXPOSURE_CAP);
  if (cap !== undefined && "mistake" in cap)
    yield mistakeAt([...at, cap.mistake.path], cap.mistake.problem, cap.mistake.remedy, lineOf);
  const period = membersOf(tenant["period"]);
  if (tenant["period"] !== undefined) {
    const allotment = readMoney(period, ALLOTMENT);
    if (allotment === undefined)
      yield mistakeAt([...at, "period", "allotmentDollars"], "is missing", "Write what each period grants.", lineOf);
    else if ("mistake" in allotment)
      yield mistakeAt(
        [...at, "period", allotment.mistake.path],
        allotment.mistake.problem,
        allotment.mistake.remedy,
        lineOf,
      );
  }
  if (tenant["unlimited"] === true && (cap !== undefined || tenant["period"] !== undefined))
    yield mistakeAt([...at, "unlimited"], "stands beside a limit", "Leave one of them out.", lineOf);
  const parent = tenant["parent"];
  yield* unlisted(parent, Object.keys(tenants), [...at, "parent"], lineOf);
  const level = levelOf(name, (tenantName) => {
    const above = membersOf(tenants[tenantName])["parent"];
    return typeof above === "string" ? above : undefined;
  });
  if (level > LEVELS_MAX) {
    const problem = `is ${showValue(parent)}, which makes more than ${LEVELS_MAX} levels, or a circle`;
    yield mistakeAt([...at, "parent"], problem, "Organisation, team, key, end user: four are the most.", lineOf);
  }
}

/** 1 at the top; more than {@link LEVELS_MAX} for a circle. */
function levelOf(tenant: string, parentOf: (tenant: string) => string | undefined): number {
  let level = 1;
  for (let above = parentOf(tenant); above !== undefined && level <= LEVELS_MAX; above = parentOf(above)) level += 1;
  return level;
}

function readLimit(tenant: string, limit: { readonly [key: string]: unknown }): TenantLimit {
  const period = limit["period"] === undefined ? undefined : membersOf(limit["period"]);
  return {
    tenant,
    ...(limit["parent"] === undefined ? {} : { parent: limit["parent"] as string }),
    metered: limit["unlimited"] !== true,
    ...(readMoney(limit, EXPOSURE_CAP) === undefined
      ? {}
      : { exposureCapMicrocents: microcents(amountOf(limit, EXPOSURE_CAP)) }),
    ...(period === undefined
      ? {}
      : {
          period: {
            every: period["every"] as (typeof PERIOD_UNITS)[number],
            timeZone: period["timeZone"] as string,
            allotmentMicrocents: microcents(amountOf(period, ALLOTMENT)),
          },
        }),
    whenShort: limit["whenShort"] === "reject" ? "reject" : "substitute",
    reservationSeconds: (limit["reservationSeconds"] as number | undefined) ?? RESERVATION_SECONDS_DEFAULT,
  };
}

/** Asking takes 35 µs, and a file may name the same few zones 100,000 times. There are some 600. */
const timeZoneNames = new Set<string>();

function isTimeZoneName(name: string): boolean {
  if (timeZoneNames.has(name)) return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    if (/^[+-]/.test(name)) return false;
    timeZoneNames.add(name);
    return true;
  } catch {
    return false;
  }
}
