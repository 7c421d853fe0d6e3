/**
 * The search for a fault of a port that the engine outlives, or that leaves half a step behind: random commands, one of
 * which meets a port that throws or lies. From then on every command must be refused with one and the same error, and what
 * is durable must be what an honest engine had ordered before that command.
 * @module
 */
import type { CalybrisError, PolicySnapshot } from "@calybris/kernel";
import { EngineError } from "../../src/engine-errors.ts";
import { setImmediate as turn } from "node:timers/promises";
import {
  type Armed,
  type Command,
  CommandWorld,
  codeOf,
  drawCommands,
  learning,
  type Outcome,
} from "../support/command-world.ts";
import { type Chance, seededChance } from "../support/seeded-chance.ts";
import { withTimersHeld } from "../support/virtual-timers.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

export interface StopCounts {
  /** Faults that were met. */
  faults: number;
  /** By port and command. */
  readonly met: Map<string, number>;
}

const COMMANDS = 60;
/** Limits and grants. */
const FIRST_COMMANDS = 5;
/** Faults for each history. */
const TRIES = 20;

export interface StopBudget {
  readonly seed: number;
  /** How many faults have to be met. */
  readonly cases: number;
  /** Asked before each history. */
  readonly isOver?: (counts: StopCounts) => boolean;
}

/** Throws with the seed and the command that broke a promise. */
export async function searchStops({ seed, cases, isOver = () => false }: StopBudget): Promise<StopCounts> {
  const counts: StopCounts = { faults: 0, met: new Map() };
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => {
    unhandled.push(reason);
  };
  process.on("unhandledRejection", note);
  // Most of the time would go into stacks of errors that are expected.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    for (let number = seed; counts.faults < cases && !isOver(counts); number++) {
      await withTimersHeld(() => tryCommands(number, counts));
      await turn();
      if (unhandled.length > 0) throw new Error(`seed ${number}: a rejection is not handled: ${String(unhandled[0])}`);
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    process.off("unhandledRejection", note);
  }
  return counts;
}

/** One history, on an honest engine and then with faults at some of its commands. */
async function tryCommands(seed: number, counts: StopCounts): Promise<void> {
  const commands = drawCommands(seededChance(seed), COMMANDS);
  const policy = seed % 2 === 0 ? learning(1n) : sampleSnapshot(1n);
  const honest = await CommandWorld.open({ policy });
  const outcomes: Outcome[] = [];
  const boundaries: number[] = [honest.entries().length];
  for (const command of commands) {
    outcomes.push(await honest.start(command));
    await written(honest);
    boundaries.push(honest.entries().length);
  }
  const entries = honest.entries();
  await honest.engine.close();
  const chance = seededChance(~seed);
  for (let tries = 0; tries < TRIES; tries++) {
    const at = drawCommandAt(commands, chance);
    const armed = drawFault(chance);
    try {
      const fired = await tryFault(commands, at, armed, { policy, outcomes, boundaries, entries }, chance);
      if (!fired) continue;
      counts.faults += 1;
      const met = `${armed.port} ${commands[at]?.does}`;
      counts.met.set(met, (counts.met.get(met) ?? 0) + 1);
    } catch (error) {
      const what = `${armed.port}, call ${armed.call}, at command ${at} (${commands[at]?.does})`;
      throw new Error(`seed ${seed}, ${what}: ${(error as Error).message}`, { cause: error });
    }
  }
}

interface Honest {
  readonly policy: PolicySnapshot;
  readonly outcomes: readonly Outcome[];
  /** How many entries there were before each command. */
  readonly boundaries: readonly number[];
  readonly entries: readonly string[];
}

async function tryFault(
  commands: readonly Command[],
  at: number,
  armed: Armed,
  honest: Honest,
  chance: Chance,
): Promise<boolean> {
  const world = await CommandWorld.open({ policy: honest.policy });
  const together = togetherBefore(commands, at, chance(4));
  for (const command of commands.slice(0, at - together)) {
    await world.start(command);
    if (isOfTimers(command)) await written(world);
  }
  const before = commands.slice(at - together, at).map((command) => world.start(command));
  const { outcome, fired } = world.startArmed(commands[at] as Command, armed);
  if (!fired) {
    await Promise.all([...before, outcome]);
    await world.engine.close();
    return false;
  }
  const after = commands
    .slice(at + 1, at + 4)
    .filter(({ does }) => does !== "wait" && does !== "pass")
    .map((command) => world.start(command));
  requireAnswered(await Promise.all(before), honest.outcomes.slice(at - together, at));
  const { failure } = world.engine.reading;
  require(failure?.code === "CAL_ENGINE_STOPPED" && failure.status === 503, `the engine runs on: ${failure?.code}`);
  if (isOfTimers(commands[at] as Command)) require("answer" in (await outcome), "a timer throws, which ends a process");
  else requireStopped(await outcome, failure);
  for (const refused of await Promise.all(after)) requireStopped(refused, failure);
  for (const command of EVERY_COMMAND) requireStopped(await world.start(command), failure);
  require(world.engine.stop(new Error("later")) === failure, "a later cause takes the place of the first");
  await written(world);
  await requireReadable(world);
  await world.engine.close();
  requireDurable(world.entries(), at, commands[at] as Command, honest);
  await requireRecovers(world);
  return true;
}

/** How many commands before it are still under way. */
function togetherBefore(commands: readonly Command[], at: number, most: number): number {
  let count = 0;
  while (count < most && count < at && mayOverlap(commands.slice(at - count - 1, at + 1))) {
    if (readsFirst(commands[at - count - 1] as Command)) break;
    count += 1;
  }
  return count;
}

/** What waits for an entry of the journal before it orders anything: a stop may come between. */
function readsFirst(command: Command): boolean {
  if (command.does === "observe") return true;
  return command.does === "decideMany" && command.requests.some(({ requestId }) => requestId !== undefined);
}

/** A timer of the journal does nothing while anything is under way; what names a decision has to know it first. */
function mayOverlap(commands: readonly Command[]): boolean {
  const isDecided = commands.some(({ does }) => does === "decide" || does === "decideMany");
  return !commands.some(isOfTimers) && !(isDecided && commands.some((command) => "which" in command));
}

/** Each kind of command is as likely, behind those that every history begins with. */
function drawCommandAt(commands: readonly Command[], chance: Chance): number {
  const drawn = [...commands.keys()].slice(FIRST_COMMANDS);
  const kinds = [...new Set(drawn.map((index) => commands[index]?.does))];
  const kind = kinds[chance(kinds.length)];
  const ofKind = drawn.filter((index) => commands[index]?.does === kind);
  return ofKind[chance(ofKind.length)] as number;
}

function drawFault(chance: Chance): Armed {
  const port = (["nowUs", "kernel", "randomBytes"] as const)[chance(3)] as Armed["port"];
  const thrown: readonly (() => unknown)[] = [
    () => {
      throw new Error("a port of the test fails");
    },
    () => {
      throw new EngineError("CAL_JOURNAL_OVERLOADED", { waiting: 1 });
    },
    () => {
      throw "no error at all";
    },
  ];
  const lies: Readonly<Record<Armed["port"], readonly unknown[]>> = {
    nowUs: [Number.NaN, 0.5, -1, Number.POSITIVE_INFINITY, undefined, "1"],
    randomBytes: [new Uint8Array(31), new Uint8Array(0)],
    kernel: [undefined, null],
  };
  const all = [...thrown, ...lies[port].map((lie) => () => lie)];
  return { port, call: port === "randomBytes" ? 0 : chance(3), instead: all[chance(all.length)] as () => unknown };
}

const TURNS_MAX = 100;

/** Everything that was ordered is on the disk. No command waits for the entries of timers, which may take several writes. */
async function written({ engine }: CommandWorld): Promise<void> {
  await turn();
  for (let turns = 1; turns < TURNS_MAX && engine.reading.waitingCount > 0; turns += 1) await turn();
}

/** No command waits for what a timer does. */
function isOfTimers({ does }: Command): boolean {
  return does === "pass";
}

const REQUEST = { inputTokens: 1_000, requestId: "after the stop" };
const EVERY_COMMAND: readonly Command[] = [
  { does: "decide", request: { inputTokens: 1_000 } },
  { does: "decide", request: REQUEST },
  { does: "decide", request: { inputTokens: -1 } },
  { does: "decideMany", requests: [REQUEST] },
  { does: "decideMany", requests: [] },
  { does: "grant", tenant: "org", amount: 1, id: "after the stop" },
  { does: "grant", tenant: "org", amount: 3_000_000, id: "first org" },
  ...(["settle", "release", "hold", "reconcile", "correct"] as const).map((does) => ({ does, which: 0, amount: 1 })),
  { does: "apply", tenants: { other: {} } },
  { does: "observe", which: 0, succeeded: true },
  { does: "setPolicy", policy: sampleSnapshot(99n) },
  { does: "setPolicy", policy: learning(98n) },
  { does: "setPrior" },
  { does: "certify" },
  { does: "sweep" },
  { does: "refresh" },
];

function requireStopped(outcome: Outcome, failure: CalybrisError): void {
  require(codeOf(outcome) === "CAL_ENGINE_STOPPED", `a command after the stop: ${codeOf(outcome) ?? "answered"}`);
  const { details } = (outcome as { refused: CalybrisError }).refused;
  require(details === failure.details, "a command is refused with another incident");
}

/** What was ordered before is durable and answered, as by an honest engine. */
function requireAnswered(outcomes: readonly Outcome[], honest: readonly Outcome[]): void {
  for (const [index, outcome] of outcomes.entries()) {
    const expected = honest[index] as Outcome;
    require(codeOf(outcome) === codeOf(expected), `a command before the fault: ${codeOf(outcome) ?? "answered"}`);
  }
}

async function requireReadable({ engine }: CommandWorld): Promise<void> {
  const { head, waitingCount } = engine.reading;
  const text = (await Array.fromAsync(engine.reading.lines(1, head.sequence))).join("");
  require(text.split("\n").length - 1 === head.sequence && waitingCount === 0, "what is durable can still be read");
  require(engine.ledger.prove().conserved, "the balances can still be read, and are conserved");
  require(engine.reading.policies().length > 0, "the policies can still be read");
}

/** Commands of many steps keep the steps before the one that failed; a segment that ended then has its two entries. */
function requireDurable(entries: readonly string[], at: number, command: Command, honest: Honest): void {
  const [from, to] = [honest.boundaries[at] as number, honest.boundaries[at + 1] as number];
  const differs = entries.findIndex((entry, index) => entry !== honest.entries[index]);
  require(differs === -1, `entry ${differs + 1} is not the one that an honest engine has: ${entries[differs]}`);
  require(entries.length >= from, `${entries.length} entries are durable, and ${from} were ordered before the fault`);
  const extra = entries.slice(from);
  if (["apply", "sweep", "refresh", "pass", "wait"].includes(command.does)) {
    require(entries.length <= to, "a command that failed ordered more than an honest one");
    return;
  }
  const isRotation = extra.length === 2 && extra.every((entry, index) => entry.includes(ROTATION[index] as string));
  require(extra.length === 0 || isRotation, `the step that failed left ${extra.length} entries: ${extra[0]}`);
}

const ROTATION = ['"cause":"rotation"', '"kind":"state"'];

/** A new engine on the same disk folds what is there, and goes on. */
async function requireRecovers(world: CommandWorld): Promise<void> {
  const count = world.entries().length;
  const again = await CommandWorld.open({}, world.disk);
  require(again.engine.recovery.entries ===
    count, `${again.engine.recovery.entries} of ${count} entries are recovered`);
  again.now = world.now;
  const outcome = await again.start({ does: "decide", request: { inputTokens: 1_000, tenant: "solo" } });
  require("answer" in outcome, `a new engine refuses: ${codeOf(outcome)}`);
  await again.engine.close();
}

function require(holds: boolean, claim: string): asserts holds {
  if (!holds) throw new Error(claim);
}
