/**
 * Savings against common baselines: always premium; 60 % cheap and 40 % premium at random; the best static rule. The
 * published savings (44, 26 and 14 %) are shown beside them. Savings are measured at a quality no worse than the baseline's.
 * @module
 */
import type { Table } from "../table.ts";
import type { Plan } from "./plan.ts";
import { CALYBRIS, type PolicyFigures } from "./policies.ts";

export interface Incumbent {
  readonly name: string;
  readonly publishedPercent: number;
  /** 1 − our cost / its cost, at a mean quality no worse than its own. */
  readonly savedPercent: number;
  readonly quality: number;
  readonly ourQuality: number;
}

/** Our largest savings at a mean quality no worse than the incumbent's (for always premium, at most one point worse). */
export function incumbentsOf(plan: Plan, policies: readonly PolicyFigures[], judged: Table): readonly Incumbent[] {
  const [premium, cheapest] = plan.ends;
  const own = policies.find(({ name }) => name === CALYBRIS);
  if (own === undefined || savableShare(judged) === 0) return [];
  const curve = [premium, cheapest, ...own.points].toSorted((a, b) => a.savings - b.savings);
  const savable = savableShare(judged);
  const costAt = (savings: number): number => 1 - savable * savings;
  const best = (quality: number): { savings: number; quality: number } =>
    curve
      .filter((point) => point.quality >= quality)
      .reduce((most, point) => (point.savings > most.savings ? point : most), premium);
  const smart = smartRule(plan);
  const baselines = [
    { name: "none: always premium", publishedPercent: 44, savings: 0, quality: premium.quality, allowed: 0.01 },
    {
      name: "basic: 60 % cheap by chance",
      publishedPercent: 26,
      savings: 0.6,
      quality: 0.4 * premium.quality + 0.6 * cheapest.quality,
      allowed: 0,
    },
    { name: "smart: best static rule per category", publishedPercent: 14, ...smart, allowed: 0 },
  ];
  return baselines.map(({ name, publishedPercent, savings, quality, allowed }) => {
    const ours = best(quality - allowed);
    return {
      name,
      publishedPercent,
      savedPercent: 100 * (1 - costAt(ours.savings) / costAt(savings)),
      quality,
      ourQuality: ours.quality,
    };
  });
}

/**
 * For each category, the tier with the best reward at the typical value, chosen in hindsight: the upper bound of a static
 * rule.
 */
function smartRule({ table, rows, valueTypicalMicrocents, ends }: Plan): {
  readonly savings: number;
  readonly quality: number;
} {
  const tiers = table.tierNames.length;
  const nets = new Float64Array(table.categoryNames.length * tiers);
  const netOf = (at: number): number =>
    (table.outcomesBps[at] ?? 0) / 10_000 - (table.costsMicrocents[at] ?? 0) / valueTypicalMicrocents;
  for (const row of rows) {
    for (let tier = 0; tier < tiers; tier += 1) {
      const at = (table.categories[row] ?? 0) * tiers + tier;
      nets[at] = (nets[at] ?? 0) + netOf(row * tiers + tier);
    }
  }
  let [saved, most, quality] = [0, 0, 0];
  for (const row of rows) {
    const base = (table.categories[row] ?? 0) * tiers;
    let best = tiers - 1;
    for (let tier = tiers - 1; tier >= 0; tier -= 1)
      if ((nets[base + tier] ?? 0) > (nets[base + best] ?? 0)) best = tier;
    const dear = table.costsMicrocents[row * tiers + tiers - 1] ?? 0;
    saved += dear - (table.costsMicrocents[row * tiers + best] ?? 0);
    most += dear - (table.costsMicrocents[row * tiers] ?? 0);
    quality += table.outcomesBps[row * tiers + best] ?? 0;
  }
  return {
    savings: most === 0 ? 0 : saved / most,
    quality: rows.length === 0 ? ends[0].quality : quality / 10_000 / rows.length,
  };
}

export function savableShare(table: Table): number {
  const tiers = table.tierNames.length;
  let [cheap, dear] = [0, 0];
  for (let row = 0; row < table.rowCount; row += 1) {
    cheap += table.costsMicrocents[row * tiers] ?? 0;
    dear += table.costsMicrocents[row * tiers + tiers - 1] ?? 0;
  }
  return dear === 0 ? 0 : Math.max(0, 1 - cheap / dear);
}
