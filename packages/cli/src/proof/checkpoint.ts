/**
 * `calybris checkpoint verify`: verifies that the log and enough witnesses signed a checkpoint.
 * @module
 */
import { nodeVerifyEd25519 } from "@calybris/engine/internal";
import type { TrustFile } from "@calybris/gateway";
import {
  type Checkpoint,
  type OpenedNote,
  openCheckpoint,
  openNote,
  parseCheckpoint,
  signerCount,
  toHex,
  type VerifierKey,
} from "@calybris/kernel";
import { Command, InvalidArgumentError } from "commander";
import { jsonText } from "../terminal/json-text.ts";
import { count } from "../terminal/number-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { createCommand, proofCommand } from "./checkpoint-create.ts";
import { exportCommand } from "./checkpoint-export.ts";
import { makeKeyCommand } from "./checkpoint-keygen.ts";
import { collectCommand } from "./checkpoint-witness.ts";
import { orRejection, proofText, whenText } from "./proof-file.ts";
import { readTrustFile } from "./trust-file.ts";
import { addKey } from "./trusted-keys.ts";

interface Options {
  readonly logKey: readonly VerifierKey[];
  readonly witnessKey: readonly VerifierKey[];
  readonly quorum: number;
  readonly trust?: string;
  readonly json?: true;
}

const HELP = `
Get the keys from a source that you trust, not from the checkpoint.
Exit code: 0 verified; 1 rejected, or fewer witnesses than the quorum; 2 a file or key is malformed.`;

export function checkpointCommand(terminal: Terminal): Command {
  return new Command("checkpoint")
    .description("sign, prove, verify and export checkpoints of a log")
    .addCommand(makeKeyCommand("ed25519", terminal))
    .addCommand(createCommand(terminal))
    .addCommand(collectCommand(terminal))
    .addCommand(proofCommand(terminal))
    .addCommand(exportCommand(terminal))
    .addCommand(verifyCommand(terminal));
}

function verifyCommand(terminal: Terminal): Command {
  return new Command("verify")
    .description("verify the signatures of a checkpoint")
    .argument("<file>", "the signed note")
    .option("--log-key <key>", "verifier key of the log; may be repeated", addKey, [])
    .option("--witness-key <key>", "verifier key of a witness; may be repeated", addKey, [])
    .option("--quorum <n>", "how many witnesses must have signed", parseQuorum, 0)
    .option("--trust <file>", "keys of the log and of witnesses with their dates, and the quorum, instead of the above")
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action(async (file: string, options: Options, command: Command) => {
      if ((options.trust === undefined) === (options.logKey.length === 0))
        command.error("error: give either option '--log-key' or option '--trust'");
      const trust = options.trust === undefined ? undefined : readTrustFile(options.trust);
      const { logKey, witnessKey, quorum, json } = trust === undefined ? options : { ...options, ...keysOf(trust) };
      const note = proofText(file);
      if (trust !== undefined) {
        const trusted = openCheckpoint(note, trust, nodeVerifyEd25519);
        if ((await orRejection(trusted, terminal, json === true)) === undefined) return;
      }
      // The log's signature is required separately: witnesses do not replace it.
      if ((await orRejection(openNote(note, logKey, nodeVerifyEd25519), terminal, json === true)) === undefined) return;
      const opened = await orRejection(
        openNote(note, [...logKey, ...witnessKey], nodeVerifyEd25519),
        terminal,
        json === true,
      );
      if (opened === undefined) return;
      const checkpoint = parseCheckpoint(opened.note.text);
      const witnesses = signerCount(opened, witnessKey);
      const isEnough = witnesses >= quorum;
      terminal.print(
        json
          ? jsonText(checkpointJson(checkpoint, opened, isEnough))
          : checkpointText(checkpoint, opened, `${witnesses} of the ${quorum} witnesses that are required`, isEnough),
      );
      if (!isEnough) terminal.exitCode = 1;
    });
}

function keysOf({ logs, witnesses, quorum }: TrustFile): Pick<Options, "logKey" | "witnessKey" | "quorum"> {
  return { logKey: logs.map(({ key }) => key), witnessKey: witnesses.map(({ key }) => key), quorum };
}

function parseQuorum(value: string): number {
  if (!/^[0-9]{1,3}$/.test(value)) throw new InvalidArgumentError("It is not a number from 0 to 999.");
  return Number(value);
}

function checkpointJson(checkpoint: Checkpoint, opened: OpenedNote, isEnough: boolean): object {
  return {
    status: isEnough ? "verified" : "too_few_witnesses",
    origin: checkpoint.origin,
    treeSize: checkpoint.treeSize,
    root: toHex(checkpoint.root),
    signers: opened.verified.map(({ key, timeSeconds }) => ({ name: key.name, type: key.type, timeSeconds })),
  };
}

function checkpointText(checkpoint: Checkpoint, opened: OpenedNote, witnesses: string, isEnough: boolean): string {
  const signers = opened.verified.map(({ key, timeSeconds }) => {
    const when = timeSeconds === undefined ? "" : ` at ${whenText(timeSeconds, 1_000_000n)}, by its own clock`;
    return `  signed by ${key.name} (${key.type})${when}`;
  });
  return [
    isEnough ? "verified" : `not enough: ${witnesses} signed`,
    `  log       ${checkpoint.origin}`,
    `  entries   ${count(checkpoint.treeSize)}`,
    `  root      ${toHex(checkpoint.root)}`,
    ...signers,
  ]
    .map(printable)
    .join("\n");
}
