/**
 * A table made by a rule, so that what there is to learn is known.
 * @module
 */
import { seededChance, type Table, TableBuilder } from "../src/index.ts";

/** Premium is needed with probability rising in x from 0 to `most`; y is noise; b is needed half as often as a. */
export function madeTable(
  rows: number,
  seed: number,
  options: { readonly most?: number; readonly text?: boolean; readonly isInTimeOrder?: boolean } = {},
): Table {
  const chance = seededChance(seed, 99);
  const builder = new TableBuilder("made", ["x", "y"], ["cheap", "premium"], rows);
  for (let row = 0; row < rows; row += 1) {
    const x = chance.below(1_000);
    const category = chance.share() < 0.5 ? "a" : "b";
    const need = chance.share() < ((options.most ?? 1) * x * (category === "a" ? 1 : 0.5)) / 1_000;
    const words = need ? "prove the lemma" : "what is two plus two";
    builder.add({
      features: [x, chance.below(100)],
      category,
      ...(options.text === true ? { text: `${words} ${chance.below(1_000)}` } : {}),
      outcomesBps: [need ? 0 : 10_000, 10_000],
      costsMicrocents: [100, 1_000],
    });
  }
  return builder.finish({ isInTimeOrder: options.isInTimeOrder ?? false });
}
