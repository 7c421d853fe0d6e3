/**
 * `calybris policy`: `check` lists all mistakes of a policy and its catalog, with lines and remedies; `test` runs test
 * cases; `diff` and `show` compare and print policies; `set` activates one.
 * @module
 */
import { loadPolicy } from "@calybris/engine";
import { nodeSha256 } from "@calybris/engine/internal";
import { policyDigest, snapshotDigest, toHex } from "@calybris/kernel";
import { Command } from "commander";
import { jsonText } from "../terminal/json-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { policyDiffCommand } from "./diff.ts";
import {
  policyCanaryCommand,
  policyPromoteCommand,
  policyRollbackCommand,
  policyStageCommand,
  policyStatusCommand,
} from "./rollout.ts";
import { policySetCommand } from "./set.ts";
import { policyShowCommand } from "./show.ts";
import { policySignCommand } from "./sign.ts";
import { policyTestCommand } from "./test.ts";

export function policyCommand(terminal: Terminal): Command {
  const check = new Command("check")
    .description("check a policy file: every mistake with its line and remedy, or its digest")
    .argument("<file>", "the policy")
    .option("--json", "print JSON")
    .action(async (file: string, options: { readonly json?: true }) => {
      const snapshot = await loadPolicy(file);
      const { name, policy } = snapshot;
      const digest = toHex(snapshotDigest(snapshot, nodeSha256));
      const { length } = policy.candidates;
      if (options.json)
        terminal.print(
          jsonText({ file, name, candidates: length, digest, policyDigest: toHex(policyDigest(policy, nodeSha256)) }),
        );
      else terminal.print(`${file}: ${name} is valid, ${length} candidates, digest ${digest}`);
    });
  return new Command("policy")
    .description("check, test, compare, stage and activate policies")
    .addCommand(check)
    .addCommand(policyTestCommand(terminal))
    .addCommand(policyDiffCommand(terminal))
    .addCommand(policyShowCommand(terminal))
    .addCommand(policySetCommand(terminal))
    .addCommand(policySignCommand(terminal))
    .addCommand(policyStageCommand(terminal))
    .addCommand(policyStatusCommand(terminal))
    .addCommand(policyCanaryCommand(terminal))
    .addCommand(policyPromoteCommand(terminal))
    .addCommand(policyRollbackCommand(terminal));
}
