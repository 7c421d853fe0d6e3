/**
 * The search for an entry that changes a part of the state: honest journals, and before each entry some that differ from it
 * in one member. Whatever is refused leaves the state as it was, the balances and the headroom in shared memory included.
 * @module
 */
import { type EntryBody, type EntryHead, parseEntryBody, parseEntryHead } from "@calybris/kernel";
import { policiesAt } from "../../src/state/read-entry.ts";
import { EngineState } from "../../src/state/state.ts";
import { CommandWorld, drawCommands, learning } from "../support/command-world.ts";
import { type Chance, seededChance } from "../support/seeded-chance.ts";
import { withTimersHeld } from "../support/virtual-timers.ts";

/** How many entries were refused, by kind. @throws Error with the entry that was refused and changed something. */
export async function searchHalfApplied(seed: number, journals: number): Promise<ReadonlyMap<string, number>> {
  const refused = new Map<string, number>();
  for (let number = seed; number < seed + journals; number++) await withTimersHeld(() => tryJournal(number, refused));
  return refused;
}

async function tryJournal(seed: number, refused: Map<string, number>): Promise<void> {
  const world = await CommandWorld.open({ policy: learning(1n), segmentBytesMax: 6_000 });
  for (const command of drawCommands(seededChance(seed), 70)) await world.start(command);
  await world.engine.close();
  const chance = seededChance(~seed);
  const entries = world.entries();
  let state = new EngineState();
  for (const [index, data] of entries.entries()) {
    const { head, body } = read(data, state);
    for (let tries = 0; head.sequence > 1 && tries < 6; tries++) {
      const before = everything(state);
      const [sequence, at, lie] = altered(head, body, chance);
      try {
        state.apply(sequence, at, lie);
      } catch {
        if (everything(state) !== before)
          throw new Error(`seed ${seed}: it is refused, and changed something: ${JSON.stringify(lie, digits)}`);
        refused.set(body.kind, (refused.get(body.kind) ?? 0) + 1);
        continue;
      }
      // It is another entry that may be; the rest of this journal does not follow from it.
      state = foldOf(entries.slice(0, index));
    }
    state.apply(head.sequence, head.at, body);
  }
}

function foldOf(entries: readonly string[]): EngineState {
  const state = new EngineState();
  for (const data of entries) {
    const { head, body } = read(data, state);
    state.apply(head.sequence, head.at, body);
  }
  return state;
}

function read(data: string, state: EngineState): { readonly head: EntryHead; readonly body: EntryBody } {
  const head = parseEntryHead(data) as EntryHead;
  return { head, body: parseEntryBody(head, data, policiesAt(state, head.sequence)) as EntryBody };
}

/** One member is another; or the entry is in another place. */
function altered(head: EntryHead, body: EntryBody, chance: Chance): [number, number, EntryBody] {
  if (chance(12) === 0) return [head.sequence + 1, head.at, body];
  if (chance(12) === 0) return [head.sequence, head.at - 1_000_000_000_000, body];
  const members = Object.keys(body).filter((key) => !HARMLESS.has(key));
  const key = members[chance(members.length)] as keyof EntryBody;
  const lie = { ...body, [key]: other(body[key], chance) } as EntryBody;
  return [head.sequence, head.at, lie];
}

/** The actor, and what a fold takes as it is given. */
const HARMLESS: ReadonlySet<string> = new Set([
  "kind",
  "actor",
  "onBehalfOf",
  "identity",
  "useCase",
  "defaulted",
  "requestId",
]);

function other(value: unknown, chance: Chance): unknown {
  if (typeof value === "bigint") return [value + 1n, -1n, 2n ** 63n, value * 1_000_000n][chance(4)];
  if (typeof value === "number") return [value + 1, -1, 0, value + 1_000][chance(4)];
  if (typeof value === "string") return ["nobody", "", "default", "solo"][chance(4)];
  if (typeof value === "boolean") return !value;
  if (typeof value !== "object" || value === null) return { of: "another kind" };
  const keys = Object.keys(value);
  const key = keys[chance(keys.length)] as keyof typeof value;
  return Array.isArray(value) ? [] : { ...value, [key]: other(value[key], chance) };
}

/** All that anything follows from. */
function everything(state: EngineState): string {
  const { ledger } = state;
  const accounts = [...ledger.accounts()].map((account) => [
    { ...account, path: account.path.length },
    ledger.headroom(account),
  ]);
  const open = [...ledger.reservations.allOpen()].map(({ of, held, amountMicrocents }) => [of, held, amountMicrocents]);
  const { digest: prior } = { digest: state.prior?.digestHex };
  return JSON.stringify(
    [state.digest(), state.snapshot().digest, state.sequence, state.at, state.sealed, prior, accounts, open],
    digits,
  );
}

function digits(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}
