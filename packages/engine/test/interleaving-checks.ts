/**
 * What must hold of the ledger's threads in every state between them.
 * @module
 */
import type { Place, State } from "./interleaving-explorer.ts";
import type { Facts } from "./interleaving-threads.ts";

/** Cells below the first tenant's tell of attempts and undoing. */
const CELL_STRIDE = 8;
export const cellOf = (tenant: number): number => (tenant + 1) * CELL_STRIDE;

/** In every state: nobody holds what is not there, and each cell is what the fold leaves less what ran ahead of it. */
export function checkState(state: State<Facts>): void {
  const [ordering, ...workers] = state.places;
  const fold = ordering?.facts;
  if (fold === undefined || ordering === undefined) return;
  const isResting = ordering.next?.name === "receive" || ordering.next?.name === "send";
  for (const [tenant, room] of fold.rooms.entries()) {
    const ahead = workers.reduce((sum, { added }) => sum - (added.get(cellOf(tenant)) ?? 0n), 0n);
    const stillAhead = ahead - (fold.taken[tenant] as bigint);
    const cell = state.memory.get(cellOf(tenant)) as bigint;
    if (isResting && cell !== room - stillAhead)
      throw new Error(`cell ${tenant} holds ${cell}; the room is ${room} and ${stillAhead} ran ahead`);
    const { granted, debt } = fold.balances[tenant] as Facts["balances"][number];
    const held = workers.reduce((sum, place) => sum + heldBy(place, tenant), 0n);
    if (held > granted + debt) throw new Error(`${held} of tenant ${tenant} is held or spent, of ${granted}`);
  }
}

function heldBy({ facts }: Place<Facts>, tenant: number): bigint {
  return facts === undefined ? 0n : (facts.ordered[tenant] as bigint) + (facts.spent[tenant] as bigint);
}

/** At an end nothing runs ahead, and no credit is missing. */
export function checkRest(ordering: Facts, workers: readonly Facts[]): void {
  for (const [tenant, { granted, remaining, debt }] of ordering.balances.entries()) {
    for (const { ahead } of workers) if (ahead[tenant] !== 0n) throw new Error("a debit ran ahead of no entry");
    const used = workers.reduce((sum, { ordered, spent }) => sum + (ordered[tenant] ?? 0n) + (spent[tenant] ?? 0n), 0n);
    if (remaining - debt !== granted - used)
      throw new Error(`${remaining} less a debt of ${debt} remains of ${granted}, with ${used} used`);
  }
}

/**
 * For each worker: how it stands with the refusal it may be about to see. `1` once, at some moment since it began to
 * reserve, a level had less room than it wants, everything given back that an attempt under way may still give back.
 */
export function rememberRefusals(before: State<Facts> | undefined, after: Omit<State<Facts>, "memo">): string {
  let memo = "";
  for (const [index, place] of after.places.entries()) {
    if (before !== undefined && place !== before.places[index]) checkDebit(place, before, after);
    const facts = place.facts;
    const wasTrue = before?.memo[index] === "1" && before.places[index]?.facts?.doing === "reserving";
    if (
      facts?.doing === "refused" &&
      before?.places[index]?.facts?.doing === "reserving" &&
      !wasTrue &&
      triesOf(place) < 2
    )
      throw new Error(`a refusal was false, and was not tried again`);
    memo += facts?.doing === "reserving" && (wasTrue || isShort(facts, after)) ? "1" : "0";
  }
  return memo;
}

/** Only the ordering thread takes a cell below nothing, when there is less than ran ahead. */
function checkDebit(place: Place<Facts>, before: State<Facts>, after: Omit<State<Facts>, "memo">): void {
  if (place.facts?.doing === "ordering" || place.from === undefined) return;
  const { name, at } = place.from.access;
  if (name === "send" || name === "receive") return;
  const [was, is] = [before.memory.get(at) as bigint, after.memory.get(at) as bigint];
  if (is < was && is < 0n) throw new Error(`a debit took ${was - is} from ${was}`);
}

function isShort({ path, amount }: Facts, { places, memory }: Omit<State<Facts>, "memo">): boolean {
  return path.some((tenant) => {
    const midway = places.reduce((sum, place) => sum + takenMidway(place, tenant), 0n);
    return (memory.get(cellOf(tenant)) as bigint) + midway < amount;
  });
}

/** What a thread has taken from a cell for an attempt that may yet be undone, or that it is undoing. */
function takenMidway({ facts, added, sinceNoted }: Place<Facts>, tenant: number): bigint {
  if (facts === undefined || (facts.doing !== "reserving" && facts.doing !== "undoing")) return 0n;
  const isUndoing = facts.doing === "undoing" && sinceNoted > 0 && facts.path.includes(tenant);
  const whole = (facts.ahead[tenant] as bigint) + (facts.ordered[tenant] as bigint) - (isUndoing ? facts.amount : 0n);
  return -(added.get(cellOf(tenant)) ?? 0n) - whole;
}

/** How often a worker tried: each time it looked at the counters, then at room. */
function triesOf(place: Place<Facts>): number {
  let tries = 0;
  let later: string | undefined;
  for (let step = place.from; step !== undefined; step = step.place.from) {
    const isLook = step.access.name === "load" && step.access.at < CELL_STRIDE;
    if (isLook && later === "other") tries += 1;
    later = isLook ? "look" : "other";
  }
  return tries;
}
