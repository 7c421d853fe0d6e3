/**
 * The search for a fault of the disk that breaks a promise: each call that a process makes, gone wrong in each way there
 * is. Afterwards every disk that a power loss may leave is recovered, and a new process serves from what the fault left.
 * @module
 */
import { CalybrisError } from "@calybris/kernel";
import { setImmediate as turn } from "node:timers/promises";
import { SEED_FILE } from "../../../src/storage/seed-file.ts";
import type { Engine } from "../../../src/engine.ts";
import { seededChance } from "../../support/seeded-chance.ts";
import { isHung } from "../crash/driver.ts";
import { crashImages } from "../crash/images.ts";
import type { DiskModel } from "../crash/model.ts";
import { CrashViolation, recoverChecked } from "../crash/oracle.ts";
import { pass } from "../../support/virtual-timers.ts";
import { type Command, entriesOf, obey, openEngine, runProcess } from "../crash/process.ts";
import { FAULTS, type Fault, FaultDisk } from "./disk.ts";

/** A process whose every call is made to fail in turn. */
export interface Scenario {
  readonly name: string;
  readonly start: DiskModel;
  readonly commands: readonly Command[];
  readonly segmentBytesMax: number;
  /** Highest sequence acknowledged before it began. */
  readonly acknowledged: number;
}

export interface FaultCounts {
  /** Pairs of a call and a fault. */
  faults: number;
  /** Disks after a power loss that were recovered after them. */
  states: number;
  /** How often the fault met each kind of call. */
  readonly calls: Map<string, number>;
}

export interface FaultOptions {
  readonly seed: number;
  /** Of so many pairs of a call and a fault one is tried. */
  readonly every: number;
  readonly isOver: () => boolean;
}

const CLOSE_MS = 10_000;
/** Calls that only read: the process may live on after them. */
const READS = ["list", "open", "read", "size", "close"];

export async function searchFaults(scenario: Scenario, options: FaultOptions, counts: FaultCounts): Promise<void> {
  const chance = seededChance(options.seed);
  const clean = await live(scenario, -1, undefined);
  if (clean.problems.length > 0) throw clean.problems[0];
  const submitted = entriesOf(clean.disk.inner.model.contents());
  clean.disk.inner.stop();
  for (const [at, { kind, name }] of clean.disk.calls.slice().entries()) {
    for (const fault of FAULTS) {
      if (fault === "short" && kind !== "read" && kind !== "write") continue;
      if (options.isOver()) return;
      if (chance(options.every) !== 0) continue;
      counts.faults += 1;
      counts.calls.set(kind, (counts.calls.get(kind) ?? 0) + 1);
      try {
        await tryOne(scenario, at, fault, submitted, options, counts);
      } catch (cause) {
        throw new CrashViolation(`${scenario.name}: ${fault} at call ${at} (${kind} ${name}): ${messageOf(cause)}`, {
          cause,
        });
      }
    }
  }
}

/** What became of a process with a fault. */
interface Lived {
  readonly disk: FaultDisk;
  readonly engine: Engine | undefined;
  /** Highest sequence that was acknowledged. */
  readonly acknowledged: number;
  /** What was thrown, in order. */
  readonly problems: readonly Error[];
}

async function tryOne(
  scenario: Scenario,
  at: number,
  fault: Fault,
  submitted: readonly string[],
  options: FaultOptions,
  counts: FaultCounts,
): Promise<void> {
  const lived = await live(scenario, at, fault);
  const { disk, problems } = lived;
  if (disk.broken === undefined) throw new CrashViolation("the call was not made again");
  const isOther = READS.includes(disk.broken.kind) || isForSeed(disk, at) || isForSnapshot(disk, at);
  for (const problem of problems) requireCoded(problem, isOther);
  if (!isOther) {
    // A snapshot of what is durable may still be written: it is no call of the writer. While the writer's thread hangs, another
    // may still make the file of the seed.
    const after = disk.calls
      .slice(at + 1)
      .filter((call, index) => disk.changesAfter.includes(call) && !isForSnapshot(disk, at + 1 + index))
      .filter(({ kind, name }) => fault !== "hang" || (name !== SEED_FILE && kind !== "syncDirectory"));
    if (after.length > 0)
      throw new CrashViolation(`after it the disk was still asked to ${after.map(({ kind }) => kind).join(", ")}`);
    if (fault !== "hang" && lived.engine !== undefined) await requireDead(lived.engine);
    if (fault === "hang") await requireGivesUp(lived.engine);
    else if (problems.length === 0 && scenario.commands.at(-1)?.kind === "close")
      throw new CrashViolation("no failure was reported");
  }
  // A call that is not the writer's leaves out what it was for; then what was submitted is there.
  const expected = isOther ? entriesOf(disk.inner.model.contents()) : submitted;
  requireDurable(disk.inner.model, lived.acknowledged, expected, options, counts);
  disk.inner.stop();
  if (fault === "hang") return;
  const again = await runProcess(disk.inner.model, [{ kind: "decide", ids: ["a"] }], scenario.segmentBytesMax);
  const model = again.start.clone();
  for (const operation of again.operations) model.apply(operation);
  requireDurable(model, again.entries.length, again.entries, options, counts);
}

/** The seed has a file of its own: when that cannot be made, the policy is refused, and the journal lives on. */
function isForSeed({ calls }: FaultDisk, at: number): boolean {
  return calls[at]?.name === SEED_FILE || (calls[at]?.kind === "syncDirectory" && calls[at - 1]?.name === SEED_FILE);
}

/** A snapshot that cannot be written is done without: the journal lives on. */
function isForSnapshot({ calls }: FaultDisk, at: number): boolean {
  const [before, call] = [calls[at - 1], calls[at]];
  const isNamed = call?.name.startsWith("snapshot") === true;
  return isNamed || (call?.kind === "syncDirectory" && before?.kind === "rename" && before.name.startsWith("snapshot"));
}

/** Opens an engine and does what the scenario says, until it is done, refused, or hangs. */
async function live(scenario: Scenario, at: number, fault: Fault | undefined): Promise<Lived> {
  const disk = new FaultDisk(scenario.start.clone(), at, fault);
  const problems: Error[] = [];
  let { acknowledged } = scenario;
  const tell = (sequence: number): void => {
    acknowledged = Math.max(acknowledged, sequence);
  };
  const engine = await answerOf(
    openEngine({ disk, segmentBytesMax: scenario.segmentBytesMax, acknowledged: tell, looked: disk.inner }),
    problems,
  );
  if (engine !== undefined) tell(engine.recovery.entries);
  for (const command of engine === undefined ? [] : scenario.commands)
    await answerOf(obey(engine as Engine, command, tell), problems);
  return { disk, engine, acknowledged, problems };
}

/** The answer; nothing when it is refused, or does not come because the disk hangs. */
async function answerOf<T>(asked: Promise<T>, problems: Error[]): Promise<T | undefined> {
  let answer: T | undefined;
  let isAnswered = false;
  asked
    .then((value) => {
      answer = value;
    })
    .catch((error: Error) => {
      if (!isHung(error)) problems.push(error);
    })
    .finally(() => {
      isAnswered = true;
    });
  // Each batch takes a turn, and nothing else that a process here waits for does.
  for (let turns = 0; turns < 10 && !isAnswered; turns++) await turn();
  return answer;
}

function requireCoded(problem: Error, isOther: boolean): void {
  if (!(problem instanceof CalybrisError)) throw new CrashViolation(`the error is not coded: ${problem.stack}`);
  const expected = ["CAL_JOURNAL_FAILED", "CAL_JOURNAL_UNREADABLE", "CAL_ENGINE_CLOSED"];
  // A start from a snapshot reads older segments only when an entry of them is asked for.
  expected.push("CAL_JOURNAL_ARCHIVE_UNREACHABLE");
  // What was kept from being done is missing when the next command builds on it.
  if (isOther) expected.push("CAL_LEDGER_RESERVATION_STATE");
  if (!expected.includes(problem.code)) throw new CrashViolation(`the error is ${problem.code}: ${problem.message}`);
}

/** Whatever is asked of it now is refused, and says why. */
async function requireDead(engine: Engine): Promise<void> {
  const problems: Error[] = [];
  await answerOf(obey(engine, { kind: "decide", ids: ["afterwards"] }), problems);
  const code = problems[0] instanceof CalybrisError ? problems[0].code : String(problems[0]);
  if (code !== "CAL_JOURNAL_FAILED" && code !== "CAL_ENGINE_CLOSED")
    throw new CrashViolation(`the journal is dead, and a request was answered with ${code}`);
}

/** A close does not wait for ever for a disk that does not answer: it says so, to an operator who has to decide. */
async function requireGivesUp(engine: Engine | undefined): Promise<void> {
  // While it opens, the whole of the process hangs.
  if (engine === undefined) return;
  const problems: Error[] = [];
  await answerOf(engine.close(), problems);
  if (problems.length > 0) throw new CrashViolation("it gave up at once");
  for (let patience = 0; patience < 2; patience++) {
    pass(CLOSE_MS);
    await turn();
  }
  if (!(problems[0] instanceof CalybrisError) || !problems[0].message.includes("not answered for 10 s"))
    throw new CrashViolation(`the disk hangs, and a close says ${problems[0]?.message ?? "nothing"}`);
}

function requireDurable(
  model: DiskModel,
  acknowledged: number,
  submitted: readonly string[],
  options: FaultOptions,
  counts: FaultCounts,
): void {
  const chance = seededChance(options.seed);
  for (const image of crashImages(model, { chance, exhaustiveSectorsMax: 3, samples: 10 })) {
    counts.states += 1;
    const { entries } = recoverChecked(image, submitted);
    if (entries < acknowledged) throw new CrashViolation(`${acknowledged} were acknowledged, ${entries} are durable`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
