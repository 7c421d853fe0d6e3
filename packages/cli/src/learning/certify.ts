/**
 * `calybris certify`: finds the downgrades that keep the risk below α with confidence 1 − δ, from labelled data or a bandit
 * log. `calybris certificate set` activates a certificate of a prior's regimes.
 * @module
 */
import { loadPrior } from "@calybris/engine";
import { membersOf, readJsonFile } from "@calybris/engine/internal";
import {
  certify,
  fitPrior,
  predictByName,
  predictRows,
  rowRange,
  sampledRows,
  seededChance,
  selectRows,
  type Table,
  thresholdsAt,
} from "@calybris/learning";
import { Command, InvalidArgumentError, Option } from "commander";
import { certificateMembers, type CertifiedWith, regimeEnds } from "./certified-certificate.ts";
import { certifyLog } from "./certify-log.ts";
import type { CertifyOptions } from "./certify-options.ts";
import { certifiedText } from "./certify-text.ts";
import { collected, tableOf } from "./data.ts";
import { aboutText, requirePriorReads } from "./prior-reads.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { writeOutput } from "../terminal/write-output.ts";

const HELP = `
The prior must have been fitted on other rows than these, or the certificate is void. Without --prior, half of the rows fit
a prior and the other half certify it. That prior is discarded unless --prior-out names a file; without the prior, the
certificate cannot be activated.

With --regimes and a prior file, --json and --out contain \`certificate\`, which \`calybris certificate set\` activates. α and
δ are rounded up to ten-thousandths.

Example:
  calybris certify --data later.csv --map map.json --prior prior.json --regimes --alpha 0.04 --delta 0.1 --out certified.json

Exit code: 0 whether or not anything could be certified.`;

export function certifyCommand(terminal: Terminal): Command {
  return new Command("certify")
    .description("certify how many requests may be downgraded at risk α, with failure probability δ")
    .option("--data <set or file>", "labelled data: name of a data set, or your own table (with --map)")
    .option("--map <file>", "map of the table's columns: docs/tables.md")
    .option("--set <name>", "read the file in the layout of this set", collected)
    .option("--log <file>", "log instead of labelled data: CSV with scoreBps, ranCheap, cheapPropensity, failed")
    .option("--prior <file>", "prior to certify (default: fit one on half of the rows)")
    .addOption(new Option("--prior-out <file>", "write the fitted prior to this file").conflicts("prior"))
    .requiredOption("--alpha <share>", "maximum risk α, for example 0.04", parseShare)
    .requiredOption("--delta <share>", "failure probability δ of the certificate, for example 0.1", parseShare)
    .addOption(
      new Option("--risk <kind>", "risk over all requests, or over requests that needed premium")
        .choices(["harm", "false-negative"])
        .default("harm"),
    )
    .option("--grid <count>", "number of thresholds to test, safest first", parseGrid, 64)
    .option("--regimes", "test the boundaries of the eight regimes instead; required to activate the certificate")
    .option("--seed <number>", "seed that splits the rows into halves", parseGrid, 1)
    .option("--out <file>", "write the result as JSON to this file")
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action((options: CertifyOptions) => run(options, terminal));
}

async function run(options: CertifyOptions, terminal: Terminal): Promise<void> {
  const { json, text } =
    options.log === undefined ? await certifyTable(options) : await certifyLog(options, options.log);
  const line = JSON.stringify(json);
  if (options.out !== undefined) writeOutput(options.out, `${line}\n`);
  terminal.print(options.json === true ? line : text);
}

async function certifyTable(options: CertifyOptions): Promise<{ readonly json: object; readonly text: string }> {
  const table = await tableOf(options);
  const { judged, scores, thresholds, prior } = await scored(table, options);
  const certified = certify(judged, scores, thresholds, { ...options, lower: "any" });
  const { steps, ...summary } = certified;
  const { alpha, delta, risk } = options;
  const certificate = certificateMembers(certified, prior, options);
  return {
    json: { ...summary, alpha, delta, risk, steps: steps.slice(-3), ...certificate },
    text: certifiedText(certified, judged, options, certificate),
  };
}

interface Scored {
  readonly judged: Table;
  readonly scores: Int32Array;
  readonly thresholds: readonly number[];
  readonly prior: CertifiedWith;
}

/**
 * With a prior, all rows certify it; without one, one half fits it and the other certifies. Thresholds are never chosen on
 * the rows that test them: they are the prior's boundaries, or lie between them, or come from the half that fitted the
 * prior.
 */
async function scored(table: Table, options: CertifyOptions): Promise<Scored> {
  if (options.prior !== undefined) {
    const { value } = await readJsonFile(options.prior);
    const prior = loadPrior(value, options.prior);
    requirePriorReads(prior, membersOf(value)["about"], options.prior, table);
    const boundaries = regimeEnds(prior);
    return {
      judged: table,
      scores: predictByName(prior, table),
      thresholds: options.regimes === true ? boundaries : gridOf(boundaries, options.grid),
      prior: { digest: prior.digestHex, isKept: true },
    };
  }
  const picked = table.isInTimeOrder
    ? rowRange(0, table.rowCount >> 1)
    : sampledRows(table.rowCount, table.rowCount >> 1, seededChance(options.seed));
  const isPicked = new Uint8Array(table.rowCount);
  for (const row of picked) isPicked[row] = 1;
  const judged = selectRows(
    table,
    rowRange(0, table.rowCount).filter((row) => isPicked[row] === 0),
  );
  const fitted = `ridge on gain, ${picked.length} rows of ${table.name} that certified nothing, seed ${options.seed}`;
  const about = aboutText(fitted, table);
  const { prior, file } = fitPrior(table, picked, "ridge", { seed: options.seed, about });
  if (options.priorOut !== undefined) writeOutput(options.priorOut, `${JSON.stringify(file)}\n`);
  return {
    judged,
    scores: predictByName(prior, judged),
    thresholds:
      options.regimes === true ? regimeEnds(prior) : thresholdsAt(predictRows(prior, table, picked), options.grid),
    prior: { digest: prior.digestHex, isKept: options.priorOut !== undefined },
  };
}

/** `count` thresholds, spaced evenly between the prior's boundaries. */
function gridOf(boundaries: readonly number[], count: number): readonly number[] {
  const grid = Array.from({ length: count }, (_, at) => {
    const place = (at / Math.max(1, count - 1)) * (boundaries.length - 1);
    const low = boundaries[Math.floor(place)] ?? 0;
    const high = boundaries[Math.ceil(place)] ?? low;
    return Math.round(low + (place - Math.floor(place)) * (high - low));
  });
  return [...new Set(grid)].sort((a, b) => a - b);
}

/** Parses a share. A certificate is in basis points, and a share of 1 certifies nothing. */
function parseShare(text: string): number {
  const share = Number(text);
  if (share > 0 && share <= SHARE_MAX) return share;
  throw new InvalidArgumentError(`Write a share between 0 and 1, at most ${SHARE_MAX}, as 0.04.`);
}

const SHARE_MAX = 0.9999;

function parseGrid(text: string): number {
  const count = Number(text);
  if (/^[0-9]{1,4}$/.test(text) && count >= 1 && count <= 1_000) return count;
  throw new InvalidArgumentError("Write a whole number from 1 to 1000.");
}
