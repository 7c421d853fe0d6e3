/**
 * A claim the program makes about itself. Failing one is a bug in Calybris, never a bad input: the process must stop
 * before a wrong number becomes a durable one, so nothing catches this but the outermost boundary.
 */
export class InvariantViolation extends Error {
  override readonly name = "InvariantViolation";
}

/** Throws {@link InvariantViolation} unless `holds`. State the claim positively; one claim a call. */
export function invariant(holds: boolean, claim: string): asserts holds {
  if (!holds) throw new InvariantViolation(claim);
}
