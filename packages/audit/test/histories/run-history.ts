/** Runs a history on a real engine, on a disk in memory, without threads and without real time. */
import { setImmediate as turn } from "node:timers/promises";
import { type ClientOutcome, type ClientRequest, type Decided, Engine, parseBudgets } from "@calybris/engine";
import { InlineDriver, Writer } from "@calybris/engine/internal";
import { CalybrisError, type HoldCause } from "@calybris/kernel";
import { forgetTimers, pass, withTimersHeld } from "../../../engine/test/support/virtual-timers.ts";
import { digestOf, linearPrior, treesPrior } from "../../../engine/test/support/linear-prior.ts";
import { MemoryDisk } from "../../../engine/test/support/memory-disk.ts";
import { linesOf } from "../money-workload.ts";
import { type Ask, type History, type Step, TENANTS, type Terms, type Reported } from "./history.ts";
import { snapshotOf } from "./policies.ts";

const START_US = Date.UTC(2026, 0, 15, 12) * 1_000;
const HOLD_CAUSES: readonly HoldCause[] = ["client_gone", "stream_cut", "timeout", "unknown"];

export interface Ran {
  readonly disk: MemoryDisk;
  /** The state's digest as the engine gave it after each step, by the last entry then; empty unless it was watched. */
  readonly digests: ReadonlyMap<number, string>;
}

/**
 * What the engine refuses with a code changes nothing; anything else that it throws ends the run.
 *
 * @param isWatched - whether the state's digest is noted after every step.
 */
export function runHistory(history: History, isWatched = false): Promise<Ran> {
  return withTimersHeld(async () => {
    const run = new Run(history, isWatched);
    await run.begin();
    for (const step of history.steps) await run.step(step);
    return run.end();
  });
}

class Run {
  readonly #history: History;
  readonly #isWatched: boolean;
  #disk = new MemoryDisk();
  readonly #digests = new Map<number, string>();
  readonly #decided: Decided[] = [];
  #now = START_US;
  #tickUs = 1;
  #engine: Engine | undefined;
  #prior: string | undefined;

  constructor(history: History, isWatched: boolean) {
    this.#history = history;
    this.#isWatched = isWatched;
  }

  get #running(): Engine {
    if (this.#engine === undefined) throw new Error("no engine runs");
    return this.#engine;
  }

  begin(): Promise<void> {
    return this.#open(true);
  }

  async end(): Promise<Ran> {
    await this.#running.close();
    return { disk: this.#disk, digests: this.#digests };
  }

  async step(step: Step): Promise<void> {
    try {
      await this.#do(step);
    } catch (error) {
      if (!(error instanceof CalybrisError)) throw error;
    }
    if (!this.#isWatched) return;
    const engine = this.#running;
    if (engine.reading.waitingCount === 0) this.#digests.set(engine.reading.head.sequence, engine.stateDigest());
  }

  async #open(isFirst: boolean): Promise<void> {
    const disk = this.#disk;
    this.#engine = await Engine.open({
      directory: "memory",
      policy: isFirst ? snapshotOf(this.#history.policy) : undefined,
      disk,
      nowUs: () => (this.#now += this.#tickUs),
      randomBytes: (count) => new Uint8Array(count).fill(7),
      segmentBytesMax: this.#history.segmentBytesMax,
      waitingMax: this.#history.waitingMax,
      driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
    });
  }

  async #do(step: Step): Promise<unknown> {
    const engine = this.#running;
    const { ledger, learning } = engine;
    switch (step.does) {
      case "decide":
        return this.#decide(step.asks);
      case "serve":
        return this.#serve(step);
      case "report": {
        const decided = this.#picked(step.pick);
        return decided && learning.observe(outcomeOf(decided.decisionId, step.reported, this.#now));
      }
      case "move":
        return this.#move(step);
      case "limit":
        return ledger.apply(parseBudgets({ tenants: tenantsOf(step.terms) }));
      case "grant": {
        const { tenant, microcents, id } = step;
        return ledger.grant({ tenant, amountMicrocents: microcents, id: `grant ${id}` });
      }
      case "policy":
        return engine.setPolicy(snapshotOf(step.policy));
      case "prior": {
        const names = engine.snapshot.learning?.features ?? [];
        const { weight, text } = step;
        const prior =
          step.kind === "trees" && names.length > 0 ? treesPrior(names) : linearPrior({ names, weight, text });
        await learning.setPrior(prior);
        this.#prior = digestOf(prior);
        return undefined;
      }
      case "certify":
        return this.#certify(step.regimes);
      case "clock":
        this.#now = Math.max(1, this.#now + step.us);
        return undefined;
      case "tick":
        this.#tickUs = step.us;
        return undefined;
      case "pass":
        this.#now += step.milliseconds * 1_000;
        pass(step.milliseconds);
        return turn();
      case "refresh":
        return learning.refresh();
      case "sweep":
        return ledger.sweep();
      case "restart":
        return this.#restart(step.isKilled);
    }
  }

  /** All at once, so that entries reach the disk together; some may be refused. */
  async #decide(asks: readonly Ask[]): Promise<void> {
    const engine = this.#running;
    const ended = await Promise.allSettled(asks.map((ask) => engine.decide(requestOf(engine, ask))));
    for (const end of ended) {
      if (end.status === "fulfilled") {
        // One in four that run nothing stays, so that an outcome is reported for it too, and refused.
        if (end.value.decision.action !== "reject" || end.value.sequence % 4 === 0) this.#decided.push(end.value);
      } else if (!(end.reason instanceof CalybrisError)) throw end.reason;
    }
  }

  /** One after another; an outcome is reported for each that runs. */
  async #serve({ rounds, ask, reported, failsEvery }: Extract<Step, { does: "serve" }>): Promise<void> {
    const { learning } = this.#running;
    for (let round = 1; round <= rounds; round++) {
      const features = ask.features.map((value) => (round % 11 === 0 || value === null ? value : round % 5));
      const count = this.#decided.length;
      await this.#decide([{ ...ask, features }]);
      const decided = this.#decided[count];
      if (decided === undefined) continue;
      const fails = round % failsEvery === 0 ? { succeeded: false } : {};
      await learning.observe(outcomeOf(decided.decisionId, { ...reported, ...fails }, this.#now)).catch(refused);
      if (round % 8 === 0) learning.refresh();
    }
  }

  #picked(pick: number): Decided | undefined {
    return this.#decided.at(-1 - (pick % Math.max(this.#decided.length, 1)));
  }

  #move({ move, pick, costBps }: Extract<Step, { does: "move" }>): Promise<unknown> {
    const { ledger } = this.#running;
    const decided = this.#picked(pick);
    if (decided === undefined) return Promise.resolve();
    const { decisionId, decision } = decided;
    const actualMicrocents = (decision.costMicrocents * BigInt(costBps)) / 10_000n;
    switch (move) {
      case "settle":
        return ledger.settle({ decisionId, actualMicrocents });
      case "release":
        return ledger.release({ decisionId });
      case "hold":
        return ledger.hold({ decisionId, cause: HOLD_CAUSES[pick % HOLD_CAUSES.length] ?? "unknown" });
      case "reconcile":
        return ledger.reconcile({ decisionId, actualMicrocents });
      case "correct":
        return ledger.correct({ decisionId, actualMicrocents });
    }
  }

  /** For the active prior: the last one, or none. */
  async #certify(regimes: number): Promise<void> {
    const { learning } = this.#running;
    const certificate = { regimes, alphaBps: 400, deltaBps: 500, samples: 900 };
    const priors = this.#prior === undefined ? [undefined] : [this.#prior, undefined];
    for (const prior of priors) {
      const certified = learning.certify({ ...certificate, ...(prior === undefined ? {} : { prior }) });
      if (await certified.then(() => true, refused)) return;
    }
  }

  /** A clock that is far behind the journal refuses the start, and is set right; what stepped back less is left so. */
  async #openInTime(): Promise<void> {
    try {
      await this.#open(false);
    } catch (error) {
      if (!(error instanceof CalybrisError) || error.code !== "CAL_JOURNAL_CLOCK") throw error;
      this.#now = Math.max(this.#now, lastAtOf(this.#disk));
      await this.#open(false);
    }
  }

  async #restart(isKilled: boolean): Promise<void> {
    const before = this.#running;
    if (isKilled) {
      // What the process that was killed had yet to write never reaches the disk of the next one.
      forgetTimers();
      this.#disk = this.#disk.copy();
    } else await before.close();
    const wasDurable = before.reading.waitingCount === 0;
    await this.#openInTime();
    const after = this.#running;
    // Opening may settle what is overdue; nothing else distinguishes the state after it from that before.
    const isSame = after.reading.head.sequence === before.reading.head.sequence;
    if (wasDurable && isSame && after.stateDigest() !== before.stateDigest())
      throw new Error("the state after a restart differs from the state before it");
  }
}

/** When the last entry was written, microseconds. */
function lastAtOf(disk: MemoryDisk): number {
  const line = linesOf(disk).at(-1);
  return line === undefined ? 0 : (JSON.parse(line) as { data: { at: number } }).data.at;
}

function refused(error: unknown): false {
  if (!(error instanceof CalybrisError)) throw error;
  return false;
}

function requestOf({ snapshot }: Engine, ask: Ask): ClientRequest {
  const { features, useCase, requested, requestId, others, ...rest } = ask;
  const useCases = Object.keys(snapshot.useCases);
  const names = snapshot.learning?.features ?? [];
  const given = names.flatMap((name, at) => {
    const value = features[at];
    return value === null || value === undefined ? [] : [[name, value]];
  });
  return {
    ...rest,
    ...others,
    ...(useCase === undefined ? {} : { useCase: useCases[useCase % useCases.length] }),
    ...(requested === undefined
      ? {}
      : { requested: snapshot.candidateNames[requested % snapshot.candidateNames.length] }),
    ...(requestId === undefined ? {} : { requestId: `request “${requestId}” \\ "\u{1F600}"` }),
    ...(given.length === 0 ? {} : { features: Object.fromEntries(given) as Record<string, number> }),
  };
}

function outcomeOf(decisionId: string, reported: Reported, now: number): ClientOutcome {
  const { observedLaterUs, ...rest } = reported;
  const observed = observedLaterUs === undefined ? {} : { observedAt: Math.max(0, now + observedLaterUs) };
  return { decisionId, ...rest, ...observed } as ClientOutcome;
}

/** A tenant is in the file when it has terms, or is above one that has. */
function tenantsOf(terms: readonly (Terms | null)[]): object {
  const parents = new Map(TENANTS);
  const parentOf = (name: string): object => {
    const parent = parents.get(name);
    return parent === undefined ? {} : { parent };
  };
  const tenants = new Map<string, object>();
  for (const [index, [name]] of TENANTS.entries()) {
    const term = terms[index];
    if (term === null || term === undefined) continue;
    for (let above = parents.get(name); above !== undefined; above = parents.get(above))
      if (!tenants.has(above)) tenants.set(above, parentOf(above));
    tenants.set(name, { ...parentOf(name), ...term });
  }
  return Object.fromEntries(tenants);
}
