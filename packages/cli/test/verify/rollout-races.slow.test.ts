/**
 * Changes of policy against decisions, in every order: operators promote, roll back, stage and run a canary while requests are sent and
 * repeated, a batch is decided, and a call begins before a change and ends after it.
 *
 * What each actor does comes in its own order, and the actors interleave in every way. The disk is an actor, too: until it writes,
 * nothing is durable, nobody is answered, and what was begun waits. A process ends at each call of the disk.
 */
import { Engine, type EngineOptions } from "@calybris/engine";
import { InlineDriver, Writer } from "@calybris/engine/internal";
import { CalybrisError, type PolicySnapshot } from "@calybris/kernel";
import { beforeAll, describe, expect, test } from "vitest";
import { ASKED } from "../../../engine/test/support/call-world.ts";
import { MemoryDisk } from "../../../engine/test/support/memory-disk.ts";
import { audited, OPEN, policyOf, requestOf } from "./rollout-world.ts";
import { someOf } from "../../../../test/share.ts";

/** The same candidates; ids above 40 say that the second policy decided. */
const [FIRST, SECOND, THIRD] = [policyOf("as it is"), policyOf("other ids"), policyOf("high floor")];
const SECOND_IDS = 40;

/** Writes on request. */
class HeldDriver extends InlineDriver {
  readonly #writer: Writer;
  isHeld = true;

  constructor(writer: Writer) {
    super(writer);
    this.#writer = writer;
  }

  override submit(batch: Parameters<InlineDriver["submit"]>[0]): void {
    if (this.isHeld) this.#writer.submit(batch);
    else super.submit(batch);
  }

  write(): void {
    while (this.#writer.step((written) => this.onWritten(written)));
  }
}

type Answer = { readonly done: unknown } | { readonly code: string };

/** A process that ends: its files, and the decision of the request `r` if that was answered before. */
interface Crash {
  readonly disk: MemoryDisk;
  readonly answered: number | undefined;
}

/** An engine on a copy of the files; its disk is held. */
class Race {
  readonly disk: MemoryDisk;
  readonly #start: MemoryDisk;
  engine!: Engine;
  #driver!: HeldDriver;
  #now = 10_000_000;
  /** The files at each call of the disk. */
  readonly crashes: Crash[] = [];
  /** What was started, by its name, and what became of it. */
  readonly answers = new Map<string, Promise<Answer>>();
  readonly settled = new Map<string, Answer>();

  constructor(start: MemoryDisk) {
    this.#start = start;
    this.disk = start.copy();
  }

  async open(): Promise<this> {
    this.engine = await openOn(
      this.disk,
      () => ++this.#now,
      (driver) => {
        this.#driver = driver;
      },
    );
    this.#driver.isHeld = true;
    let before = -1;
    this.disk.fault = (call, index) => {
      if (index !== before && call !== "open") this.crashes.push({ disk: this.disk.copy(), answered: this.answered });
      before = index;
      return undefined;
    };
    return this;
  }

  start(name: string, work: () => Promise<unknown>): void {
    const answer: Promise<Answer> = Promise.resolve()
      .then(work)
      .then(
        (done) => ({ done }),
        (error: unknown) => {
          if (error instanceof CalybrisError) return { code: error.code };
          throw error;
        },
      );
    this.answers.set(name, answer);
    void answer.then((was) => this.settled.set(name, was));
  }

  /** Everything that can go on without the disk does. */
  async rest(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  async write(): Promise<void> {
    await this.rest();
    this.#driver.write();
    await this.rest();
  }

  /** The disk writes until everybody is answered. */
  async finish(): Promise<void> {
    for (let turn = 0; this.settled.size < this.answers.size; turn += 1) {
      expect(turn).toBeLessThan(20);
      await this.write();
    }
    // An idle journal may have ordered its seal meanwhile.
    this.#driver.isHeld = false;
    this.#driver.write();
    await this.engine.close();
  }

  /** The sequence of the decision that the request `r` was answered with. */
  get answered(): number | undefined {
    for (const name of ["first", "again"]) {
      const answer = this.settled.get(name);
      if (answer !== undefined && "done" in answer) return (answer.done as { readonly sequence: number }).sequence;
    }
    return undefined;
  }

  /** The entries that came after the start. */
  get entries(): readonly string[] {
    return entriesOf(this.disk);
  }

  get from(): number {
    return entriesOf(this.#start).length;
  }
}

function entriesOf(disk: MemoryDisk): readonly string[] {
  return [...disk.files]
    .filter(([name]) => name.startsWith("segment-"))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([, bytes]) => Buffer.from(bytes).toString("utf8").split("\n"))
    .filter((line) => line.endsWith("}"))
    .map((line) => line.slice(line.indexOf('"data":') + 7, -1));
}

async function openOn(
  disk: MemoryDisk,
  nowUs: () => number,
  held?: (driver: HeldDriver) => void,
  policy?: PolicySnapshot,
): Promise<Engine> {
  const driver: EngineOptions["driver"] = (start) => {
    const made = new HeldDriver(new Writer(disk, start, undefined, () => 0));
    made.isHeld = false;
    held?.(made);
    return made;
  };
  const randomBytes = (count: number): Uint8Array => new Uint8Array(count).fill(3);
  return Engine.open({ directory: "memory", policy, disk, nowUs, randomBytes, driver, user: "system:anna" });
}

/** A journal with the second policy staged, its gates passed. */
let start: MemoryDisk;

beforeAll(async () => {
  const disk = new MemoryDisk();
  let now = 1_000_000;
  const engine = await openOn(disk, () => ++now, undefined, FIRST);
  await engine.rollout.stage(SECOND);
  for (let at = 0; (await engine.rollout.status(OPEN)).compared?.passes === undefined; at += 1) {
    expect(at).toBeLessThan(200);
    const { decisionId, decision } = await engine.decide({ ...requestOf(1), tenant: `early-${at}` });
    if (decision.action !== "reject") await engine.learning.observe({ decisionId, succeeded: true });
  }
  await engine.close();
  start = disk;
});

interface Act {
  readonly name: string;
  readonly run: (race: Race) => Promise<unknown>;
  /** What has to be answered before: a call ends once it has begun. */
  readonly after?: string;
}

const decide = (name: string, requestId: string): Act => ({
  name,
  run: ({ engine }) => engine.decide({ ...requestOf(1), requestId }),
});
const promote: Act = { name: "promote", run: ({ engine }) => engine.rollout.promote(2, undefined, OPEN) };
const rollBack: Act = { name: "roll back", run: ({ engine }) => engine.rollout.rollBack(1) };
const stageThird: Act = { name: "stage", run: ({ engine }) => engine.rollout.stage(THIRD) };
const canary = (shareBps: number): Act => ({
  name: `canary ${shareBps}`,
  run: ({ engine }) => engine.rollout.canary(2, shareBps, undefined, OPEN),
});
const batch: Act = {
  name: "batch",
  run: ({ engine }) => engine.decideMany([1, 2].map((at) => ({ ...requestOf(1), requestId: `b${at}` }))),
};
const begin: Act = {
  name: "begin",
  run: ({ engine }) => engine.calls.begin({ ...ASKED, tenant: "acme", requestId: "call" }),
};
const end: Act = {
  name: "end",
  after: "begin",
  run: async ({ settled }) => {
    const begun = settled.get("begin");
    const { call } = (begun !== undefined && "done" in begun ? begun.done : {}) as {
      readonly call?: { readonly complete: (outcome: object, last: object) => Promise<unknown> };
    };
    return call?.complete({}, { number: 1, status: 200, latencyMs: 9, costMicrocents: 5n });
  },
};
const write: Act = { name: "write", run: () => Promise.resolve() };

/** Every way to do what the actors do, each in its own order. */
function* interleavings(actors: readonly (readonly Act[])[]): Generator<readonly Act[]> {
  if (actors.every(({ length }) => length === 0)) {
    yield [];
    return;
  }
  for (const [index, [first, ...rest]] of actors.entries()) {
    if (first === undefined) continue;
    for (const then of interleavings(actors.with(index, rest))) yield [first, ...then];
  }
}

/** Which policies are active and staged after an entry, from the entries alone. */
interface Standing {
  readonly active: number;
  readonly staged: number | undefined;
  readonly canaryBps: number;
}

interface Body {
  readonly kind: string;
  readonly change?: string;
  readonly policyId?: number;
  /** Of a decision that a canary made. */
  readonly policy?: number;
  readonly shareBps?: number;
  readonly decision?: { readonly selected?: number };
  readonly shadow?: { readonly candidate: number };
}

function after({ active, staged, canaryBps }: Standing, { kind, change, policyId = 1, shareBps = 0 }: Body): Standing {
  if (kind === "genesis") return { active: policyId, staged: undefined, canaryBps: 0 };
  if (kind !== "policy") return { active, staged, canaryBps };
  if (change === "staged") return { active, staged: policyId, canaryBps: 0 };
  if (change === "canary") return { active, staged: policyId, canaryBps: shareBps };
  return { active: policyId, staged: undefined, canaryBps: 0 };
}

const NONE: Standing = { active: 0, staged: undefined, canaryBps: 0 };

function requirePoliciesOf(entries: readonly string[]): Standing {
  let standing = NONE;
  for (const data of entries) {
    const body = JSON.parse(data) as Body;
    if (body.kind === "decision") {
      const isCanary = standing.canaryBps === 10_000;
      const deciding = isCanary ? standing.staged : standing.active;
      const selected = body.decision?.selected ?? 0;
      // The third policy has the ids of the first.
      if (selected > 0) expect(selected > SECOND_IDS).toBe(deciding === 2);
      expect(body.policy).toBe(isCanary ? deciding : undefined);
      expect(body.shadow !== undefined).toBe(standing.staged !== undefined && !isCanary);
    }
    standing = after(standing, body);
  }
  return standing;
}

/** Runs one schedule. `undefined` where an act cannot be done at its place. */
async function run(schedule: readonly Act[]): Promise<Race | undefined> {
  const race = await new Race(start).open();
  for (const act of schedule) {
    if (act === write) await race.write();
    else if (act.after !== undefined && !race.settled.has(act.after)) {
      await race.finish();
      return undefined;
    } else race.start(act.name, () => act.run(race));
  }
  await race.finish();
  return race;
}

const KNOWN = ["CAL_ROLLOUT_NOT_STAGED", "CAL_ROLLOUT_POLICY_UNKNOWN", "CAL_CALL_POLICY_CHANGED"];

function requireAnswers(race: Race): void {
  const changes = race.entries.slice(race.from).filter((data) => (JSON.parse(data) as Body).kind === "policy");
  let made = 0;
  for (const [name, answer] of race.settled) {
    if ("code" in answer) {
      expect(KNOWN, name).toContain(answer.code);
      continue;
    }
    const { sequence, repeated } = (answer.done ?? {}) as { readonly sequence?: number; readonly repeated?: boolean };
    if (/^(promote|roll back|stage|canary)/.test(name) && repeated === false) {
      made += 1;
      const { kind } = JSON.parse(race.entries[(sequence ?? 0) - 1] ?? "{}") as Body;
      expect(kind).toBe("policy");
    }
  }
  // A change that was refused wrote nothing, and one that was made wrote one entry.
  expect(changes).toHaveLength(made);
  const answers = ["first", "again"].flatMap((name) => {
    const answer = race.settled.get(name);
    return answer !== undefined && "done" in answer ? [answer.done as { readonly sequence: number }] : [];
  });
  // A retry gets the decision that was made, whatever policy is active by then.
  expect(new Set(answers.map(({ sequence }) => sequence)).size).toBeLessThanOrEqual(1);
}

/** Sequences of the decisions of the request `r`. */
function requestIds(disk: MemoryDisk): readonly number[] {
  return entriesOf(disk).flatMap((data) => {
    const { id, sequence } = JSON.parse(data) as { readonly id?: string; readonly sequence: number };
    return id === "r" ? [sequence] : [];
  });
}

/** Of the states that a process can leave, so many are gone on from; an audit of it takes longest. */
const CRASHES_EACH = 3;
const AUDITED_EACH = 4;

/** A process that ended at any call of the disk goes on from an entry, with the policies of the entries up to it. */
async function requireCrashes(race: Race, seen: Set<string>): Promise<number> {
  let crashes = 0;
  for (const { disk, answered } of race.crashes) {
    const key = `${answered} ${entriesOf(disk).slice(race.from).join("\n")}`;
    if (seen.has(key)) continue;
    if (seen.add(key).size % CRASHES_EACH !== 0) continue;
    crashes += 1;
    let now = 20_000_000;
    const before = requestIds(disk);
    const engine = await openOn(disk, () => ++now);
    const { active, staged, canaryBps } = await engine.rollout.status(OPEN);
    const standing = requirePoliciesOf(entriesOf(disk));
    expect({ active: active.id, staged: staged?.id, canaryBps: canaryBps ?? 0 }).toEqual(standing);
    const { sequence } = await engine.decide({ ...requestOf(1), requestId: "r" });
    // A decision that is durable comes back; what was answered is durable.
    if (before.length > 0) expect([sequence]).toEqual(before);
    if (answered !== undefined) expect(sequence).toBe(answered);
    expect(requestIds(disk)).toEqual([sequence]);
    await engine.rollout.rollBack(1);
    expect((await engine.rollout.status()).active.id).toBe(1);
    await engine.close();
    if (crashes % AUDITED_EACH === 0) expect(audited(entriesOf(disk)).findings).toEqual([]);
  }
  return crashes;
}

const [first, again] = [decide("first", "r"), decide("again", "r")];

const RACES: readonly { readonly name: string; readonly actors: readonly (readonly Act[])[] }[] = [
  { name: "a decision and its retry", actors: [[promote, rollBack], [first, again], [write]] },
  { name: "a call", actors: [[promote, rollBack], [begin, end], [write]] },
  { name: "a batch and a decision", actors: [[promote], [batch], [first], [write]] },
  { name: "three operators", actors: [[promote], [rollBack], [stageThird], [first]] },
  { name: "a canary", actors: [[canary(10_000), canary(0), promote], [first], [write]] },
];

describe.each(someOf(RACES, 5))("$name", ({ actors }) => {
  test("in every order: each decision is by the policy of its place, each answer is one decision, and a crash loses no order", async () => {
    const seen = new Set<string>();
    let [schedules, crashes] = [0, 0];
    for (const schedule of interleavings(actors)) {
      const race = await run(schedule);
      if (race === undefined) continue;
      schedules += 1;
      requireAnswers(race);
      requirePoliciesOf(race.entries);
      const { digests, findings } = audited(race.entries);
      expect(findings).toEqual([]);
      expect(digests.size).toBe(race.entries.length);
      crashes += await requireCrashes(race, seen);
    }
    expect(schedules).toBeGreaterThan(5);
    expect(crashes).toBeGreaterThan(3);
  }, 390_000);
});
