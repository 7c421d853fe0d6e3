/**
 * Money under fire: a gateway in a process of its own is killed in the middle of many calls and started again on its journal,
 * again and again. The provider's bill, kept here, is the truth that its ledger is held to, while it runs and when the held calls
 * are reconciled with it.
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Chance, seededChance } from "../../../engine/test/support/seeded-chance.ts";
import { calybris } from "../support/captured-terminal.ts";
import { billed, charged, FireViolation, type Ledger, requireCovered, sumOf } from "./fire-books.ts";
import { type FireAnswer, type FireCall, fireCall, send } from "./fire-calls.ts";
import { journaledCalls } from "./fire-journal.ts";
import { FireWorld, TENANTS } from "./fire-world.ts";

export interface FireBudget {
  readonly seed: number;
  readonly calls: number;
  readonly concurrency: number;
  readonly kills: number;
  /** When it begins no more calls. */
  readonly milliseconds: number;
  readonly progress?: ((text: string) => void) | undefined;
}

export interface FireReport {
  calls: number;
  kills: number;
  /** Of them, before the process was ready again. */
  killsInRecovery: number;
  /** Moments at which the ledger was held to the bill. */
  samples: number;
  /** Repeats that were refused, because the first call is known. */
  repeatsRefused: number;
  readonly statuses: Record<string, number>;
  /** Calls that were held at the end, all of which the bill reconciled. */
  reconciled: number;
  attempts: number;
  billMicrocents: bigint;
}

/** About half of what the calls of the second tenant would cost. */
const SCARCE_MICROCENTS_PER_CALL = 8_000n;
const SAMPLE_MS = 150;
const WAITS_MAX = 3_000;
const WAIT_MS = 20;
const SENDS_MAX = 5;
/** After each kill the process is killed again while it starts, so many times, within so long. */
const RECOVERY_KILLS = 2;
const RECOVERY_MS_MAX = 1_500;

export async function moneyUnderFire(budget: FireBudget): Promise<FireReport> {
  await using world = await FireWorld.make(TENANTS);
  return await new Fire(world, budget).run();
}

class Fire {
  readonly #world: FireWorld;
  readonly #budget: FireBudget;
  readonly #chance: Chance;
  readonly #report: FireReport = {
    ...{ calls: 0, kills: 0, killsInRecovery: 0, samples: 0, repeatsRefused: 0, statuses: {} },
    ...{ reconciled: 0, attempts: 0, billMicrocents: 0n },
  };
  /** Where the gateway listens, once it does. */
  #serving: Promise<string>;
  #next = 0;
  #isOver = false;

  constructor(world: FireWorld, budget: FireBudget) {
    this.#world = world;
    this.#budget = budget;
    this.#chance = seededChance(budget.seed);
    this.#serving = world.gateway.start();
  }

  async run(): Promise<FireReport> {
    const { calls, concurrency } = this.#budget;
    const url = await this.#serving;
    await this.#world.fund(url, "ample", {});
    await this.#world.fund(url, "scarce", { grant: SCARCE_MICROCENTS_PER_CALL * BigInt(calls) });
    const watching = this.#watch();
    watching.catch(() => undefined);
    await Promise.all(Array.from({ length: concurrency }, () => this.#work()));
    this.#isOver = true;
    await watching;
    await this.#quiet();
    await this.#world.gateway.stop();
    await this.#reconcile();
    return this.#report;
  }

  async #work(): Promise<void> {
    const { calls, kills, milliseconds } = this.#budget;
    const endMs = performance.now() + milliseconds;
    const perKill = Math.ceil(calls / (kills + 1));
    while (this.#next < calls && performance.now() < endMs) {
      const number = this.#next;
      this.#next += 1;
      const call = fireCall(number, this.#chance);
      if (number > 0 && number % perKill === 0) this.#kill();
      await this.#fire(call);
      this.#report.calls += 1;
      this.#budget.progress?.(`${this.#report.calls} calls, ${this.#report.kills} kills`);
    }
  }

  #kill(): void {
    const { gateway } = this.#world;
    this.#serving = this.#serving.then(async () => {
      await gateway.kill();
      this.#report.kills += 1;
      for (let again = 0; again < RECOVERY_KILLS; again += 1) {
        const isInRecovery = await gateway.startAndKill(this.#chance(RECOVERY_MS_MAX));
        this.#report.kills += 1;
        if (isInRecovery) this.#report.killsInRecovery += 1;
      }
      const url = await gateway.start();
      await this.#sample(url);
      return url;
    });
    this.#serving.catch(() => undefined);
  }

  async #fire(call: FireCall): Promise<void> {
    const first = await this.#send(call);
    if (!call.isRepeated) return;
    const stays = { ...call, leavesAfterMs: undefined };
    let again = await this.#send(stays);
    for (let sends = 1; again.status === 0 && sends < SENDS_MAX; sends += 1) again = await this.#send(stays);
    if (first.decisionId !== undefined && again.status !== 409)
      throw new FireViolation(`${call.idempotencyKey}, which was ${first.decisionId}, is answered ${again.status}`);
    if (again.status === 409) this.#report.repeatsRefused += 1;
  }

  async #send(call: FireCall): Promise<FireAnswer> {
    const answer = await send(await this.#serving, this.#world.keys[call.tenant] ?? "", call);
    const { statuses } = this.#report;
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    return answer;
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) {
      const serving = this.#serving;
      const url = await serving;
      await this.#sample(url).catch((error: unknown) => {
        // The gateway was killed meanwhile.
        if (error instanceof FireViolation || serving === this.#serving) throw error;
      });
      await sleep(SAMPLE_MS);
    }
  }

  async #sample(url: string): Promise<Ledger> {
    const { mock } = this.#world;
    const before = sumOf(billed(mock));
    const ledger = (await this.#world.operator(url).ledger()) as Ledger;
    requireCovered(ledger, before, sumOf(billed(mock)));
    this.#report.samples += 1;
    return ledger;
  }

  /** Calls whose client left end a moment after it. */
  async #quiet(): Promise<void> {
    for (let waits = 0; waits < WAITS_MAX; waits += 1) {
      const { reservations } = await this.#sample(await this.#serving);
      const isBilled = billed(this.#world.mock).every((row) => row.is_ended);
      if (isBilled && reservations.every(({ state }) => state === "held")) return;
      await sleep(WAIT_MS);
    }
    throw new FireViolation("calls are open, although each client has an answer or has left");
  }

  async #reconcile(): Promise<void> {
    const { journal } = this.#world;
    const file = this.#world.exportBill();
    const at = ["--journal", journal];
    const given = ["--usage-export", file, "--complete-until", "0s", "--by", "fire", "--json"];
    const { stillHeld, reconciled, unexplainedRowCount } = JSON.parse(
      await printed("ledger", "reconcile", ...at, ...given),
    ) as {
      readonly stillHeld: readonly string[];
      readonly reconciled: readonly object[];
      readonly unexplainedRowCount: number;
    };
    if (stillHeld.length > 0) throw new FireViolation(`still held: ${stillHeld.join(" ")}`);
    if (unexplainedRowCount > 0) throw new FireViolation(`${unexplainedRowCount} rows of no decision`);
    this.#report.reconciled = reconciled.length;
    await printed("ledger", "prove", ...at);
    await printed("verify", journal);
    this.#requireBilled(JSON.parse(await printed("ledger", "show", ...at, "--json")) as Ledger);
  }

  /** The ledger is the bill, tenant by tenant, and each billed request is one attempt of the journal. */
  #requireBilled({ tenants, total }: Ledger): void {
    const { attempts, requestIds } = journaledCalls(this.#world.journal);
    const rows = billed(this.#world.mock);
    this.#report.attempts = attempts.size;
    this.#report.billMicrocents = sumOf(rows);
    const seen = new Set<string>();
    for (const { request_id: id } of rows) {
      if (!attempts.has(id)) throw new FireViolation(`${id} is billed, and is no attempt of the journal`);
      if (seen.has(id)) throw new FireViolation(`${id} was sent twice`);
      seen.add(id);
    }
    for (const [id, count] of requestIds) if (count > 1) throw new FireViolation(`${id} was decided ${count} times`);
    if (BigInt(total.reservedMicrocents) !== 0n) throw new FireViolation(`${total.reservedMicrocents} is reserved`);
    for (const tenant of TENANTS) {
      const bill = sumOf(rows.filter(({ request_id: id }) => attempts.get(id) === tenant));
      const money = tenants.find((each) => each.tenant === tenant);
      if (money === undefined || charged(money) !== bill)
        throw new FireViolation(`${tenant} is billed ${bill}, and charged ${money && charged(money)}`);
      if (BigInt(money.debtMicrocents) !== 0n) throw new FireViolation(`${tenant} owes ${money.debtMicrocents}`);
    }
  }
}

/** What a command prints. */
async function printed(...words: string[]): Promise<string> {
  const { exit, out, complaints } = await calybris(...words);
  if (exit !== 0) throw new FireViolation(`calybris ${words.join(" ")} ended with ${exit}:\n${out}\n${complaints}`);
  return out;
}
