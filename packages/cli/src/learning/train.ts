/**
 * `calybris train`: fits a prior on labelled data and writes it. The quality of the fit is reported on held-out rows.
 * @module
 */
import { columnReadings } from "@calybris/datasets";
import {
  type DerivedFloor,
  derivedFloors,
  type DominatedTier,
  dominatedTiers,
  fitPrior,
  fitSuccess,
  HEAD_KINDS,
  type HeadKind,
  perCostTargets,
  rowRange,
  type Table,
  validate,
  type Validation,
  WARM_START_FLOORS,
  withSuccess,
} from "@calybris/learning";
import { Command, InvalidArgumentError, Option } from "commander";
import { collected, tableOf } from "./data.ts";
import { aboutText } from "./prior-reads.ts";
import { startProgress } from "../terminal/progress.ts";
import { tableText } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { writeOutput } from "../terminal/write-output.ts";

interface TrainOptions {
  readonly data: string;
  readonly map?: string;
  readonly set?: readonly string[];
  readonly out: string;
  readonly kind?: HeadKind;
  readonly perCost?: true;
  readonly folds: number;
  readonly seed: number;
  readonly json?: true;
  readonly quiet?: true;
}

const FOLDS = 5;

export function trainCommand(terminal: Terminal): Command {
  return new Command("train")
    .description("fit a prior on labelled data: the gain of the most expensive tier over the cheapest, by request")
    .requiredOption("--data <set or file>", "name of a data set, or your own table (with --map)")
    .option("--map <file>", "map of the table's columns: docs/tables.md")
    .option("--set <name>", "read the file in the layout of this set", collected)
    .requiredOption("--out <file>", "write the prior to this file")
    .addOption(
      new Option("--kind <kind>", "fit this kind only (default: the best by cross-validation)").choices([
        ...HEAD_KINDS,
      ]),
    )
    .option("--per-cost", "predict gain per cost; use it if the extra cost of premium differs by request")
    .option("--folds <count>", "folds of the cross-validation", parseFolds, FOLDS)
    .option("--seed <number>", "the same data and seed give the same prior, byte for byte", parseSeed, 1)
    .option("--json", "print JSON")
    .option("--quiet", "no progress bar")
    .addHelpText(
      "after",
      "\nRows in time order are evaluated forward: every figure is of rows later than those it was fitted on.\nActivate it with `calybris prior set`, and certify it on other rows with `calybris certify --prior`.",
    )
    .action((options: TrainOptions) => train(options, terminal));
}

async function train(options: TrainOptions, terminal: Terminal): Promise<void> {
  const table = await tableOf(options);
  const kinds = options.kind === undefined ? HEAD_KINDS : [options.kind];
  const isQuiet = options.quiet === true || options.json === true;
  const fits = kinds.length * options.folds;
  const progress = startProgress(
    isQuiet ? undefined : fits + 1,
    "{bar} {percentage}% | fit {value} of {total} | {eta_formatted} left",
  );
  try {
    const fitted = options.perCost === true ? perCostTargets(table) : {};
    const common = { seed: options.seed, ...fitted };
    const validation = validate(table, { ...common, kinds, folds: options.folds, onFold: progress.update });
    const { winner, testedRows } = validation;
    const scores = validation.heads.find(({ kind }) => kind === winner)?.scores ?? new Int32Array(table.rowCount);
    const all = rowRange(0, table.rowCount);
    const plain = fitPrior(table, all, winner, {
      ...common,
      boundaryScores: testedRows.map((row) => scores[row] ?? 0),
      about: aboutOf(table, winner, options),
    });
    // Gain per cost is not a difference of success probabilities.
    const { file, prior } =
      options.perCost === true
        ? plain
        : withSuccess(plain, fitSuccess(table, all, { rows: testedRows, scoresBps: scores }, { seed: options.seed }));
    progress.stop();
    writeOutput(options.out, `${JSON.stringify(file)}\n`);
    const floors = derivedFloors(table, testedRows, scores);
    const learned = {
      prior: options.out,
      digest: prior.digestHex,
      winner,
      rows: table.rowCount,
      leftOut: table.rowsLeftOut,
    };
    terminal.print(
      options.json === true
        ? trainJson(learned, validation, floors, table)
        : trainText(learned, validation, floors, table),
    );
  } finally {
    progress.stop();
  }
}

interface Learned {
  readonly prior: string;
  readonly digest: string;
  readonly winner: HeadKind;
  readonly rows: number;
  readonly leftOut: Table["rowsLeftOut"];
}

function aboutOf(table: Table, winner: HeadKind, { perCost, seed }: TrainOptions): string {
  const target = perCost === true ? "gain per money" : "gain";
  return aboutText(`${winner} on ${target}, ${table.rowCount} rows of ${table.name}, seed ${seed}`, table);
}

function trainJson(learned: Learned, validation: Validation, floors: readonly DerivedFloor[], table: Table): string {
  const heads = validation.heads.map(({ kind, folds, mean, callShare50, callShare80 }) => ({
    kind,
    folds,
    mean,
    callShare50,
    callShare80,
  }));
  const columns = Object.fromEntries(columnReadings.get(table) ?? []);
  const dominated = dominatedTiers(table);
  return JSON.stringify({ ...learned, heads, dominated, floors, publishedFloors: WARM_START_FLOORS, columns });
}

function trainText(learned: Learned, { heads }: Validation, floors: readonly DerivedFloor[], table: Table): string {
  const number = (value: number): string => (Number.isNaN(value) ? "-" : value.toFixed(4));
  const rows = heads.flatMap(({ kind, folds, mean }) => [
    ...folds.map((fold, at) => [
      at === 0 ? kind : "",
      `${at + 1}`,
      String(fold.testRows),
      number(fold.areaUnderCurve),
      number(fold.averageGapRecovered),
      number(fold.missArea),
    ]),
    [
      "",
      "mean",
      "",
      number(mean.areaUnderCurve),
      number(mean.averageGapRecovered),
      `${number(mean.missArea)}${kind === learned.winner ? "  chosen" : ""}`,
    ],
  ]);
  const left = learned.leftOut.map(({ reason, count }) => `${count} left out: ${reason}`).join("; ");
  const floorRows = floors
    .slice(0, FLOORS_SHOWN)
    .map((floor) => [
      floor.name,
      String(floor.rows),
      share(floor.qualityCheapestBps),
      share(floor.qualityPremiumBps),
      share(floor.downgradedBps),
      share(floor.floorBps),
    ]);
  const published = Object.entries(WARM_START_FLOORS)
    .map(([name, floor]) => `${name} ${floor.toFixed(2)}`)
    .join(", ");
  return [
    `${learned.rows} rows of ${table.name}, ${table.featureNames.length} features, ${table.categoryNames.length} categories${table.texts === undefined ? "" : ", text"}${left === "" ? "" : ` (${left})`}`,
    tableText(["<fitted", ">fold", ">rows tested", ">AUC", ">APGR", ">miss area"], rows),
    `The selected kind, ${learned.winner}, was fitted on all rows and written to ${learned.prior}; its digest is ${learned.digest}.`,
    ...dominatedTiers(table).map(dominatedText),
    "Warm-start floors from this data: the quality delivered when the marginal harm is one in twenty.",
    tableText(["<use case", ">rows", ">cheapest", ">premium", ">downgraded", ">floor"], floorRows),
    `Published, and ours where nothing is: ${published}.`,
  ].join("\n");
}

function dominatedText({ tier, by, isTop }: DominatedTier): string {
  const advice = isTop ? " Leave it out of the policy: what the prior predicts is the gain of this tier." : "";
  return `${tier} is dominated by ${by}, which costs no more and succeeds no less often.${advice}`;
}

const FLOORS_SHOWN = 12;

function share(bps: number): string {
  return (bps / 10_000).toFixed(2);
}

function parseFolds(text: string): number {
  const count = Number(text);
  if (/^[0-9]{1,2}$/.test(text) && count >= 2 && count <= 20) return count;
  throw new InvalidArgumentError("Write a whole number from 2 to 20.");
}

function parseSeed(text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Write a whole number from 0 on.");
}
