/**
 * `calybris prior set`: puts a prior in force, as an entry that holds it whole and names who did it.
 * @module
 */
import { loadPrior } from "@calybris/engine";
import { readJsonFile } from "@calybris/engine/internal";
import { Command } from "commander";
import { byOption, type JournalOptions, journalOption, withEngine } from "../journal/engine.ts";
import { jsonText } from "../terminal/json-text.ts";
import { keyFileOption } from "../journal/key-file.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";

interface PriorSetOptions extends JournalOptions {
  readonly by: string;
  readonly json?: true;
}

const HELP = `
The gain it predicts is the score from the next decision on, and its quantiles are the regimes. It has to read the same
features in the same order as the policy's \`learning.features\`. What was learned under other regimes is dealt out evenly
among the new ones, and a certificate of another prior is void: nothing may be served below the top tier until a new one.

Example:
  calybris prior set prior.json --journal journal --by ada`;

export function priorCommand(terminal: Terminal): Command {
  return new Command("prior")
    .description("what is predicted before anything is learned")
    .addCommand(setCommand(terminal));
}

function setCommand(terminal: Terminal): Command {
  return new Command("set")
    .description("put a prior in force in a journal, from the next decision on")
    .argument("<file>", "the prior, as `calybris train` wrote it")
    .addOption(journalOption())
    .addOption(byOption())
    .addOption(keyFileOption())
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action((file: string, options: PriorSetOptions) => setPrior(file, options, terminal));
}

async function setPrior(file: string, options: PriorSetOptions, terminal: Terminal): Promise<void> {
  const { value } = await readJsonFile(file);
  // Here, so that a mistake names the file and no journal is opened for it.
  const { digestHex, featureNames, head, text } = loadPrior(value, file);
  const { by } = options;
  const { sequence, isCertificateVoid } = await withEngine(options, undefined, async ({ learning }) => {
    const before = learning.certifiedRegimes ?? 0;
    const entry = await learning.setPrior(value, by);
    return { sequence: entry, isCertificateVoid: before > 0 && learning.certifiedRegimes === 0 };
  });
  if (options.json) {
    const told = { sequence, digest: digestHex, features: featureNames, head: head.kind, isCertificateVoid, by };
    terminal.print(jsonText(told));
    return;
  }
  const reads = [...featureNames, ...(text === undefined ? [] : ["text"])].join(", ");
  terminal.print(
    printable(`the prior is in force from entry ${sequence}; it reads ${reads || "categories alone"} (${digestHex})`),
  );
  if (isCertificateVoid)
    terminal.print(
      "the certificate in force spoke of another prior: nothing may be served below the top tier until a new one is set",
    );
}
