/**
 * Every order in which threads may touch shared memory, not a sample of them.
 *
 * A program is ordinary code. While it is explored, each `Atomics` call on 64-bit cells and each message is an *access*,
 * and between two accesses a thread touches nothing that others see; so orders of accesses are all the orders there are
 * (ECMAScript's atomics are sequentially consistent). An access is carried out by the real `Atomics` on real cells.
 *
 * States are merged: whatever leads to the same state is followed once, and the number of schedules through it is the sum
 * over its successors. This is sound if a state holds everything the future depends on: memory, messages under way, and
 * each thread's position and locals. Those two cannot be read from outside, but a program starts from the same setup,
 * is deterministic, and learns of the rest of the world only through what its accesses return. So *the list of what its
 * accesses returned* fixes both, and is the key. It is finer than needed (two lists may lead to the same place), which costs
 * states, never schedules; so `add` and `sub` return nothing here, and a program cannot depend on what they would.
 * Programs end, so lists are finite and the graph has no circle.
 *
 * To see what a thread does next, its program runs from the start with the recorded returns, and is stopped by an
 * exception at the first access beyond them. So production code needs no hooks: whatever is shared and is not an access
 * cannot be, since memory exists only here.
 * @module
 */

/** What an access returned. */
export type Returned = bigint | string;
const NOTHING = "nothing";

const ATOMICS = ["load", "store", "add", "sub", "compareExchange", "exchange"] as const;
type AtomicName = (typeof ATOMICS)[number];
type Atomic = (cells: BigInt64Array, at: number, ...operands: bigint[]) => bigint;

export interface Access {
  readonly name: AtomicName | "send" | "receive";
  /** A cell, or a box of messages. */
  readonly at: number;
  readonly operands: readonly Returned[];
}

/** What a program is given. Messages of a box are received in the order in which they were sent. */
export interface Thread<Facts> {
  send(box: number, message: string): void;
  /** Waits for a message. */
  receive(box: number): string;
  /** Says what a check needs to know of the thread from here on. */
  note(facts: Facts): void;
}

/** Sets up unobserved, then returns what is explored. */
export type Program<Facts> = () => (thread: Thread<Facts>) => void;

/** Where a thread is: before an access, or at its end. */
export interface Place<Facts> {
  readonly number: number;
  readonly from: { readonly place: Place<Facts>; readonly access: Access; readonly returned: Returned } | undefined;
  readonly next: Access | undefined;
  readonly facts: Facts | undefined;
  /** Accesses since the facts were noted. */
  readonly sinceNoted: number;
  /** What the thread has added to each cell so far. */
  readonly added: ReadonlyMap<number, bigint>;
  readonly onward: Map<Returned, Place<Facts>>;
}

export interface State<Facts> {
  readonly places: readonly Place<Facts>[];
  readonly memory: ReadonlyMap<number, bigint>;
  readonly boxes: readonly (readonly string[])[];
  /** What the check remembers of the way here. */
  readonly memo: string;
}

export interface Scenario<Facts> {
  readonly name: string;
  readonly threads: readonly {
    readonly name: string;
    readonly program: Program<Facts>;
    /** It may wait for messages for ever. */
    readonly serves?: boolean;
  }[];
  /** The cells there are, and what they hold at first. */
  readonly memory: ReadonlyMap<number, bigint>;
  readonly boxCount: number;
  /** Throws when a promise is broken. Called once for every state. */
  readonly check: (state: State<Facts>) => void;
  /** Throws when an end is not as promised. */
  readonly checkEnd: (state: State<Facts>) => void;
  /** Carries the memo on. */
  readonly remember?: (before: State<Facts> | undefined, after: Omit<State<Facts>, "memo">) => string;
}

export interface Explored {
  /** Complete schedules, each from the start to an end. */
  readonly schedules: bigint;
  readonly states: number;
  readonly ends: number;
  readonly longest: number;
}

const PAUSED = new Error("an access beyond what is recorded");

const TABLE = Atomics as unknown as Record<AtomicName, Atomic>;
const REAL = Object.fromEntries(ATOMICS.map((name) => [name, TABLE[name]])) as Record<AtomicName, Atomic>;
let meet: ((access: Access) => Returned) | undefined;

/** @throws Error that holds the schedule, when a check fails, a program throws, or nobody can go on. */
export function explore<Facts>(scenario: Scenario<Facts>, statesMax = 5_000_000): Explored {
  for (const name of ATOMICS) {
    TABLE[name] = (cells, at, ...operands) =>
      meet === undefined ? REAL[name](cells, at, ...operands) : (meet({ name, at, operands }) as bigint);
  }
  try {
    return new Explorer(scenario, statesMax).run();
  } finally {
    for (const name of ATOMICS) TABLE[name] = REAL[name];
  }
}

class Explorer<Facts> {
  readonly #scenario: Scenario<Facts>;
  readonly #statesMax: number;
  readonly #schedulesFrom = new Map<string, bigint>();
  readonly #path: string[] = [];
  readonly #cells = new BigInt64Array(new SharedArrayBuffer(8));
  #placeCount = 0;
  #ends = 0;
  #longest = 0;

  constructor(scenario: Scenario<Facts>, statesMax: number) {
    this.#scenario = scenario;
    this.#statesMax = statesMax;
  }

  run(): Explored {
    const { threads, memory, boxCount, remember, name } = this.#scenario;
    const start = {
      places: threads.map((_, index) => this.#arrive(index, undefined)),
      memory,
      boxes: Array.from({ length: boxCount }, () => []),
    };
    try {
      const schedules = this.#count({ ...start, memo: remember?.(undefined, start) ?? "" });
      return { schedules, states: this.#schedulesFrom.size, ends: this.#ends, longest: this.#longest };
    } catch (cause) {
      throw new Error(`${name}: ${(cause as Error).message}, after\n  ${this.#path.join("\n  ")}`, { cause });
    }
  }

  #count(state: State<Facts>): bigint {
    const key = keyOf(state);
    const known = this.#schedulesFrom.get(key);
    if (known !== undefined) return known;
    if (this.#schedulesFrom.size >= this.#statesMax) throw new Error(`there are more than ${this.#statesMax} states`);
    this.#scenario.check(state);
    let schedules = 0n;
    for (const [index, place] of state.places.entries()) {
      if (!canGoOn(place, state)) continue;
      this.#path.push(`${this.#scenario.threads[index]?.name} ${showAccess(place.next)}`);
      schedules += this.#count(this.#step(state, index));
      this.#path.pop();
    }
    if (schedules === 0n) {
      this.#end(state);
      schedules = 1n;
    }
    this.#schedulesFrom.set(key, schedules);
    return schedules;
  }

  #end(state: State<Facts>): void {
    for (const [index, { next }] of state.places.entries()) {
      const thread = this.#scenario.threads[index];
      if (next !== undefined && thread?.serves !== true) throw new Error(`${thread?.name} waits for ever`);
    }
    this.#scenario.checkEnd(state);
    this.#ends += 1;
    this.#longest = Math.max(this.#longest, this.#path.length);
  }

  #step(state: State<Facts>, index: number): State<Facts> {
    const place = state.places[index] as Place<Facts>;
    const access = place.next as Access;
    const { memory, boxes, returned } = this.#perform(state, access);
    let onward = place.onward.get(returned);
    if (onward === undefined) {
      onward = this.#arrive(index, { place, access, returned });
      place.onward.set(returned, onward);
    }
    const after = { places: state.places.with(index, onward), memory, boxes };
    return { ...after, memo: this.#scenario.remember?.(state, after) ?? "" };
  }

  #perform(
    { memory, boxes }: State<Facts>,
    { name, at, operands }: Access,
  ): Pick<State<Facts>, "memory" | "boxes"> & { readonly returned: Returned } {
    if (name === "send") {
      const box = boxes[at] as readonly string[];
      return { memory, boxes: boxes.with(at, [...box, operands[0] as string]), returned: NOTHING };
    }
    if (name === "receive") {
      const [first, ...others] = boxes[at] as readonly string[];
      return { memory, boxes: boxes.with(at, others), returned: first as string };
    }
    const held = memory.get(at);
    if (held === undefined) throw new Error(`there is no cell ${at}`);
    this.#cells[0] = held;
    const seen = REAL[name](this.#cells, 0, ...(operands as bigint[]));
    const returned = name === "add" || name === "sub" ? NOTHING : seen;
    const holds = this.#cells[0] as bigint;
    return { memory: holds === held ? memory : new Map(memory).set(at, holds), boxes, returned };
  }

  /** Runs a program from its start to the first access beyond the recorded ones. */
  #arrive(index: number, from: Place<Facts>["from"]): Place<Facts> {
    const thread = this.#scenario.threads[index];
    if (thread === undefined) throw new Error("there is such a thread");
    const recorded = returnsUpTo(from);
    let met = 0;
    let next: Access | undefined;
    let facts: Facts | undefined;
    let notedAt = 0;
    const meets = (access: Access): Returned => {
      const returned = recorded[met];
      if (returned === undefined) {
        next ??= access;
        throw PAUSED;
      }
      met += 1;
      return returned === NOTHING ? (undefined as unknown as Returned) : returned;
    };
    const explored = thread.program();
    meet = meets;
    try {
      explored({
        send: (box, message) => void meets({ name: "send", at: box, operands: [message] }),
        receive: (box) => meets({ name: "receive", at: box, operands: [] }) as string,
        note: (noted) => {
          if (next !== undefined) return;
          facts = noted;
          notedAt = met;
        },
      });
    } catch (error) {
      // What a program makes of being stopped is beyond where it is.
      if (next === undefined) throw error;
    } finally {
      meet = undefined;
    }
    this.#placeCount += 1;
    const added = addedBy(from);
    return { number: this.#placeCount, from, next, facts, sinceNoted: met - notedAt, added, onward: new Map() };
  }
}

function returnsUpTo<Facts>(from: Place<Facts>["from"]): readonly Returned[] {
  const returns: Returned[] = [];
  for (let step = from; step !== undefined; step = step.place.from) returns.push(step.returned);
  return returns.reverse();
}

function addedBy<Facts>(from: Place<Facts>["from"]): ReadonlyMap<number, bigint> {
  if (from === undefined) return new Map();
  const { place, access, returned } = from;
  const [first, second] = access.operands as bigint[];
  const change =
    access.name === "add"
      ? (first as bigint)
      : access.name === "sub"
        ? -(first as bigint)
        : access.name === "compareExchange" && returned === first
          ? (second as bigint) - first
          : 0n;
  if (change === 0n) return place.added;
  return new Map(place.added).set(access.at, (place.added.get(access.at) ?? 0n) + change);
}

function canGoOn<Facts>({ next }: Place<Facts>, { boxes }: State<Facts>): boolean {
  return next !== undefined && (next.name !== "receive" || (boxes[next.at] as readonly string[]).length > 0);
}

function keyOf<Facts>({ places, memory, boxes, memo }: State<Facts>): string {
  let key = memo;
  for (const { number } of places) key += `,${number}`;
  for (const value of memory.values()) key += `;${value}`;
  for (const box of boxes) key += `|${box.join("/")}`;
  return key;
}

function showAccess(access: Access | undefined): string {
  return access === undefined ? "ends" : `${access.name} ${access.at} ${access.operands.join(" ")}`.trim();
}
