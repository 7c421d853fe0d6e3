/** A process killed under load loses nothing that it acknowledged, and reserves nothing twice. @module */
import { killAgainAndAgain, killSummary } from "../../packages/engine/test/search/crash/kill.ts";
import type { Budget, Found } from "./search.ts";

export const name = "killed again and again";

const KILLS = 200;

export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const counts = await killAgainAndAgain({ seed, milliseconds, kills: KILLS, progress });
  return { cases: counts.kills, summary: killSummary(counts) };
}
