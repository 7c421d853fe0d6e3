/**
 * A sequence of operations, done to a ledger and to the simple model beside it. After each, both agree on the answer, on
 * every balance and on the number of entries; what is refused changes nothing; no cell differs from its headroom. At the end,
 * the journal folded from its text passes through the same digests, entry by entry, conserved at each: what a fold has
 * after entry k *is* the fold of the prefix that ends there.
 * @module
 */
import { CalybrisError, type TenantProof } from "@calybris/kernel";
import type { EngineLedger } from "../../../src/flows/ledger.ts";
import { parseBudgets } from "../../../src/intake/budgets-file.ts";
import { LedgerView } from "../../../src/ledger/handle.ts";
import { debtOf, LedgerModel, type ModelLimit, type ModelTenant, Refused, remainingOf, headroomOf } from "./model.ts";
import type { Operation } from "./operations.ts";

/** A ledger with a journal under it. */
export interface Subject {
  readonly commands: EngineLedger;
  /** Microseconds since the epoch. */
  now: number;
  /** Time of the last entry, which may be one that the model does not order; the journal's time is never less. */
  readonly at: number;
  /** How many of the next steps its journal refuses. */
  refusesNext: number;
  /** Entries ordered, where only those are that the model orders too. */
  readonly entries: number | undefined;
  /** A process settles what is overdue when it starts. */
  readonly sweepsAtStart: boolean;
  /** A decision that may cost about `amount`; its id and its cost, or nothing when there was no headroom. */
  reserve(tenant: string, amount: bigint, seconds: number | undefined): Promise<Reserved | undefined>;
  /** A new process on the same journal; throws when it does not pass through the same digests. */
  restarted(): Promise<Subject>;
}

export interface Reserved {
  readonly decisionId: string;
  readonly costMicrocents: bigint;
}

export const START_US: number = Date.UTC(2026, 0, 15, 12) * 1_000;

/** @throws Error that says which operation, and where ledger and model differ. */
export async function tryOperations(
  operations: readonly Operation[],
  begin: () => Promise<Subject>,
  closedMax: number,
): Promise<void> {
  let subject = await begin();
  const model = new LedgerModel(START_US, closedMax);
  const ids: { readonly decisionId: string; readonly number: number }[] = [];
  let operation: Exclude<Operation, { does: "again" }> = { does: "sweep" };
  for (const [index, drawn] of operations.entries()) {
    if (drawn.does !== "again") operation = drawn;
    try {
      if (operation.does === "restart") subject = await restart(subject, model);
      else await step(operation, subject, model, ids);
      compare(subject, model);
      model.at = subject.at;
    } catch (cause) {
      throw new Error(`operation ${index}, ${show(operation)}: ${(cause as Error).message}`, { cause });
    }
  }
  compare(await restart(subject, model), model);
  const { conserved, tenants } = subject.commands.prove();
  if (!conserved || tenants.length !== model.tenants.size) throw new Error("the proof is of another ledger");
}

async function restart(subject: Subject, model: LedgerModel): Promise<Subject> {
  const again = await subject.restarted();
  model.at = subject.at;
  if (again.sweepsAtStart) model.sweep();
  return again;
}

async function step(
  operation: Exclude<Operation, { does: "restart" | "again" }>,
  subject: Subject,
  model: LedgerModel,
  ids: { readonly decisionId: string; readonly number: number }[],
): Promise<void> {
  switch (operation.does) {
    case "wait":
      subject.now += operation.seconds * 1_000_000;
      model.now = subject.now;
      return;
    case "refuse":
      subject.refusesNext = operation.count;
      model.refusesNext = operation.count;
      return;
    case "sweep":
      agree(
        await answerOf(() => subject.commands.sweep()),
        answerNow(() => model.sweep()),
      );
      return;
    case "apply":
      return apply(operation, subject, model);
    case "reserve": {
      const { tenant, amount, seconds } = operation;
      const headroom = answerNow(() => model.roomAfterRoll(tenant));
      const refuses = model.refusesNext;
      const reserved = await answerOf(() => subject.reserve(tenant, amount, seconds ?? undefined));
      if (headroom instanceof Refused) return agree(reserved, headroom);
      const cost =
        reserved instanceof CalybrisError ? amount : ((reserved as Reserved | undefined)?.costMicrocents ?? amount);
      const number = answerNow(() => model.reserve(tenant, cost, seconds ?? undefined));
      if (refuses > 0 && number instanceof Refused) return agree(reserved, number);
      agree(reserved === undefined ? undefined : 0, number === undefined ? undefined : 0);
      const { decisionId } = (reserved ?? { decisionId: "" }) as Reserved;
      if (typeof number === "number" && number > 0) ids.push({ decisionId, number });
      return;
    }
    case "grant":
      return grant(operation, subject, model);
    default:
      return move(operation, subject, model, ids);
  }
}

async function apply(
  { tenants, poison }: Extract<Operation, { does: "apply" }>,
  subject: Subject,
  model: LedgerModel,
): Promise<void> {
  if (poison !== null) {
    const spoilt = { ...tenants, [poison.tenant]: { ...tenants[poison.tenant], [poison.key]: poison.value } };
    const answer = answerNow(() => parseBudgets({ tenants: spoilt }));
    if (!(answer instanceof CalybrisError) || answer.code !== "CAL_BUDGETS_INVALID")
      throw new Error("poison was taken");
    return;
  }
  const budgets = parseBudgets({ tenants });
  agree(
    await answerOf(() => subject.commands.apply(budgets)),
    answerNow(() => model.apply(budgets as readonly ModelLimit[])),
  );
}

async function grant(
  { tenant, amount, id, by }: Extract<Operation, { does: "grant" }>,
  { commands }: Subject,
  model: LedgerModel,
): Promise<void> {
  const given = { tenant, amountMicrocents: amount, id } as Parameters<EngineLedger["grant"]>[0];
  const answer = await answerOf(() => commands.grant(given, { onBehalfOf: by as string }));
  const exact = amountOf(amount, 1n);
  if (exact === undefined || ![tenant, id].every(isName) || !isClaim(by))
    return agree(answer, new Refused("CAL_LEDGER_INVALID"));
  const repeated = answerNow(() => model.grant(tenant as string, exact, id as string));
  agree(answer instanceof Error ? answer : (answer as { repeated: boolean }).repeated, repeated);
}

async function move(
  operation: Extract<Operation, { which: number }>,
  { commands }: Subject,
  model: LedgerModel,
  ids: readonly { readonly decisionId: string; readonly number: number }[],
): Promise<void> {
  const { does, which, amount, cause, by } = operation;
  const known = does === "hold" ? operation.known : undefined;
  const target = ids[ids.length - 1 - which] ?? ids[0];
  const decisionId = operation.decisionId === "" ? (target?.decisionId ?? "9-ffffffff") : operation.decisionId;
  const number = operation.decisionId === "" ? (target?.number ?? 0) : 0;
  const tenant = operation.tenant as string | undefined;
  const of = { decisionId: decisionId as string, ...(tenant === undefined ? {} : { tenant }) };
  const given = { ...of, actualMicrocents: amount, cause, knownMicrocents: known } as never;
  const answer = await answerOf(() => commands[COMMANDS[does]](given, { onBehalfOf: by as string }));
  const exact = does === "hold" || does === "release" ? 0n : amountOf(amount, 0n);
  const isCaused = does !== "hold" || ["client_gone", "stream_cut", "timeout", "unknown"].includes(cause as string);
  const exactKnown = known === undefined ? 0n : amountOf(known, 0n);
  if (exact === undefined || exactKnown === undefined || !isClaim(by) || !isCaused)
    return agree(answer, new Refused("CAL_LEDGER_INVALID"));
  const repeated = answerNow(() =>
    model.move(does, number, { tenant, actual: exact, cause: cause as string, known: exactKnown }),
  );
  agree(answer instanceof Error ? answer : (answer as { repeated: boolean }).repeated, repeated);
}

const COMMANDS = {
  settlement: "settle",
  release: "release",
  hold: "hold",
  reconciliation: "reconcile",
  correction: "correct",
} as const;

/** Ledger and model say the same of every tenant, and its cell holds its headroom. */
function compare({ commands, entries }: Subject, model: LedgerModel): void {
  if (entries !== undefined && entries !== model.entries)
    throw new Error(`${entries} entries, where the model has ${model.entries}`);
  const view = new LedgerView(commands.handle());
  let index = 0;
  for (const tenant of model.tenants.values()) {
    const balance = commands.balance(tenant.name);
    const [is, should] = [ledgerSays(balance, view.headroom([index])), modelSays(tenant)];
    if (is.some((value, which) => value !== should[which]))
      throw new Error(`${tenant.name} has ${is.join(" ")}, where the model has ${should.join(" ")}`);
    if (!balance.conserved) throw new Error(`the money of ${tenant.name} is not conserved`);
    index += 1;
  }
}

type Says = readonly (bigint | number | undefined)[];

/** Granted, remaining, reserved, settled, debt, billed in this period, headroom; the period and its end. */
function ledgerSays(balance: TenantProof, headroom: bigint | undefined): Says {
  const { grantedMicrocents, remainingMicrocents, reservedMicrocents, settledMicrocents, debtMicrocents } = balance;
  const { billedInPeriodMicrocents, period } = balance;
  const sums = [grantedMicrocents, remainingMicrocents, reservedMicrocents, settledMicrocents, debtMicrocents];
  return [...sums, billedInPeriodMicrocents, headroom, period?.index, period?.endsAt];
}

function modelSays(tenant: ModelTenant): Says {
  const { granted, reserved, billed, billedBefore, period } = tenant;
  const debt = debtOf(tenant);
  const sums = [granted, remainingOf(tenant), reserved, billed - debt, debt, billed - billedBefore];
  return [...sums, headroomOf(tenant), period?.index, period?.endsAt];
}

async function answerOf(command: () => Promise<unknown>): Promise<unknown> {
  try {
    return await command();
  } catch (error) {
    if (error instanceof CalybrisError) return error;
    throw error;
  }
}

function answerNow(command: () => unknown): unknown {
  try {
    return command();
  } catch (error) {
    if (error instanceof CalybrisError || error instanceof Refused) return error;
    throw error;
  }
}

function agree(ledger: unknown, model: unknown): void {
  const [is, should] = [shownAnswer(ledger), shownAnswer(model)];
  if (is !== should) throw new Error(`the ledger says ${is}, the model ${should}`);
}

function shownAnswer(answer: unknown): string {
  if (answer instanceof CalybrisError) return answer.code;
  return answer instanceof Refused ? answer.message : show(answer);
}

/** A whole number of microcents that 63 bits hold: exact as a number, a `bigint` or digits. */
function amountOf(given: unknown, least: bigint): bigint | undefined {
  const isDigits = typeof given === "string" && given.length < 20 && /^\d+$/.test(given);
  const isNumber = typeof given === "number" && Number.isSafeInteger(given) && !Object.is(given, -0);
  if (typeof given !== "bigint" && !isDigits && !isNumber) return undefined;
  const amount = BigInt(given as bigint | string | number);
  return amount >= least && amount < 2n ** 63n ? amount : undefined;
}

/** On whose behalf may be left out. */
function isClaim(given: unknown): boolean {
  return given === undefined || isName(given);
}

function isName(given: unknown): boolean {
  return typeof given === "string" && given.trim() !== "" && given.length <= 128 && !given.includes("\u0000");
}

function show(value: unknown): string {
  return (
    JSON.stringify(value, (_key, member: unknown) =>
      typeof member === "bigint" ? `${member}n` : typeof member === "number" ? String(member) : member,
    ) ?? "nothing"
  );
}
