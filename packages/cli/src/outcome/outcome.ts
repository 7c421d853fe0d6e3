/**
 * `calybris outcome`: reports the outcome of one decision.
 * @module
 */
import type { Observation } from "@calybris/client";
import type { ClientOutcome, Observed, Settled } from "@calybris/engine";
import { DISPOSITIONS, type Disposition, SIGNALS, type Signal } from "@calybris/kernel";
import { EngineError } from "@calybris/engine";
import { Command, InvalidArgumentError, Option } from "commander";
import { byOption, type ClaimOptions, callerOf, withEngine } from "../journal/engine.ts";
import { journalOption } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { apiKeyFileOption, clientOf, type TargetOptions, urlOption } from "../service/target.ts";
import { jsonText } from "../terminal/json-text.ts";
import { keyFileOption } from "../journal/key-file.ts";
import { settledFrom } from "../ledger/move.ts";
import { costOf } from "./rows.ts";
import { exactDollars } from "../terminal/money-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";

interface OutcomeOptions extends TargetOptions, ClaimOptions {
  readonly succeeded?: true;
  readonly failed?: true;
  readonly signal?: readonly Signal[];
  readonly disposition?: Disposition;
  readonly costDollars?: string;
  readonly costCents?: string;
  readonly costMicrocents?: string;
  readonly latencyMs?: number;
  readonly settle?: true;
  readonly json?: true;
}

const HELP = `
A decision has one outcome; repeating it changes nothing. If success is unknown, report signals instead: without --succeeded
or --failed, success is estimated from them.

Examples:
  calybris outcome 42-1c176df6 --succeeded --cost-dollars 0.0131 --latency-ms 640
  calybris outcome 42-1c176df6 --succeeded --cost-dollars 0.0131 --settle
  calybris outcome 43-0a99e1f0 --signal slow --signal retried
  calybris outcome 44-77d0c2ab --disposition abandoned`;

export function outcomeCommand(terminal: Terminal): Command {
  const command = new Command("outcome");
  return command
    .description("report the outcome of a decision")
    .argument("<decision-id>", "decision ID, as returned or as printed by `show`")
    .addOption(new Option("--succeeded", "the result was good").conflicts("failed"))
    .option("--failed", "the result was not good")
    .addOption(new Option("--signal <name...>", "observed signal; repeatable").choices(SIGNALS))
    .addOption(
      new Option("--disposition <name>", "what was done with the decision (default: applied)").choices(DISPOSITIONS),
    )
    .option("--cost-dollars <amount>", "actual cost in dollars, for example 2.50")
    .option("--cost-cents <amount>", "actual cost in cents")
    .option("--cost-microcents <amount>", "actual cost in microcents")
    .option("--latency-ms <count>", "actual latency in milliseconds", parseLatency)
    .option("--settle", "settle the reservation of the decision at the cost, which is then required")
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(urlOption())
    .addOption(apiKeyFileOption())
    .addOption(byOption())
    .addOption(keyFileOption())
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action((decisionId: string, options: OutcomeOptions) => reportOutcome(decisionId, { options, terminal, command }));
}

interface Asked {
  readonly options: OutcomeOptions;
  readonly terminal: Terminal;
  readonly command: Command;
}

async function reportOutcome(decisionId: string, { options, terminal, command }: Asked): Promise<void> {
  const { signal: signals, disposition, latencyMs } = options;
  const saysNothing = options.succeeded === undefined && options.failed === undefined && signals === undefined;
  if (saysNothing && (disposition ?? "applied") === "applied")
    command.error("error: pass --succeeded, --failed or --signal");
  const outcome: ClientOutcome = {
    decisionId,
    disposition,
    succeeded: options.succeeded ?? (options.failed === undefined ? undefined : false),
    signals,
    costMicrocents: costGiven(options),
    latencyMs,
    settle: options.settle,
  };
  const client = clientOf(options);
  const caller = callerOf(options);
  const observed =
    client === undefined
      ? await withEngine(options, undefined, ({ learning }) => learning.observe(outcome, caller))
      : observedFrom(await client.observe({ ...outcome, ...caller }));
  if (options.json) {
    terminal.print(jsonText(observed));
    return;
  }
  const { successBps, rewardBps, learned, sequence, repeated } = observed;
  const taught = learned ? "used by the learner" : "recorded, not used by the learner";
  const before = repeated ? ", as before: nothing was changed" : "";
  terminal.print(
    `${decisionId}: success ${successBps} bps, net reward ${rewardBps} bps; ${taught} (entry ${sequence})${before}`,
  );
  if (options.settle === true) terminal.print(settlementText(observed.settlement));
}

/** Converts the service's answer to the engine's form. */
export function observedFrom({ settlement, ...observed }: Observation): Observed {
  return { ...observed, settlement: settlement === null ? undefined : settledFrom(settlement) };
}

function settlementText(settlement: Settled | undefined): string {
  if (settlement === undefined) return "nothing was reserved: nothing is settled";
  const { state, actualMicrocents, tenant, sequence } = settlement;
  const reservation = `the reservation is ${state} at $${exactDollars(actualMicrocents)} for ${JSON.stringify(tenant)}`;
  return printable(`${reservation} (entry ${sequence})`);
}

/** The cost in the options, whose names are those of a row's members; mistakes are reported under the name of the option. */
function costGiven(options: OutcomeOptions): bigint | undefined {
  const cost = costOf({ ...options });
  if (typeof cost !== "object") return cost;
  const flag = (text: string): string =>
    text.replace(/\bcost(Dollars|Cents|Microcents)\b/g, (_, unit: string) => `--cost-${unit.toLowerCase()}`);
  const { path, problem, remedy } = cost;
  throw new EngineError("CAL_OUTCOME_INVALID", { mistakes: [{ path: flag(path), problem: flag(problem), remedy }] });
}

function parseLatency(text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Write whole milliseconds.");
}
