/**
 * Writes the policy that makes the decisions of a report.
 *
 * Its floor is that of the chosen point, and it disables the candidates that are dominated there. The kernel weighs quality
 * against cost by the value of an answer. The value written here is so high that, of the candidates that cost no more than
 * the requested one, the best-rated wins, and no request is rejected for its cost.
 * @module
 */
import type { CatalogFile } from "@calybris/engine";
import { CalybrisError, MICROCENTS_PER_DOLLAR } from "@calybris/kernel";
import { type ChoiceLimits, Choices, type Within } from "./choices.ts";
import type { SavingsReport } from "./savings.ts";

/** The default confidence of requests, as in the policy that `calybris init` writes. */
const CONFIDENCE_BPS = 9_000;
/** Future requests may cost up to this many times the largest cost so far. */
const HEADROOM = 10n;
const VALUE_MAX_MICROCENTS = 9_000_000_000_000_000_000n;

/**
 * @param written - the paths of catalog and schema, relative to the policy, and the limits of the report.
 * @throws {@link CalybrisError} `CAL_INPUT_MALFORMED` for a report without a chosen point, because no row could be compared.
 */
export function savingsPolicy(
  report: SavingsReport,
  catalog: CatalogFile,
  written: { readonly catalog: string; readonly schema: string; readonly limits?: ChoiceLimits },
): string {
  const { chosen, file, total } = report;
  if (chosen === undefined) {
    const problem = "holds no row with tokens of a model in the catalog, so no policy follows from it";
    throw new CalybrisError("CAL_INPUT_MALFORMED", { file, problem });
  }
  const { policyFloorBps, savedMicrocents } = chosen;
  const disabled = new Choices(catalog, written.limits).disabledAt(policyFloorBps);
  const names = disabled.map((index) => `    ${JSON.stringify(catalog.candidates[index]?.name)},`);
  const outputTokens = Math.min(OUTPUT_TOKENS_MAX, Math.max(1, meanOf(total.outputTokens, total.requests)));
  return `{
  "$schema": ${JSON.stringify(written.schema)}, // for editors: checks as you type
  // Written by \`calybris savings\`. At floor ${policyFloorBps} it would have saved ${share(savedMicrocents, total.paidMicrocents)} of the bill that was read.
  // Answers were not judged: quality is the catalog's rating of each model. Start with a part of your traffic.
  "name": "savings-${policyFloorBps}",
  "epoch": 1, // raise it with every change
  "catalog": ${JSON.stringify(written.catalog)},

  "riskHardLimitBps": 9600,
  "confidenceMinBps": 5500,
  "riskPenaltyMultiplierBps": 0, // an export does not say what is at risk
  "latencyPenaltyMicrocentsPerMs": 0, // nor how fast answers have to be

${spending(written.limits?.within)}
  // Another candidate is rated at least as high as the floor asks for, and costs no more.
  "disabled": [
${names.join("\n")}
  ],

  // A request that names a candidate never gets one whose estimated cost is higher. The value is above what any request
  // costs, so that the floor and the cost of the requested candidate decide.
  "useCases": {
    "default": { "valueDollars": "${valueDollars(report, catalog, new Set(disabled))}", "riskBps": 0, "confidenceBps": ${CONFIDENCE_BPS}, "qualityMinBps": ${policyFloorBps}, "outputTokens": ${outputTokens} },
  },
}
`;
}

/** The policy's keys that limit substitution. */
function spending(limit: Within = "any"): string {
  const within = limit.length === 0 ? "requestedProvider" : limit;
  const spendLimit = `  "spendLimit": "requested", // never more expensive than the requested candidate\n`;
  return within === "any" ? spendLimit : `${spendLimit}  "substituteWithin": ${JSON.stringify(within)},\n`;
}

const OUTPUT_TOKENS_MAX = 1_000_000;

function meanOf(sum: bigint, count: number): number {
  return Math.ceil(Number(sum) / Math.max(1, count));
}

/**
 * A value of an answer at which the smallest step in quality outweighs the largest cost. With value V, confidence c and a
 * step of d basis points, the step is worth V·c·d / 10^8.
 */
function valueDollars(report: SavingsReport, catalog: CatalogFile, disabled: ReadonlySet<number>): bigint {
  const qualities = catalog.candidates
    .filter(({ enabled }, index) => enabled !== 0 && !disabled.has(index))
    .map(({ qualityBps }) => Number(qualityBps));
  const levels = [...new Set([0, ...qualities])].sort((a, b) => a - b);
  const steps = levels.slice(1).map((level, index) => level - (levels[index] ?? 0));
  const step = BigInt(Math.min(...steps));
  const cost = (report.largestRequestMicrocents + 2n) * HEADROOM;
  const microcents = (cost * 100_000_000n) / (BigInt(CONFIDENCE_BPS) * step) + 1n;
  const dollars = microcents / MICROCENTS_PER_DOLLAR + 1n;
  const unit = 10n ** BigInt(String(dollars).length - 1);
  const rounded = ((dollars + unit - 1n) / unit) * unit;
  const most = VALUE_MAX_MICROCENTS / MICROCENTS_PER_DOLLAR;
  return rounded > most ? most : rounded;
}

function share(part: bigint, whole: bigint): string {
  if (whole === 0n) return "nothing";
  const tenths = (part * 1_000n) / whole;
  return `${tenths / 10n}.${tenths % 10n} %`;
}
