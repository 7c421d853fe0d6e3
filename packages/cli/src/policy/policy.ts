/**
 * `calybris policy`: `check` tells every mistake of a policy and its catalog, each with its line and its remedy; `set`
 * puts one in force.
 * @module
 */
import { loadPolicy } from "@calybris/engine";
import { policyDigest, toHex } from "@calybris/kernel";
import { Command } from "commander";
import { jsonText } from "../terminal/json-text.ts";
import { policySetCommand } from "./set.ts";
import type { Terminal } from "../terminal/terminal.ts";

export function policyCommand(terminal: Terminal): Command {
  const check = new Command("check")
    .description("list every mistake of a policy, with its remedy")
    .argument("<file>", "the policy")
    .option("--json", "print JSON")
    .action(async (file: string, options: { readonly json?: true }) => {
      const { name, policy } = await loadPolicy(file);
      const digest = toHex(policyDigest(policy));
      const { length } = policy.candidates;
      if (options.json) terminal.print(jsonText({ file, name, candidates: length, digest }));
      else terminal.print(`${file}: ${name} is whole, ${length} candidates, digest ${digest}`);
    });
  return new Command("policy")
    .description("check and change policies")
    .addCommand(check)
    .addCommand(policySetCommand(terminal));
}
