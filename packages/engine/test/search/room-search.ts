/**
 * The search for a command that is taken in part. The queue is small and the disk waits for a command of the test, so commands are refused
 * for want of room in every situation: with periods, regimes and tables that are due, alone and many at once. What is
 * refused changes nothing. What is taken leaves the journal that an engine with room leaves when it is given the same
 * commands in the order of the journal, and each request of a batch by itself. That is the order in which they are given, but
 * for requests whose id may have been decided: these wait until the entry is durable and read, and others pass them.
 * @module
 */
import { setImmediate as turn } from "node:timers/promises";
import type { DecidedOrRefused } from "../../src/flows/decisions.ts";
import type { ClientRequest } from "../../src/intake/client-request.ts";
import { InlineDriver } from "../../src/journal/thread-driver.ts";
import { Writer, type WriterStart } from "../../src/journal/writer.ts";
import type { Batch, WriterDriver, Written } from "../../src/journal/writer-driver.ts";
import { type Command, CommandWorld, codeOf, drawCommands, learning, type Outcome } from "../support/command-world.ts";
import { seededChance } from "../support/seeded-chance.ts";
import { withTimersHeld } from "../support/virtual-timers.ts";
import { MemoryDisk } from "../support/memory-disk.ts";

export interface RoomCounts {
  commands: number;
  /** Commands refused for want of room, those of them that are batches, and those that needed more than one entry. */
  overloaded: number;
  overloadedMany: number;
  overloadedBySome: number;
  /** Batches that were taken. */
  takenMany: number;
  /** Batches that others passed while they waited for the decision of an id, and ordered something then. */
  passedMany: number;
}

/** A command that was given, and what it comes to. */
interface Given {
  readonly index: number;
  readonly command: Command;
  readonly outcome: Promise<Outcome>;
}

const COMMANDS = 80;
/** No segment ends: where it does depends on the steps. */
const SEGMENT_BYTES = 100_000_000;

/** @throws Error with the seed and the command that was taken in part. */
export async function searchRoom(seed: number, histories: number): Promise<RoomCounts> {
  const counts: RoomCounts = {
    commands: 0,
    overloaded: 0,
    overloadedMany: 0,
    overloadedBySome: 0,
    takenMany: 0,
    passedMany: 0,
  };
  for (let number = seed; number < seed + histories; number++) await withTimersHeld(() => tryHistory(number, counts));
  return counts;
}

async function tryHistory(seed: number, counts: RoomCounts): Promise<void> {
  const chance = seededChance(seed);
  const disk = new MemoryDisk();
  const waitingMax = 1 + chance(12);
  let driver: HeldDriver | undefined;
  const world = await CommandWorld.open(
    {
      policy: learning(1n),
      waitingMax,
      segmentBytesMax: SEGMENT_BYTES,
      driver: (start) => {
        driver = new HeldDriver(disk, start);
        return driver;
      },
    },
    disk,
  );
  const held = driver as unknown as HeldDriver;
  const taken: Given[] = [];
  let recalling: Given[] = [];
  const release = async (): Promise<void> => {
    await held.release();
    taken.push(...(await takenAfterRecall(recalling, counts)));
    recalling = [];
  };
  let sent: ClientRequest | undefined;
  for (const [index, drawn] of drawCommands(seededChance(seed), COMMANDS).entries()) {
    const command = sent === undefined || chance(2) === 0 ? drawn : withRepetition(drawn, sent);
    if (command.does === "decide" && command.request.requestId !== undefined) sent = command.request;
    if (HAS_MANY_STEPS.includes(command.does) && index > 0) continue;
    counts.commands += 1;
    const isNeeded = index < FIRST_COMMANDS || "which" in command;
    if (isNeeded || chance(6) === 0) await release();
    held.isHeld = !isNeeded;
    const before = positionOf(world);
    const given = { index, command, outcome: world.start(command) };
    await turn();
    const now = await outcomeNow(given.outcome);
    const code = now === undefined ? undefined : codeOf(now);
    const after = positionOf(world);
    const hasChanged = before.digest !== after.digest || before.waiting !== after.waiting;
    if (code === "CAL_JOURNAL_OVERLOADED") {
      counts.overloaded += 1;
      if (command.does === "decideMany") counts.overloadedMany += 1;
      if (before.waiting < waitingMax) counts.overloadedBySome += 1;
      if (hasChanged)
        throw new Error(`seed ${seed}, command ${index} (${command.does}): it was refused, and changed something`);
      continue;
    }
    if (before.waiting > 0 && after.waiting > Math.max(waitingMax, before.waiting))
      throw new Error(`seed ${seed}, command ${index} (${command.does}): ${after.waiting} of ${waitingMax} wait`);
    if (now === undefined && !hasChanged && mayRecall(command)) {
      recalling.push(given);
      continue;
    }
    if (command.does === "decideMany") counts.takenMany += 1;
    taken.push(given);
  }
  await release();
  await requireSame(world, taken, seed);
}

/** A batch that sends again what was sent last, and perhaps waits. */
function withRepetition(command: Command, sent: ClientRequest): Command {
  return command.does === "decideMany" ? { ...command, requests: [sent, ...command.requests] } : command;
}

/** Whether it may wait for the decision of an id before it orders anything. */
function mayRecall(command: Command): boolean {
  if (command.does === "decide") return command.request.requestId !== undefined;
  return command.does === "decideMany" && command.requests.some(({ requestId }) => requestId !== undefined);
}

/** Those that were taken of commands that waited for the decision of an id, in the order of the journal. */
async function takenAfterRecall(recalling: readonly Given[], counts: RoomCounts): Promise<readonly Given[]> {
  const taken: { readonly given: Given; readonly place: number }[] = [];
  for (const given of recalling) {
    const { command, outcome } = given;
    const came = await outcome;
    if (codeOf(came) === "CAL_JOURNAL_OVERLOADED") {
      counts.overloaded += 1;
      if (command.does === "decideMany") counts.overloadedMany += 1;
      continue;
    }
    const { latest, hasOrdered } = decisionsOf(command, came);
    if (command.does === "decideMany") {
      counts.takenMany += 1;
      if (hasOrdered) counts.passedMany += 1;
    }
    // What ordered nothing comes after the last decision that it repeats.
    taken.push({ given, place: hasOrdered ? latest : latest + 0.5 });
  }
  return taken.sort((a, b) => a.place - b.place).map(({ given }) => given);
}

/** The last decision that an outcome names, and whether the command decided any itself. */
function decisionsOf(command: Command, outcome: Outcome): { readonly latest: number; readonly hasOrdered: boolean } {
  const answers = (
    command.does === "decideMany" && "answer" in outcome ? outcome.answer : [outcome]
  ) as readonly object[];
  let latest = 0;
  let hasOrdered = false;
  for (const each of answers) {
    const decided = "decided" in each ? each.decided : "answer" in each ? each.answer : undefined;
    if (decided === undefined) continue;
    const { decisionId, repeated } = decided as { readonly decisionId: string; readonly repeated: boolean };
    latest = Math.max(latest, Number.parseInt(decisionId, 10));
    hasOrdered ||= !repeated;
  }
  return { latest, hasOrdered };
}

/** The same commands on an engine that has room, one after another. */
async function requireSame(world: CommandWorld, taken: readonly Given[], seed: number): Promise<void> {
  const roomy = await CommandWorld.open({ policy: learning(1n), segmentBytesMax: SEGMENT_BYTES });
  for (const { index, command, outcome } of taken) {
    const expected = shownOutcome(await oneByOne(roomy, command));
    const is = shownOutcome(await outcome);
    if (is !== expected)
      throw new Error(`seed ${seed}, command ${index} (${command.does}): it got ${is}, alone it gets ${expected}`);
  }
  const [entries, expected] = [world.entries(), roomy.entries()];
  const differs = expected.findIndex((entry, index) => entry !== entries[index]);
  if (differs !== -1 || entries.length !== expected.length)
    throw new Error(`seed ${seed}: entry ${differs + 1} is ${entries[differs]}, with room it is ${expected[differs]}`);
  await world.engine.close();
  await roomy.engine.close();
}

/** A batch is its requests, each sent alone. */
async function oneByOne(world: CommandWorld, command: Command): Promise<Outcome> {
  if (command.does !== "decideMany") return world.start(command);
  const results: DecidedOrRefused[] = [];
  for (const request of command.requests) {
    const outcome = await world.start({ does: "decide", request });
    if ("answer" in outcome) results.push({ decided: outcome.answer } as DecidedOrRefused);
    else results.push(outcome as DecidedOrRefused);
  }
  return { answer: results };
}

const HAS_MANY_STEPS: readonly Command["does"][] = ["apply", "sweep", "pass", "refresh"];
/** Limits and grants. */
const FIRST_COMMANDS = 5;

interface Position {
  readonly digest: string;
  readonly waiting: number;
}

function positionOf({ engine }: CommandWorld): Position {
  return { digest: engine.stateDigest(), waiting: engine.reading.waitingCount };
}

/** What a command came to by now; `undefined` while it waits for the disk. */
async function outcomeNow(outcome: Promise<Outcome>): Promise<Outcome | undefined> {
  const settled = await Promise.race([outcome, turn()]);
  return settled ?? undefined;
}

/** What a client sees, but for what depends on the batches that went to the disk. */
function shownOutcome(outcome: Outcome): string {
  const code = codeOf(outcome);
  if (code !== undefined) return code;
  return JSON.stringify((outcome as { answer: unknown }).answer, (key, value: unknown) => {
    if (value instanceof Error) return codeOf({ refused: value });
    if (key === "decided") return pickDecided(value as { decisionId: string; repeated: boolean });
    if (key === "balance") return undefined;
    return typeof value === "bigint" ? `${value}n` : value;
  });
}

function pickDecided({ decisionId, repeated }: { readonly decisionId: string; readonly repeated: boolean }): object {
  return { decisionId, repeated };
}

/** Keeps what it is given until it is asked to write. */
class HeldDriver implements WriterDriver {
  onWritten: (written: Written) => void = () => undefined;
  onFailed: (problem: string) => void = () => undefined;
  isHeld = false;
  readonly #inner: InlineDriver;
  readonly #kept: Batch[] = [];

  constructor(disk: MemoryDisk, start: WriterStart) {
    this.#inner = new InlineDriver(new Writer(disk, start, undefined, () => 0));
    this.#inner.onWritten = (written) => this.onWritten(written);
    this.#inner.onFailed = (problem) => this.onFailed(problem);
  }

  submit(batch: Batch): void {
    if (this.isHeld || this.#kept.length > 0) this.#kept.push(batch);
    else this.#inner.submit(batch);
  }

  /** Writes all that was kept. */
  async release(): Promise<void> {
    this.isHeld = false;
    await turn();
    for (const batch of this.#kept.splice(0)) this.#inner.submit(batch);
    await turn();
    await turn();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
