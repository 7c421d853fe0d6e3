/**
 * An engine in memory with every command that there is, drawn at random: the same seed gives the same commands, and on an
 * honest engine the same journal, whether they are given one after another or many at once. Ports can be armed to fail at
 * one call.
 * @module
 */
import { bps, CalybrisError, type Kernel, type Policy, type PolicySnapshot, prescribe } from "@calybris/kernel";
import { Engine, type EngineOptions } from "../../src/engine.ts";
import { LEARNING_DEFAULTS } from "../../src/flows/learning-defaults.ts";
import { parseBudgets } from "../../src/intake/budgets-file.ts";
import type { ClientRequest } from "../../src/intake/client-request.ts";
import { segmentNumber } from "../../src/journal/segment.ts";
import { InlineDriver } from "../../src/journal/thread-driver.ts";
import { Writer } from "../../src/journal/writer.ts";
import { linearPrior } from "./linear-prior.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { sampleSnapshot } from "./sample-snapshot.ts";
import type { Chance } from "./seeded-chance.ts";
import { pass } from "./virtual-timers.ts";

export type Command =
  | { readonly does: "decide"; readonly request: ClientRequest }
  | { readonly does: "decideMany"; readonly requests: readonly ClientRequest[] }
  | { readonly does: "grant"; readonly tenant: string; readonly amount: number; readonly id: string }
  | { readonly does: Move; readonly which: number; readonly amount: number }
  | { readonly does: "apply"; readonly tenants: object }
  | { readonly does: "observe"; readonly which: number; readonly succeeded: boolean }
  | { readonly does: "setPolicy"; readonly policy: PolicySnapshot }
  | { readonly does: "setPrior" | "certify" | "sweep" | "refresh" }
  /** Time passes on the clock, and on timers. */
  | { readonly does: "wait"; readonly seconds: number }
  | { readonly does: "pass"; readonly milliseconds: number };

export type Move = "settle" | "release" | "hold" | "reconcile" | "correct";
export type PortName = "nowUs" | "randomBytes" | "kernel";

/** Takes the place of one call of a port. */
export interface Armed {
  readonly port: PortName;
  /** Which call from now on, from 0. */
  readonly call: number;
  readonly instead: () => unknown;
}

/** What a command came to: an answer, or what it was refused with. */
export type Outcome = { readonly answer: unknown } | { readonly refused: unknown };

const SEED_BYTE = 7;
const START_US = Date.UTC(2026, 0, 15, 23, 50) * 1_000;

export class CommandWorld {
  readonly disk: MemoryDisk;
  engine!: Engine;
  now: number = START_US;
  /** Decision ids that were answered. */
  readonly decisionIds: string[] = [];
  #armed: Armed | undefined;
  #calls = 0;
  #fired = false;

  private constructor(disk: MemoryDisk) {
    this.disk = disk;
  }

  /** A new journal needs a policy. */
  static async open(options: Partial<EngineOptions>, disk: MemoryDisk = new MemoryDisk()): Promise<CommandWorld> {
    const world = new CommandWorld(disk);
    world.now = Math.max(START_US, ...world.entries().map((data) => Number(/"at":([0-9]+)/.exec(data)?.[1] ?? 0)));
    world.engine = await Engine.open({
      directory: "memory",
      disk,
      nowUs: () => world.#port("nowUs", () => world.now) as number,
      randomBytes: (count) =>
        world.#port("randomBytes", () => new Uint8Array(count).fill(SEED_BYTE)) as Uint8Array<ArrayBuffer>,
      kernelFor: (policy) => world.#kernel(policy),
      driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
      segmentBytesMax: 20_000,
      ...options,
    });
    return world;
  }

  /** Starts a command with a port that fails. Returns whether it was called so often; only the synchronous part counts. */
  startArmed(command: Command, armed: Armed): { readonly outcome: Promise<Outcome>; readonly fired: boolean } {
    this.#armed = armed;
    this.#calls = 0;
    this.#fired = false;
    const outcome = this.start(command);
    this.#armed = undefined;
    return { outcome, fired: this.#fired };
  }

  /** Starts a command; its order among others is the order of the calls. */
  async start(command: Command): Promise<Outcome> {
    try {
      return { answer: await this.#do(command) };
    } catch (refused) {
      return { refused };
    }
  }

  /** What the entries say, without the hashes and without what was durable when they were written. */
  entries(): readonly string[] {
    const names = [...this.disk.files.keys()].filter((name) => segmentNumber(name) !== undefined).sort();
    return names
      .flatMap(
        (name) =>
          Buffer.from(this.disk.files.get(name) ?? [])
            .toString("utf8")
            .match(/[^\n]+/g) ?? [],
      )
      .map((line) =>
        line
          .slice(line.indexOf(',"data":') + 8, -1)
          .replace(/"durable":[0-9]+/, '"durable":0')
          .replace(/,"treeRoot":"[0-9a-f]{64}"/, ""),
      );
  }

  #do(command: Command): Promise<unknown> {
    const { engine } = this;
    switch (command.does) {
      case "decide":
        return this.#noted(engine.decide(command.request));
      case "decideMany":
        return this.#notedMany(engine.decideMany(command.requests));
      case "grant":
        return engine.ledger.grant({
          tenant: command.tenant,
          amountMicrocents: command.amount,
          id: command.id,
        });
      case "settle":
      case "release":
      case "hold":
      case "reconcile":
      case "correct": {
        const decisionId = this.#decisionId(command.which);
        const move = { decisionId, actualMicrocents: command.amount, cause: "timeout" } as const;
        return engine.ledger[command.does](move);
      }
      case "apply":
        return engine.ledger.apply(parseBudgets({ tenants: command.tenants }));
      case "observe":
        return engine.learning.observe({
          decisionId: this.#decisionId(command.which),
          succeeded: command.succeeded,
        });
      case "setPolicy":
        return engine.setPolicy(command.policy);
      case "setPrior":
        return engine.learning.setPrior(linearPrior({ names: ["load"] }));
      case "certify":
        return engine.learning.certify({ regimes: 0, alphaBps: 500, deltaBps: 500, samples: 10 });
      case "sweep":
        return engine.ledger.sweep();
      case "refresh":
        return Promise.resolve(engine.learning.refresh());
      case "wait":
        this.now += command.seconds * 1_000_000;
        return Promise.resolve();
      case "pass":
        pass(command.milliseconds);
        return Promise.resolve();
    }
  }

  async #noted(decided: ReturnType<Engine["decide"]>): Promise<unknown> {
    const { decisionId, repeated, decision } = await decided;
    if (!repeated) this.#note(decisionId);
    return { decisionId, repeated, decision };
  }

  async #notedMany(asked: ReturnType<Engine["decideMany"]>): Promise<unknown> {
    const results = await asked;
    for (const result of results)
      if ("decided" in result && !result.decided.repeated) this.#note(result.decided.decisionId);
    return results;
  }

  /** In the order of their entries, whichever was answered first. */
  #note(decisionId: string): void {
    this.decisionIds.push(decisionId);
    this.decisionIds.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  }

  #decisionId(which: number): string {
    const { length } = this.decisionIds;
    return length === 0 ? "1-00000000" : (this.decisionIds[which % length] as string);
  }

  #port(port: PortName, honest: () => unknown): unknown {
    if (this.#armed?.port !== port || this.#calls++ !== this.#armed.call) return honest();
    this.#fired = true;
    return this.#armed.instead();
  }

  #kernel(policy: Policy): Kernel {
    return {
      prescribe: (request) =>
        this.#port("kernel", () => prescribe(policy, request).decision) as ReturnType<Kernel["prescribe"]>,
    };
  }
}

/** A policy that learns from one feature; the warm-up is over soon. */
export function learning(epoch: bigint, change: object = {}): PolicySnapshot {
  const sample = sampleSnapshot(epoch);
  const useCase = { ...sample.useCases["default"], qualityMinBps: bps(6_000) } as (typeof sample.useCases)[string];
  return {
    ...sample,
    useCases: { default: useCase },
    learning: { ...LEARNING_DEFAULTS, features: ["load"], warmUpRequests: 12, ...change },
  };
}

const TENANTS = ["default", "org", "team", "solo"];

/** Commands in the order in which they are given. The first limits tenants, so that money is at stake. */
export function drawCommands(chance: Chance, count: number): readonly Command[] {
  const drawn: Command[] = [{ does: "apply", tenants: BUDGETS[0] as object }];
  for (const tenant of TENANTS)
    drawn.push({ does: "grant", tenant, amount: 3_000_000, id: `first ${tenant}` } satisfies Command);
  for (let number = 2; drawn.length < count; number++) drawn.push(drawCommand(chance, number));
  return drawn;
}

const BUDGETS: readonly object[] = [
  { default: {}, org: { period: DAILY() }, team: { parent: "org" }, solo: { period: DAILY() } },
  { default: {}, org: { period: DAILY() }, team: { parent: "org", exposureCapCents: "1" }, solo: {} },
  { default: { onShortfall: "reject" }, org: {}, team: { parent: "org", period: DAILY() }, solo: { unlimited: true } },
];

function DAILY(): object {
  return { every: "day", timeZone: "UTC", allotmentCents: "2" };
}

function drawCommand(chance: Chance, number: number): Command {
  const which = chance(1_000);
  const kind = chance(100);
  if (kind < 40) return { does: "decide", request: drawRequest(chance, number) };
  if (kind < 48)
    return {
      does: "decideMany",
      requests: Array.from({ length: 1 + chance(6) }, (_, index) => drawRequest(chance, number * 10 + index)),
    };
  if (kind < 62) {
    const moves: readonly Move[] = ["settle", "release", "hold", "reconcile", "correct"];
    return { does: moves[chance(moves.length)] as Move, which, amount: chance(400_000) };
  }
  if (kind < 72) return { does: "observe", which, succeeded: chance(2) === 0 };
  if (kind < 76)
    return { does: "grant", tenant: pick(chance, TENANTS), amount: 1 + chance(1_000_000), id: `g${chance(9)}` };
  if (kind < 79) return { does: "apply", tenants: pick(chance, BUDGETS) };
  if (kind < 82) return { does: "refresh" };
  if (kind < 85) return { does: "sweep" };
  if (kind < 88) return { does: "setPolicy", policy: drawPolicy(chance, number) };
  if (kind < 89) return { does: "setPrior" };
  if (kind < 90) return { does: "certify" };
  if (kind < 96) return { does: "wait", seconds: pick(chance, [1, 60, 3_600, 86_400]) };
  return { does: "pass", milliseconds: pick(chance, [20, 150, 1_100]) };
}

function drawPolicy(chance: Chance, number: number): PolicySnapshot {
  const epoch = BigInt(number);
  return chance(3) === 0 ? sampleSnapshot(epoch) : learning(epoch, { explorationBps: chance(2) * 1_000 });
}

function drawRequest(chance: Chance, number: number): ClientRequest {
  return {
    inputTokens: 1_000 * (1 + chance(400)),
    outputTokens: 1_000 * chance(200),
    valueMicrocents: 100_000_000,
    ...(chance(3) === 0 ? {} : { requestId: `r${chance(4) === 0 ? chance(number) : number}` }),
    ...(chance(2) === 0 ? {} : { tenant: chance(20) === 0 ? "nobody" : pick(chance, TENANTS) }),
    ...(chance(3) === 0 ? { qualityMinBps: chance(9_000) } : {}),
    ...(chance(8) === 0 ? { riskBps: 9_999 } : {}),
    ...(chance(15) === 0 ? { useCase: "unknown" } : {}),
    ...(chance(2) === 0 ? { features: { load: chance(50) } } : {}),
    ...(chance(4) === 0 ? { requested: "better" } : {}),
    ...(chance(3) === 0 ? { reservationSeconds: 30 } : {}),
  };
}

function pick<T>(chance: Chance, values: readonly T[]): T {
  return values[chance(values.length)] as T;
}

/** The code of a refusal; what is thrown otherwise is no refusal. */
export function codeOf(outcome: Outcome): string | undefined {
  if ("answer" in outcome) return undefined;
  if (outcome.refused instanceof CalybrisError) return outcome.refused.code;
  throw outcome.refused;
}
