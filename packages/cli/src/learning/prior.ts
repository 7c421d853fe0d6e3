/**
 * `calybris prior set`: activates a prior with an entry that contains it and records the actor.
 * @module
 */
import { loadPrior } from "@calybris/engine";
import { membersOf, readJsonFile } from "@calybris/engine/internal";
import { Command } from "commander";
import { byOption, type ClaimOptions, callerOf, withEngine } from "../journal/engine.ts";
import { journalOption } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { apiKeyFileOption, clientOf, type TargetOptions, urlOption } from "../service/target.ts";
import { jsonText } from "../terminal/json-text.ts";
import { keyFileOption } from "../journal/key-file.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";

interface PriorSetOptions extends TargetOptions, ClaimOptions {
  readonly json?: true;
}

const HELP = `
From the next decision on, the predicted gain is the score and its quantiles cut the regimes. The prior must read the same
features in the same order as the policy's \`learning.features\`. What was learned under the old regimes is redistributed
evenly. A certificate of another prior becomes void: nothing is served below the top tier until a new one is set.

Example:
  calybris prior set prior.json --journal journal`;

export function priorCommand(terminal: Terminal): Command {
  return new Command("prior")
    .description("set the prior, which predicts gain before anything is learned")
    .addCommand(setCommand(terminal));
}

function setCommand(terminal: Terminal): Command {
  return new Command("set")
    .description("activate a prior, from the next decision on")
    .argument("<file>", "prior written by `calybris train`")
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(urlOption())
    .addOption(apiKeyFileOption())
    .addOption(byOption())
    .addOption(keyFileOption())
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action((file: string, options: PriorSetOptions) => setPrior(file, options, terminal));
}

async function setPrior(file: string, options: PriorSetOptions, terminal: Terminal): Promise<void> {
  const { value } = await readJsonFile(file);
  // Checked before a journal is opened, so that an error names the file.
  const { digestHex, featureNames, head, text } = loadPrior(value, file);
  const caller = callerOf(options);
  const client = clientOf(options);
  const { sequence, isCertificateVoid } =
    client === undefined
      ? await withEngine(options, undefined, async ({ learning }) => {
          const before = learning.certifiedRegimes ?? 0;
          const entry = await learning.setPrior(value, caller);
          return { sequence: entry, isCertificateVoid: before > 0 && learning.certifiedRegimes === 0 };
        })
      : await client.setPrior({ prior: membersOf(value), ...caller });
  if (options.json) {
    const members = { sequence, digest: digestHex, features: featureNames, head: head.kind, isCertificateVoid };
    terminal.print(jsonText({ ...members, ...caller }));
    return;
  }
  const reads = [...featureNames, ...(text === undefined ? [] : ["text"])].join(", ");
  terminal.print(
    printable(`the prior is active from entry ${sequence}; it reads ${reads || "categories only"} (${digestHex})`),
  );
  if (isCertificateVoid)
    terminal.print(
      "the certificate belonged to another prior and is void: nothing is served below the top tier until a new one is set",
    );
}
