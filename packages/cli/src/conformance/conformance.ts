/**
 * `calybris conformance`: runs vector files through every kernel, and reports the first difference.
 * @module
 */
import { Command } from "commander";
import { type ConformanceTally, runDocument } from "./run.ts";
import { jsonText } from "../terminal/json-text.ts";
import { KERNELS } from "../decide/kernels.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { vectorDocuments } from "./vector-files.ts";

const HELP = `
A file is JSON Lines of {"policy", "inputs", "decisions"}, or one document with "policy" and "cases"; gzip is decompressed.
Exit code: 0 all passed, 1 a difference, 2 not a vector file.`;

export function conformanceCommand(terminal: Terminal): Command {
  return new Command("conformance")
    .description("run vector files through every kernel")
    .argument("<files...>", "JSON or JSON Lines, plain or compressed")
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action(async (files: readonly string[], options: { readonly json?: true }) => {
      const tally: ConformanceTally = { passed: 0, failed: 0, firstDifference: undefined };
      for (const file of files) {
        for await (const { reader, where } of vectorDocuments(file)) runDocument(reader, where, tally);
      }
      const kernels = KERNELS.map(({ name }) => name);
      if (options.json) terminal.print(jsonText({ ...tally, kernels }));
      else {
        terminal.print(`${tally.passed} passed, ${tally.failed} failed (${kernels.join(", ")})`);
        if (tally.firstDifference !== undefined)
          terminal.print(printable(`first difference: ${tally.firstDifference}`));
      }
      if (tally.failed > 0) terminal.exitCode = 1;
    });
}
