/**
 * `calybris evidence make` and `calybris evidence verify`: a file that proves that a log signed two histories. Anyone can
 * verify it with the log's public key.
 * @module
 */
import { nodeSha256, nodeVerifyEd25519 } from "@calybris/engine/internal";
import {
  CalybrisError,
  consistencyProof,
  equalBytes,
  formatSplitView,
  parseCheckpoint,
  parseNote,
  parseSplitView,
  type SplitView,
  type SplitViewFindings,
  toHex,
  type VerifierKey,
  verifySplitView,
} from "@calybris/kernel";
import { EngineError } from "@calybris/engine";
import { Command } from "commander";
import { chainOfJournal, keyFileOption } from "../journal/key-file.ts";
import { type JournalOptions, journalOption, placeOf } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { jsonText } from "../terminal/json-text.ts";
import { count } from "../terminal/number-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { writeOutput } from "../terminal/write-output.ts";
import { proveFromJournal } from "./journal-tree.ts";
import { orRejection, proofText } from "./proof-file.ts";
import { addKey } from "./trusted-keys.ts";

interface MakeOptions extends JournalOptions {
  readonly logKey: readonly VerifierKey[];
  readonly out: string;
  readonly json?: true;
}

interface VerifyOptions {
  readonly logKey: readonly VerifierKey[];
  readonly json?: true;
}

const MAKE_HELP = `
Of two checkpoints of the same size with different roots, nothing else is needed. Of different sizes, the journal that the
larger one is of shows what its tree had at the smaller size. What is written was verified.
Exit code: 0 written; 1 the checkpoints agree, or the journal is not that of the larger one; 2 a file or key is malformed.`;

const VERIFY_HELP = `
Get the key of the log from a source that you trust.
Exit code: 0 the log signed two histories; 1 the file does not show that; 2 a file or key is malformed.`;

export function evidenceCommand(terminal: Terminal): Command {
  const make = new Command("make")
    .description("write evidence from two conflicting checkpoints of one log")
    .argument("<first>", "signed checkpoint")
    .argument("<second>", "another one of the same log")
    .requiredOption("--log-key <key>", "verifier key of the log; may be repeated", addKey)
    .requiredOption("--out <file>", "file to write")
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(keyFileOption())
    .option("--json", "print JSON")
    .addHelpText("after", MAKE_HELP)
    .action(async (first: string, second: string, options: MakeOptions) => {
      const isJson = options.json === true;
      const made = await orRejection(evidenceOf(proofText(first), proofText(second), options), terminal, isJson);
      if (made === undefined) return;
      writeOutput(options.out, formatSplitView(made.evidence));
      printFindings(made.findings, isJson, terminal);
    });
  const verify = new Command("verify")
    .description("check evidence that a log signed two histories")
    .argument("<file>", "the evidence")
    .requiredOption("--log-key <key>", "verifier key of the log; may be repeated", addKey)
    .option("--json", "print JSON")
    .addHelpText("after", VERIFY_HELP)
    .action(async (file: string, { logKey, json }: VerifyOptions) => {
      const evidence = parseSplitView(proofText(file));
      const verified = verifySplitView(evidence, logKey, nodeVerifyEd25519, nodeSha256);
      const findings = await orRejection(verified, terminal, json === true);
      if (findings !== undefined) printFindings(findings, json === true, terminal);
    });
  return new Command("evidence")
    .description("make and check evidence that a log signed two histories")
    .addCommand(make)
    .addCommand(verify);
}

async function evidenceOf(
  one: string,
  other: string,
  options: MakeOptions,
): Promise<{ readonly evidence: SplitView; readonly findings: SplitViewFindings }> {
  const [first, second] = sizeOf(one) <= sizeOf(other) ? [one, other] : [other, one];
  const evidence = sizeOf(first) === sizeOf(second) ? { first, second } : await withPrefix(first, second, options);
  return { evidence, findings: await verifySplitView(evidence, options.logKey, nodeVerifyEd25519, nodeSha256) };
}

/** Adds the root of the second tree at the size of the first, from the journal of the second. */
async function withPrefix(first: string, second: string, options: MakeOptions): Promise<SplitView> {
  const { directory, keyFile } = await placeOf(options);
  const chain = chainOfJournal(directory, keyFile);
  if (chain === undefined)
    throw new EngineError("CAL_JOURNAL_KEY", { file: directory, problem: "it is keyed; give --key-file" });
  const { treeSize, root } = parseCheckpoint(parseNote(second).text);
  const size = sizeOf(first);
  const of = { directory, chain, until: Number(treeSize), earlierSize: Number(size) };
  const { tree, hashes } = proveFromJournal(of, (nodes) => consistencyProof(size, treeSize, nodes));
  if (!equalBytes(tree.root, root) || tree.earlierRoot === undefined) {
    const problem = `cannot be made: the journal is not that of the checkpoint of ${treeSize} entries`;
    throw new CalybrisError("CAL_PROOF_REJECTED", { format: "split view", problem });
  }
  return { first, second, prefix: { root: tree.earlierRoot, proof: hashes } };
}

function sizeOf(note: string): bigint {
  return parseCheckpoint(parseNote(note).text).treeSize;
}

function printFindings({ origin, first, second }: SplitViewFindings, isJson: boolean, terminal: Terminal): void {
  const [one, other] = [first, second].map(({ treeSize, root }) => ({ treeSize, root: toHex(root) }));
  if (isJson) terminal.print(jsonText({ status: "split_view", origin, first: one, second: other }));
  else
    terminal.print(
      [
        printable(`${origin} signed two histories:`),
        `  ${count(first.treeSize)} entries, root ${one?.root}`,
        `  ${count(second.treeSize)} entries, root ${other?.root}`,
      ].join("\n"),
    );
}
