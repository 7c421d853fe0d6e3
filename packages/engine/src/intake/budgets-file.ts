/**
 * The budgets file: spending limits of tenants, their periods and their hierarchy. Read strictly: an unknown key refuses the
 * whole file, because a limit that is silently ignored is not enforced.
 * @module
 */
import {
  type Caused,
  I64_MAX,
  isName,
  LEVELS_MAX,
  type LimitEntry,
  microcents,
  NAME_CHARACTERS_MAX,
  NAME_WANTED,
  OVERRUN_FACTOR,
  OVERRUN_FACTOR_MAX,
  OVERRUN_FLOOR_MICROCENTS,
  PERIOD_UNITS,
  RESERVATION_SECONDS_MAX,
} from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { z } from "zod";
import { checkShape } from "./check-shape.ts";
import { ListedNames } from "./listed-names.ts";
import { membersOf } from "./members.ts";
import { Mistakes, showValue } from "./mistakes.ts";
import { amountOf, checkMoney, type MoneyField, readMoney } from "./money.ts";
import type { LineOf } from "./read-json.ts";
import { amount, field, flag, named, oneOf, text, whole } from "./shape.ts";
import { isTimeZone } from "./time-zone.ts";

/** A tenant's limit as written in the file. The caller that activates it is recorded at activation. */
export type TenantLimit = Omit<LimitEntry, "kind" | keyof Caused>;

/** Limits, each after the one of its parent. */
export type Budgets = readonly TenantLimit[];

const MONEY_RANGE = { suffix: "", minMicrocents: 0n, maxMicrocents: I64_MAX };
const EXPOSURE_CAP: MoneyField = { stem: "exposureCap", ...MONEY_RANGE };
const OVERRUN_FLOOR: MoneyField = { stem: "overrunFloor", ...MONEY_RANGE };
const ALLOTMENT: MoneyField = { stem: "allotment", ...MONEY_RANGE };

const TENANTS_PER_FILE_MAX = 100_000;
const RESERVATION_SECONDS_DEFAULT = 600;

const PERIOD_SHAPE: Record<string, z.ZodType> = {
  every: oneOf(PERIOD_UNITS, "how often the allotment is granted anew"),
  timeZone: field(
    (value) => typeof value === "string" && isTimeZone(value),
    'the name of a time zone, like "Europe/Berlin" or "UTC" (periods begin at its midnight)',
    { type: "string" },
  ),
  ...amount(ALLOTMENT),
};

const TENANT_SHAPE: Record<string, z.ZodType> = {
  parent: text(NAME_CHARACTERS_MAX, "the tenant above, whose money this one spends too").optional(),
  unlimited: flag("whether this level lets everything through; false when left out").optional(),
  ...amount(EXPOSURE_CAP),
  period: z.strictObject(PERIOD_SHAPE).optional(),
  onShortfall: oneOf(["substitute", "reject"], "for a request above the headroom: substitute or reject").optional(),
  reservationSeconds: whole(1, RESERVATION_SECONDS_MAX, "how long a reservation may stay open").optional(),
  overrunFactor: whole(
    1,
    OVERRUN_FACTOR_MAX,
    `a cost above so many times its reservation is held for an operator; default ${OVERRUN_FACTOR}`,
  ).optional(),
  ...amount(OVERRUN_FLOOR),
};

const BUDGETS_SHAPE: Record<string, z.ZodType> = {
  $schema: text(2000, "a schema for editors").optional(),
  tenants: named(TENANTS_PER_FILE_MAX, z.strictObject(TENANT_SHAPE), { description: "Each tenant by its name." }),
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
  const mistakes = new Mistakes(lineOf);
  checkBudgets(value, mistakes);
  if (!mistakes.isEmpty)
    throw new EngineError("CAL_BUDGETS_INVALID", {
      mistakes: mistakes.list,
      ...(file === undefined ? {} : { file }),
    });
  const tenants = membersOf(membersOf(value)["tenants"]);
  const limits = Object.keys(tenants).map((tenant) => readLimit(tenant, membersOf(tenants[tenant])));
  const byLevel = Map.groupBy(limits, ({ tenant }) => levelOf(tenant, tenants));
  return Object.freeze(Array.from({ length: LEVELS_MAX }, (_, above) => byLevel.get(above + 1) ?? []).flat());
}

function checkBudgets(value: unknown, mistakes: Mistakes): void {
  checkShape(budgetsFileSchema, value, mistakes);
  const tenants = membersOf(membersOf(value)["tenants"]);
  const listed = new ListedNames(Object.keys(tenants), TENANTS_PER_FILE_MAX);
  for (const name of listed.items) {
    if (mistakes.isFull) return;
    checkTenant(name as string, tenants, listed, mistakes);
  }
}

type Tenants = { readonly [name: string]: unknown };

function checkTenant(name: string, tenants: Tenants, listed: ListedNames, mistakes: Mistakes): void {
  const tenant = membersOf(tenants[name]);
  const at = ["tenants", name];
  if (!isName(name)) mistakes.add(at, "is not a name", `Use ${NAME_WANTED}.`);
  checkMoney(tenant, EXPOSURE_CAP, mistakes, at);
  checkMoney(tenant, OVERRUN_FLOOR, mistakes, at);
  if (tenant["period"] !== undefined)
    checkMoney(membersOf(tenant["period"]), ALLOTMENT, mistakes, [...at, "period"], MISSING_ALLOTMENT);
  if (tenant["unlimited"] === true && (readMoney(tenant, EXPOSURE_CAP) ?? tenant["period"]) !== undefined)
    mistakes.add([...at, "unlimited"], "contradicts a limit", "Remove one of them.");
  const parent = tenant["parent"];
  listed.checkListed(parent, mistakes, [...at, "parent"]);
  if (levelOf(name, tenants) > LEVELS_MAX) {
    const problem = `is ${showValue(parent)}, which makes more than ${LEVELS_MAX} levels, or a circle`;
    mistakes.add([...at, "parent"], problem, "Use at most four: organisation, team, key, end user.");
  }
}

const MISSING_ALLOTMENT = {
  path: "allotmentDollars",
  problem: "is missing",
  remedy: "Write what each period grants.",
};

/** Depth of a tenant, 1 at the top; more than {@link LEVELS_MAX} if its parents form a cycle. */
function levelOf(tenant: string, tenants: Tenants): number {
  let level = 1;
  for (let at = parentOf(tenant, tenants); at !== undefined && level <= LEVELS_MAX; at = parentOf(at, tenants))
    level += 1;
  return level;
}

function parentOf(tenant: string, tenants: Tenants): string | undefined {
  const parent = Object.hasOwn(tenants, tenant) ? membersOf(tenants[tenant])["parent"] : undefined;
  return typeof parent === "string" ? parent : undefined;
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
    onShortfall: limit["onShortfall"] === "reject" ? "reject" : "substitute",
    reservationSeconds: (limit["reservationSeconds"] as number | undefined) ?? RESERVATION_SECONDS_DEFAULT,
    ...overrunOf(limit),
  };
}

/** The overrun settings that differ from the default. */
function overrunOf(limit: {
  readonly [key: string]: unknown;
}): Pick<LimitEntry, "overrunFactor" | "overrunFloorMicrocents"> {
  const factor = (limit["overrunFactor"] as number | undefined) ?? OVERRUN_FACTOR;
  const floor =
    readMoney(limit, OVERRUN_FLOOR) === undefined ? OVERRUN_FLOOR_MICROCENTS : amountOf(limit, OVERRUN_FLOOR);
  return {
    ...(factor === OVERRUN_FACTOR ? {} : { overrunFactor: factor }),
    ...(floor === OVERRUN_FLOOR_MICROCENTS ? {} : { overrunFloorMicrocents: microcents(floor) }),
  };
}
