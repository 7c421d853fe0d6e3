/**
 * The name somebody probably meant: the nearest known one, if it is near enough to be a slip of the hand.
 * @module
 */

/** The nearest of `known` by edit distance; `undefined` when none is within a third of the length. */
export function nearestName(written: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let nearestDistance = Math.max(2, Math.floor(written.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(written.toLowerCase(), name.toLowerCase(), nearestDistance);
    if (distance < nearestDistance) {
      nearest = name;
      nearestDistance = distance;
    }
  }
  return nearest;
}

/** A remedy for an unknown name: the nearest known one, or all of them when they are few. */
export function nameRemedy(written: string, known: readonly string[]): string {
  const nearest = nearestName(written, known);
  if (nearest !== undefined) return `Did you mean ${JSON.stringify(nearest)}?`;
  if (known.length === 0) return "Leave it out: there is nothing here to name.";
  const shown = known.slice(0, NAMES_SHOWN_MAX).map((name) => JSON.stringify(name));
  return `Known here: ${shown.join(", ")}${known.length > NAMES_SHOWN_MAX ? ` and ${known.length - NAMES_SHOWN_MAX} more` : ""}.`;
}

const NAMES_SHOWN_MAX = 16;

function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? limit;
}
