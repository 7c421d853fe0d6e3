/**
 * A failed invariant: a bug in Calybris, never invalid input. The process must stop before a wrong number becomes durable, so
 * only the outermost boundary catches it.
 */
export class InvariantViolation extends Error {
  override readonly name = "InvariantViolation";
}

/** Throws {@link InvariantViolation} unless `holds`. State one claim, positively, per call. */
export function invariant(holds: boolean, claim: string): asserts holds {
  if (!holds) throw new InvariantViolation(claim);
}
