/**
 * The known name nearest to an unknown one, if it is near enough to be a typing error. The sizes of both inputs are bounded,
 * because both may be untrusted.
 * @module
 */

const CHARACTERS_MAX = 64;
const NAMES_MAX = 256;
const DISTANCE_MAX = 4;

/**
 * The nearest of `known` by edit distance; `undefined` when none is within a third of the length and {@link DISTANCE_MAX}.
 * Names of more than 64 characters, and known ones beyond the first 256, are not compared.
 *
 * @example
 * ```ts
 * import { nearestName } from "@calybris/engine/internal";
 * nearestName("nmae", ["title", "name"]); // "name"
 * nearestName("x".repeat(100), ["x".repeat(99)]); // undefined
 * ```
 */
export function nearestName(written: string, known: Iterable<string>): string | undefined {
  if (written.length > CHARACTERS_MAX) return undefined;
  const sought = written.toLowerCase();
  let nearest: string | undefined;
  let nearestDistance = Math.min(DISTANCE_MAX, Math.max(2, Math.floor(written.length / 3))) + 1;
  let compared = 0;
  for (const name of known) {
    if (compared === NAMES_MAX) break;
    compared += 1;
    if (name.length > CHARACTERS_MAX) continue;
    const distance = editDistance(sought, name.toLowerCase(), nearestDistance);
    if (distance < nearestDistance) {
      nearest = name;
      nearestDistance = distance;
    }
  }
  return nearest;
}

/** The remedy for an unknown name: the nearest known name, or all of them if they are few. */
export function nameRemedy(written: string, known: readonly string[]): string {
  const nearest = nearestName(written, known);
  if (nearest !== undefined) return `Did you mean ${JSON.stringify(nearest)}?`;
  if (known.length === 0) return "Remove it: nothing is defined that it could name.";
  const shown = known.slice(0, NAMES_SHOWN_MAX).map((name) => JSON.stringify(name.slice(0, CHARACTERS_MAX)));
  return `Use one of ${shown.join(", ")}${known.length > NAMES_SHOWN_MAX ? ` and ${known.length - NAMES_SHOWN_MAX} more` : ""}.`;
}

const NAMES_SHOWN_MAX = 16;

/**
 * The edit distance if it is below a limit, otherwise the limit. Only cells within the limit of the diagonal are computed,
 * and no further row once a whole row has reached it.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  // Cells outside the band count as the limit; one extra cell on each side of a row represents them.
  let previous = new Uint8Array(b.length + 2).fill(limit);
  let current = new Uint8Array(b.length + 2).fill(limit);
  for (let column = 0; column <= b.length && column < limit; column += 1) previous[column] = column;
  for (let row = 1; row <= a.length; row += 1) {
    const first = Math.max(1, row - limit + 1);
    const last = Math.min(b.length, row + limit - 1);
    current[first - 1] = first === 1 ? Math.min(row, limit) : limit;
    let least = current[first - 1] as number;
    for (let column = first; column <= last; column += 1) {
      const replaced = (previous[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const distance = Math.min(replaced, (previous[column] as number) + 1, (current[column - 1] as number) + 1, limit);
      current[column] = distance;
      if (distance < least) least = distance;
    }
    current[last + 1] = limit;
    if (least >= limit) return limit;
    [previous, current] = [current, previous];
  }
  return previous[b.length] as number;
}
