/**
 * What must hold of the ledger's threads in every state between them.
 * @module
 */
import type { Place, State } from "./explorer.ts";
import type { Facts } from "./threads.ts";

/** Cells below the first tenant's show attempts and undoing. */
const CELL_STRIDE = 8;
export const cellOf = (tenant: number): number => (tenant + 1) * CELL_STRIDE;

/** In every state: nobody holds what is not there, and each cell is what the fold leaves less what ran ahead of it. */
export function checkState(state: State<Facts>): void {
  const [ordering, ...workers] = state.places;
  const fold = ordering?.facts;
  if (fold === undefined || ordering === undefined) return;
  const isResting = ordering.next?.name === "receive" || ordering.next?.name === "send";
  for (const [tenant, headroom] of fold.rooms.entries()) {
    const ahead = workers.reduce((sum, { added }) => sum - (added.get(cellOf(tenant)) ?? 0n), 0n);
    const stillAhead = ahead - (fold.taken[tenant] as bigint);
    const cell = state.memory.get(cellOf(tenant)) as bigint;
    if (isResting && cell !== headroom - stillAhead)
      throw new Error(`cell ${tenant} holds ${cell}; the headroom is ${headroom} and ${stillAhead} ran ahead`);
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

/** There was no headroom, whatever becomes of the attempts under way. */
const SHORT = 0;

/**
 * For each worker that reserves: why it may be refused. Each member is a set of other threads, as a bit mask: at some moment
 * since it began, a level had less headroom than it wants, if the attempts of those threads come to something. One that does
 * counts from its first debit; one that is undone never took anything. A refusal after one try must have a reason that
 * depends on nobody: a thread that was midway then is done by now, or it would have been seen, and tried again.
 */
export function rememberRefusals(before: State<Facts> | undefined, after: Omit<State<Facts>, "memo">): string {
  const remembered = before?.memo.split(" ") ?? [];
  const moved = before === undefined ? -1 : after.places.findIndex((place, index) => place !== before.places[index]);
  const outcome = moved < 0 ? "midway" : outcomeOf(after.places[moved] as Place<Facts>);
  if (before !== undefined) checkDebit(after.places[moved] as Place<Facts>, before, after);
  return after.places
    .map((place, index) => {
      const wasReserving = before?.places[index]?.facts?.doing === "reserving";
      const reasons = new Set(wasReserving ? carried(remembered[index] ?? "", moved, outcome) : []);
      const isRefused = wasReserving && place.facts?.doing === "refused";
      if (isRefused && !reasons.has(SHORT) && triesOf(place) < 2)
        throw new Error("a refusal was false, and was not tried again");
      if (place.facts?.doing !== "reserving") return "";
      if (!reasons.has(SHORT)) for (const reason of reasonsNow(place.facts, index, after)) reasons.add(reason);
      return reasons.has(SHORT) ? String(SHORT) : [...reasons].sort((one, other) => one - other).join(",");
    })
    .join(" ");
}

/** What the last step of a thread means for an attempt of its. */
function outcomeOf({ facts, from }: Place<Facts>): "midway" | "whole" | "undone" {
  if (facts?.doing !== "reserving") return facts?.doing === "refused" ? "undone" : "whole";
  const isGivingBack = from?.access.name === "add" && from.access.at >= CELL_STRIDE;
  return isGivingBack ? "undone" : "midway";
}

function carried(reasons: string, moved: number, outcome: ReturnType<typeof outcomeOf>): readonly number[] {
  const masks = reasons === "" ? [] : reasons.split(",").map(Number);
  const bit = 1 << moved;
  if (moved < 0 || outcome === "midway") return masks;
  return outcome === "whole" ? masks.map((mask) => mask & ~bit) : masks.filter((mask) => (mask & bit) === 0);
}

function reasonsNow({ path, amount }: Facts, self: number, { places, memory }: Omit<State<Facts>, "memo">): number[] {
  return path.flatMap((tenant) => {
    let headroom = memory.get(cellOf(tenant)) as bigint;
    let mask = 0;
    let maybe = 0n;
    for (const [index, place] of places.entries()) {
      const taken = takenMidway(place, tenant);
      if (taken === 0n) continue;
      if (index === self || place.facts?.doing === "undoing") headroom += taken;
      else {
        mask |= 1 << index;
        maybe += taken;
      }
    }
    if (headroom + maybe < amount) return [SHORT];
    return headroom < amount ? [mask] : [];
  });
}

/** Only the ordering thread takes a cell below nothing, when there is less than ran ahead. */
function checkDebit(place: Place<Facts>, before: State<Facts>, after: Omit<State<Facts>, "memo">): void {
  if (place.facts?.doing === "ordering" || place.from === undefined) return;
  const { name, at } = place.from.access;
  if (name === "send" || name === "receive") return;
  const [was, is] = [before.memory.get(at) as bigint, after.memory.get(at) as bigint];
  if (is < was && is < 0n) throw new Error(`a debit took ${was - is} from ${was}`);
}

/** What a thread has taken from a cell for an attempt that may yet be undone, or that it is undoing. */
function takenMidway({ facts, added, sinceNoted }: Place<Facts>, tenant: number): bigint {
  if (facts === undefined || (facts.doing !== "reserving" && facts.doing !== "undoing")) return 0n;
  const isUndoing = facts.doing === "undoing" && sinceNoted > 0 && facts.path.includes(tenant);
  const whole = (facts.ahead[tenant] as bigint) + (facts.ordered[tenant] as bigint) - (isUndoing ? facts.amount : 0n);
  return -(added.get(cellOf(tenant)) ?? 0n) - whole;
}

/** How often a worker tried: each time it looked at the counters, then at headroom. */
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
