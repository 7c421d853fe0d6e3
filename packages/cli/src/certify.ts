/**
 * `calybris certify`: how much may be downgraded so that, with confidence 1 − δ, the risk stays below α; on labelled data,
 * or on the log of a bandit.
 * @module
 */
import { type FileRow, loadLog } from "@calybris/datasets";
import { loadPrior, readJsonFile } from "@calybris/engine";
import {
  type Certified,
  certify,
  certifyLogged,
  fitPrior,
  predictByName,
  regimeBoundaries,
  type RiskKind,
  rowRange,
  sampledRows,
  seededChance,
  selectRows,
  type Table,
  thresholdsAt,
} from "@calybris/learning";
import { Command, InvalidArgumentError, Option } from "commander";
import { collected, tableOf } from "./learning-data.ts";
import { tableText } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface CertifyOptions {
  readonly data?: string;
  readonly map?: string;
  readonly set?: readonly string[];
  readonly log?: string;
  readonly prior?: string;
  readonly alpha: number;
  readonly delta: number;
  readonly risk: RiskKind;
  readonly grid: number;
  readonly regimes?: true;
  readonly seed: number;
  readonly json?: true;
}

export function certifyCommand(terminal: Terminal): Command {
  return new Command("certify")
    .description("how much may be downgraded so that the risk stays below α, with confidence 1 − δ")
    .option("--data <set or file>", "labelled data: the name of a set, or a table of your own (with --map)")
    .option("--map <file>", "which columns of the table are what: docs/tables.md")
    .option("--set <name>", "read the file in the layout of this set", collected)
    .option("--log <file>", "in place of labelled data: CSV with scoreBps, ranCheap, cheapPropensity, failed")
    .option("--prior <file>", "the prior to certify; without one, a prior is fitted on a half that certifies nothing")
    .requiredOption("--alpha <share>", "the risk that may not be exceeded, as 0.04", parseShare)
    .requiredOption("--delta <share>", "how often the certificate may be wrong, as 0.1", parseShare)
    .addOption(
      new Option("--risk <kind>", "over all requests, or over those that needed premium")
        .choices(["harm", "false-negative"])
        .default("harm"),
    )
    .option("--grid <count>", "thresholds to walk, from the safest on", parseGrid, 64)
    .option("--regimes", "walk the boundaries of the eight regimes instead: what a router can be given")
    .option("--seed <number>", "which half is which", parseGrid, 1)
    .option("--json", "print the certificate as JSON")
    .addHelpText(
      "after",
      "\nThe prior has to be fitted on other rows than those given here, or the certificate is void.\nExit code: 0 whether or not anything could be certified.",
    )
    .action((options: CertifyOptions) => run(options, terminal));
}

async function run(options: CertifyOptions, terminal: Terminal): Promise<void> {
  if (options.log !== undefined) return await runLog(options, options.log, terminal);
  const table = await tableOf(options);
  const { judged, scores, thresholds } = await scored(table, options);
  const certified = certify(judged, scores, thresholds, options);
  const { steps, ...told } = certified;
  if (options.json === true)
    terminal.print(
      JSON.stringify({
        ...told,
        alpha: options.alpha,
        delta: options.delta,
        risk: options.risk,
        steps: steps.slice(-3),
      }),
    );
  else terminal.print(certifiedText(certified, judged, options));
}

/** With a prior, all rows certify it; without, one half fits it and cuts the thresholds, the other certifies. */
async function scored(
  table: Table,
  options: CertifyOptions,
): Promise<{ readonly judged: Table; readonly scores: Int32Array; readonly thresholds: readonly number[] }> {
  if (options.prior !== undefined) {
    const prior = loadPrior((await readJsonFile(options.prior)).value, options.prior);
    const boundaries = [...prior.boundariesBps, 10_001];
    return {
      judged: table,
      scores: predictByName(prior, table),
      thresholds: options.regimes === true ? boundaries : gridOf(boundaries, options.grid),
    };
  }
  const picked = table.isInTimeOrder
    ? rowRange(0, table.rowCount >> 1)
    : sampledRows(table.rowCount, table.rowCount >> 1, seededChance(options.seed));
  const isPicked = new Uint8Array(table.rowCount);
  for (const row of picked) isPicked[row] = 1;
  const rest = rowRange(0, table.rowCount).filter((row) => isPicked[row] === 0);
  const judged = selectRows(table, rest);
  const { prior } = fitPrior(table, picked, "ridge", { seed: options.seed });
  const scores = predictByName(prior, judged);
  // Scores alone, without what became of the rows, may choose the thresholds: no label is looked at.
  return {
    judged,
    scores,
    thresholds: options.regimes === true ? regimeBoundaries(scores) : thresholdsAt(scores, options.grid),
  };
}

/** As many thresholds as asked for, evenly between the boundaries that the prior was frozen with. */
function gridOf(boundaries: readonly number[], count: number): readonly number[] {
  const grid = Array.from({ length: count }, (_, at) => {
    const place = (at / Math.max(1, count - 1)) * (boundaries.length - 1);
    const low = boundaries[Math.floor(place)] ?? 0;
    const high = boundaries[Math.ceil(place)] ?? low;
    return Math.round(low + (place - Math.floor(place)) * (high - low));
  });
  return [...new Set(grid)].sort((a, b) => a - b);
}

function certifiedText(certified: Certified, table: Table, { alpha, delta, risk }: CertifyOptions): string {
  const name = risk === "harm" ? "P(downgraded and premium needed)" : "P(downgraded | premium needed)";
  if (certified.thresholdBps === undefined) {
    const first = certified.steps[0];
    const why =
      certified.samples === 0
        ? "no row needed premium"
        : `the safest threshold had ${first?.losses ?? 0} losses in ${certified.samples}, p = ${first?.pValue.toFixed(3)}`;
    return `Nothing could be certified: ${why}. Everything gets premium.`;
  }
  const dollars = (microcents: number): string => `$${(microcents / 100_000_000).toFixed(2)}`;
  const rows = [
    ["risk", `${name} ≤ ${percent(alpha)} with confidence ${percent(1 - delta)}`],
    ["on", `${certified.samples} rows of ${table.name}, ${certified.losses} of them lost at the threshold`],
    [
      "may be downgraded",
      `${percent(certified.downgradedShare)}: every predicted gain below ${certified.thresholdBps} bps (${certified.passed} thresholds passed)`,
    ],
    [
      "saves",
      `${percent(certified.savings)} of what could be saved at most: ${dollars(certified.savedMicrocents)} of ${dollars(certified.premiumMicrocents)}`,
    ],
  ];
  return tableText(["<certified", "<"], rows);
}

async function runLog(options: CertifyOptions, file: string, terminal: Terminal): Promise<void> {
  const rows: readonly FileRow[] = await loadLog(file);
  const least = rows.reduce((min, row) => (row.ranCheap ? Math.min(min, row.cheapPropensity) : min), 1);
  const thresholds = thresholdsAt(
    Int32Array.from(rows.slice(0, rows.length >> 2), (row) => row.scoreBps),
    options.grid,
  );
  const rest = rows.slice(rows.length >> 2);
  const certified = certifyLogged(rest, thresholds, {
    alpha: options.alpha,
    delta: options.delta,
    weightMax: 1 / least,
  });
  const downgraded =
    rest.filter(({ scoreBps }) => scoreBps < (certified.thresholdBps ?? Number.NEGATIVE_INFINITY)).length /
    Math.max(1, rest.length);
  if (options.json === true) {
    terminal.print(
      JSON.stringify({
        ...certified,
        alpha: options.alpha,
        delta: options.delta,
        downgradedShare: downgraded,
        weightMax: 1 / least,
      }),
    );
    return;
  }
  terminal.print(
    certified.thresholdBps === undefined
      ? `Nothing is certified yet on ${certified.samples} logged rows (the first quarter cut the thresholds).`
      : `Certified at any time: P(downgraded and the cheap tier failed) ≤ ${percent(options.alpha)} with confidence ${percent(1 - options.delta)}, on ${certified.samples} logged rows. ${percent(downgraded)} may be downgraded: every predicted gain below ${certified.thresholdBps} bps.`,
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function parseShare(text: string): number {
  const share = Number(text);
  if (share > 0 && share < 1) return share;
  throw new InvalidArgumentError("Write a share between 0 and 1, as 0.04.");
}

function parseGrid(text: string): number {
  const count = Number(text);
  if (/^[0-9]{1,4}$/.test(text) && count >= 1 && count <= 1_000) return count;
  throw new InvalidArgumentError("Write a whole number from 1 to 1000.");
}
