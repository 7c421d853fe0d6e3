/**
 * `calybris policy stage`, `status`, `canary`, `promote` and `rollback`: roll out a policy in stages.
 * @module
 */
import type { Rollout } from "@calybris/client";
import { GATES, loadPolicy } from "@calybris/engine";
import { rolloutJson } from "@calybris/gateway";
import { Command } from "commander";
import { byOption, type ClaimOptions, callerOf, withEngine } from "../journal/engine.ts";
import { keyFileOption } from "../journal/key-file.ts";
import { journalOption } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { apiKeyFileOption, clientOf, urlOption } from "../service/target.ts";
import { jsonText } from "../terminal/json-text.ts";
import { count } from "../terminal/number-text.ts";
import { tableText } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { policyId, shareBps } from "./change-arguments.ts";
import { knownChange, type SignatureOptions, signatureOf, withSignature } from "./change-signature.ts";
import { wholePolicy } from "./set.ts";

interface RolloutOptions extends SignatureOptions, ClaimOptions {
  readonly json?: true;
}

type Example = NonNullable<Rollout["staged"]>["mismatchExamples"][number];

interface Changed {
  readonly policyId: number;
  readonly sequence: number;
  readonly repeated: boolean;
}

function rolloutCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(urlOption())
    .addOption(apiKeyFileOption())
    .addOption(keyFileOption())
    .option("--json", "print JSON");
}

/** Creates a command that changes the deciding policy. */
function changeCommand(name: string, description: string): Command {
  return withSignature(rolloutCommand(name, description).addOption(byOption()));
}

export function policyStageCommand(terminal: Terminal): Command {
  return changeCommand("stage", "let a policy decide in shadow, from the next decision on; no answer changes")
    .argument("<file>", "the policy")
    .action(async (file: string, options: RolloutOptions) => {
      const policy = await loadPolicy(file);
      const caller = callerOf(options);
      const signature = await signatureOf(options, ({ nextPolicyId }) =>
        Promise.resolve({ change: "staged", policyId: nextPolicyId, policy, shareBps: 0 }),
      );
      const client = clientOf(options);
      const changed =
        client === undefined
          ? await withEngine(options, undefined, (engine) => engine.rollout.stage(policy, caller, signature))
          : await client.stagePolicy({ policy: await wholePolicy(file), ...(signature && { signature }), ...caller });
      const name = printable(JSON.stringify(policy.name));
      print(terminal, options, changed, `policy ${changed.policyId} ${name} is staged`);
    });
}

export function policyStatusCommand(terminal: Terminal): Command {
  return rolloutCommand(
    "status",
    "how the staged policy compares with the active one, and what a promotion still needs",
  ).action(async (options: RolloutOptions) => {
    const client = clientOf(options);
    const status =
      client === undefined
        ? await withEngine(options, undefined, async (engine) => rolloutJson(await engine.rollout.status()) as Rollout)
        : await client.rollout();
    terminal.print(options.json ? jsonText(status) : statusText(status));
  });
}

export function policyPromoteCommand(terminal: Terminal): Command {
  return changeCommand("promote", "activate the staged policy, once it passes a gate")
    .argument("<id>", "the policy, by its id in the journal", policyId)
    .addHelpText("after", GATES_HELP)
    .action(async (id: number, options: RolloutOptions) => {
      const caller = callerOf(options);
      const signature = await signatureOf(options, () => knownChange(options, "promoted", id));
      const client = clientOf(options);
      const changed =
        client === undefined
          ? await withEngine(options, undefined, (engine) => engine.rollout.promote(id, () => caller, GATES, signature))
          : await client.promotePolicy({ policyId: id, ...(signature && { signature }), ...caller });
      print(terminal, options, changed, `policy ${id} is active`);
    });
}

export function policyCanaryCommand(terminal: Terminal): Command {
  return changeCommand("canary", "let the staged policy decide for a share of the tenants, once it passes a gate")
    .argument("<id>", "the policy, by its id in the journal", policyId)
    .argument("<share>", "the share of the tenants, as `5%` or `500bps`; 0 ends the canary", shareBps)
    .addHelpText(
      "after",
      `${GATES_HELP}\nA share that shrinks needs no gate. A larger share keeps the tenants of a smaller one.`,
    )
    .action(async (id: number, share: number, options: RolloutOptions) => {
      const caller = callerOf(options);
      const signature = await signatureOf(options, () => knownChange(options, "canary", id, share));
      const client = clientOf(options);
      const changed =
        client === undefined
          ? await withEngine(options, undefined, (engine) =>
              engine.rollout.canary(id, share, () => caller, GATES, signature),
            )
          : await client.canaryPolicy({
              policyId: id,
              shareBps: share,
              ...(signature && { signature }),
              ...caller,
            });
      const done =
        share === 0
          ? `the canary of policy ${id} has ended`
          : `policy ${id} decides for ${share / 100} % of the tenants`;
      print(terminal, options, changed, done);
    });
}

const GATES_HELP = `
A gate: at least 1,000 decisions in shadow, and either (a) at most 5 % of actions differ and the net reward is shown to be no worse
by more than 0.01, or (b) it is shown to be better by more than that. \`calybris policy set FILE\` activates a policy without a gate.`;

export function policyRollbackCommand(terminal: Terminal): Command {
  return changeCommand("rollback", "activate an earlier policy, from the next decision on; ends the staging")
    .argument("<id>", "the policy, by its id in the journal", policyId)
    .action(async (id: number, options: RolloutOptions) => {
      const caller = callerOf(options);
      const signature = await signatureOf(options, () => knownChange(options, "rolled-back", id));
      const client = clientOf(options);
      const changed =
        client === undefined
          ? await withEngine(options, undefined, (engine) => engine.rollout.rollBack(id, caller, signature))
          : await client.rollBackPolicy({ policyId: id, ...(signature && { signature }), ...caller });
      print(terminal, options, changed, `policy ${id} is active`);
    });
}

function print(
  terminal: Terminal,
  { json }: RolloutOptions,
  { policyId, sequence, repeated }: Changed,
  done: string,
): void {
  if (json) terminal.print(jsonText({ policyId, sequence, repeated }));
  else terminal.print(`${done} ${repeated ? "already, since" : "from"} entry ${sequence}`);
}

const TENANTS_SHOWN = 20;

function statusText({ activePolicyId, staged }: Rollout): string {
  if (staged === null) return `policy ${activePolicyId} is active; none is staged`;
  const { decisions, actionMismatches, mismatches, reward, success, outcomes, passes, missing } = staged;
  const share = (part: number): string => (decisions === 0 ? "-" : `${((100 * part) / decisions).toFixed(1)} %`);
  const rows = [
    ["decisions in shadow", count(decisions)],
    ["other actions", `${count(actionMismatches)} (${share(actionMismatches)})`],
    ["other decisions", `${count(mismatches)} (${share(mismatches)})`],
    ["outcomes compared", count(outcomes)],
    ...(staged.canaryBps === 0
      ? []
      : [
          ["canary, share of the tenants", `${staged.canaryBps / 100} %`],
          ["canary, decisions", count(staged.canaryDecisions)],
        ]),
    ["success, difference", effectText(success)],
    ["net reward, difference", effectText(reward)],
  ];
  const regimes = staged.regimes.map((row) => [`regime ${row.regime}`, ...cells(row)]);
  const tenants = staged.tenants.slice(0, TENANTS_SHOWN).map((row) => [tenantText(row.tenant), ...cells(row)]);
  const lines = [
    `policy ${activePolicyId} is active; policy ${staged.policyId} ${printable(JSON.stringify(staged.name))} is staged since entry ${staged.since}`,
    passes === null
      ? `It passes no gate yet: ${missing.join("; ")}.`
      : `It passes gate (${passes}): \`calybris policy promote ${staged.policyId}\` activates it.`,
    tableText(["<", ">"], rows),
  ];
  if (regimes.length + tenants.length > 0)
    lines.push(
      tableText(["<", ">decisions", ">other actions", ">other decisions", "<entries"], [...regimes, ...tenants]),
    );
  if (staged.mismatchExamples.length > 0)
    lines.push(
      "Decisions that differ:",
      tableText([">entry", "<tenant", ">regime", "<active", "<staged"], staged.mismatchExamples.map(exampleRow)),
    );
  return lines.join("\n");
}

function exampleRow({ sequence, tenant, regime, active, staged }: Example): readonly string[] {
  return [
    String(sequence),
    tenant === null ? "-" : printable(tenant),
    regime === null ? "-" : String(regime),
    choiceText(active),
    choiceText(staged),
  ];
}

function choiceText({ action, candidate }: Example["active"]): string {
  return candidate === null ? action : `${action} ${printable(candidate)}`;
}

function cells(row: {
  readonly decisions: number;
  readonly actionMismatches: number;
  readonly mismatches: number;
  readonly mismatchSequences: readonly number[];
}): readonly string[] {
  const { decisions, actionMismatches, mismatches, mismatchSequences } = row;
  return [count(decisions), count(actionMismatches), count(mismatches), mismatchSequences.join(", ")];
}

function tenantText(tenant: string | null): string {
  if (tenant === null) return "no tenant";
  return tenant === "" ? "other tenants" : `tenant ${printable(tenant)}`;
}

function effectText({
  difference,
  lower,
  upper,
}: {
  readonly difference: number | null;
  readonly lower: number;
  readonly upper: number;
}): string {
  return difference === null ? "-" : `${difference.toFixed(4)} (${lower.toFixed(4)} to ${upper.toFixed(4)})`;
}
