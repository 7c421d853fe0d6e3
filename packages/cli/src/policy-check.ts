/**
 * `calybris policy check`: every mistake of a policy and its catalog, each with its line and its remedy.
 * @module
 */
import { loadPolicy } from "@calybris/engine";
import { CalybrisError, describeMistake, type Mistake, policyDigest, toHex } from "@calybris/kernel";
import { Command } from "commander";

export function policyCommand(): Command {
  const check = new Command("check")
    .description("list every mistake of a policy, with its remedy")
    .argument("<file>", "the policy")
    .action(checkPolicy);
  return new Command("policy").description("check and change policies").addCommand(check);
}

async function checkPolicy(file: string): Promise<void> {
  try {
    const { name, policy } = await loadPolicy(file);
    console.log(
      `${file}: ${name} is whole, ${policy.candidates.length} candidates, digest ${toHex(policyDigest(policy))}`,
    );
  } catch (error) {
    if (!(error instanceof CalybrisError) || !("mistakes" in error.details)) throw error;
    for (const mistake of error.details.mistakes as readonly Mistake[])
      console.error(`${file}: ${describeMistake(mistake)}\n  ${mistake.remedy}`);
    console.error(`${error.code}: ${(error.details.mistakes as readonly Mistake[]).length} to mend`);
    process.exitCode = 2;
  }
}
