/** No lie about what a journal implies goes unnoticed, and none makes the audit fail. @module */
import { isOpen, plantLies, plantWildLies, type Table, tableText } from "../../packages/audit/test/lies/plant-lies.ts";
import type { Budget, Found } from "./search.ts";

export const name = "planted lies";

/** Of each member one in each journal, which is some 250 lies. */
const LIES_OF_A_MEMBER = 1;
const WILD_LIES_IN_A_JOURNAL = 60;
const JOURNALS = 400;

/** The table of all members is printed at the end. */
export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const endMs = performance.now() + milliseconds;
  const all: Table = new Map();
  let wild = 0;
  for (let journal = 0; journal < JOURNALS && performance.now() < endMs; journal++) {
    const from = seed * JOURNALS + journal;
    wild += await plantWildLies(from, 1, WILD_LIES_IN_A_JOURNAL);
    const table = await plantLies(from, 1, LIES_OF_A_MEMBER);
    const missed = [...table].filter(([member, row]) => row.missed.length > 0 && !isOpen(member));
    if (missed.length > 0) throw new Error(`not noticed:\n${tableText(new Map(missed))}`);
    for (const [member, row] of table) {
      const sum = all.get(member) ?? { noticed: 0, missed: [] };
      all.set(member, { noticed: sum.noticed + row.noticed, missed: [...sum.missed, ...row.missed] });
    }
    progress?.(`${journal + 1} journals, ${all.size} members`);
  }
  console.log(tableText(all));
  const lies = [...all.values()].reduce((sum, { noticed, missed }) => sum + noticed + missed.length, 0);
  return { cases: lies + wild, summary: `${lies} lies about ${all.size} members, ${wild} wild values` };
}
