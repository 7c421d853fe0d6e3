/** Choices that follow from a seed. */
import type { Chance } from "../../../engine/test/support/seeded-chance.ts";

export { type Chance, seededChance } from "../../../engine/test/support/seeded-chance.ts";

export function oneOf<Value>(chance: Chance, values: readonly Value[]): Value {
  return values[chance(values.length)] as Value;
}

/** The value about once in `every`; else nothing. */
export function sometimes<Value>(chance: Chance, every: number, value: () => Value): Value | undefined {
  return chance(every) === 0 ? value() : undefined;
}
