/**
 * `calybris witness`: runs a witness for logs of others. It cosigns a checkpoint only if the log's tree extends the one that
 * it cosigned before, so a log with two histories cannot get cosignatures for both.
 * @module
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { acquireLock, nodeSha256, nodeSigner, unreadable } from "@calybris/engine/internal";
import {
  CalybrisError,
  formatSplitView,
  parseSignerKey,
  type SplitView,
  toHex,
  toUtf8,
  type VerifierKey,
  verifierKey,
} from "@calybris/kernel";
import { Command, InvalidArgumentError } from "commander";
import { readSecret } from "../journal/key-file.ts";
import { makeKeyCommand } from "../proof/checkpoint-keygen.ts";
import { addKey } from "../proof/trusted-keys.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { Witness } from "./witness-answers.ts";
import { listen } from "./witness-server.ts";
import { WitnessStore } from "./witness-store.ts";

interface ServeOptions {
  readonly key: string;
  readonly logKey: readonly VerifierKey[];
  readonly directory: string;
  readonly host: string;
  readonly port: number;
}

const HELP = `
The directory remembers the checkpoint of each log that was cosigned last; back it up, and never start from an older copy.
When a log signed two roots of one size, the evidence is kept there as split-view-*.json: \`calybris evidence verify\` checks it.`;

export function witnessCommand(terminal: Terminal): Command {
  return new Command("witness")
    .description("cosign checkpoints of other logs")
    .addCommand(makeKeyCommand("cosignature", terminal))
    .addCommand(serveCommand(terminal));
}

function serveCommand(terminal: Terminal): Command {
  return new Command("serve")
    .description("serve `POST /add-checkpoint` (C2SP tlog-witness)")
    .requiredOption("--key <file>", "key of the witness, as `calybris witness keygen` made it")
    .requiredOption("--log-key <key>", "verifier key of a log; may be repeated", addKey)
    .requiredOption("--directory <directory>", "where the cosigned checkpoints are kept; created if missing")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <number>", "0 picks a free port", portOf, 8_788)
    .addHelpText("after", HELP)
    .action((options: ServeOptions) => serve(options, terminal));
}

async function serve({ key: keyFile, logKey, directory, host, port }: ServeOptions, terminal: Terminal): Promise<void> {
  const { key, signer } = witnessKey(keyFile);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unreadable(directory, cause);
  }
  // Two witness processes on one directory could cosign two histories.
  const lock = await acquireLock(directory);
  const onConflict = (conflict: SplitView): void => {
    const file = keepEvidence(directory, conflict);
    terminal.complain(printable(`a log signed two histories: ${file} is the evidence`));
  };
  const nowSeconds = (): bigint => BigInt(Math.floor(Date.now() / 1_000));
  const witness = new Witness({
    key,
    signer,
    logKeys: logKey,
    store: new WitnessStore(directory),
    nowSeconds,
    onConflict,
  });
  try {
    const listening = await listen(witness, { host, port }, (error) => terminal.complain(String(error)));
    terminal.complain(`witness ${printable(key.name)} listens on ${listening.url}`);
    await new Promise<void>((resolve) => {
      terminal.onInterrupt(resolve);
    });
    await listening.close();
  } finally {
    await lock.release();
  }
}

/** Stores evidence; the same evidence gives the same file. */
function keepEvidence(directory: string, conflict: SplitView): string {
  const text = formatSplitView(conflict);
  const file = join(directory, `split-view-${toHex(nodeSha256(toUtf8(text))).slice(0, 16)}.json`);
  if (!existsSync(file)) writeFileSync(file, text, { mode: 0o640 });
  return file;
}

function witnessKey(file: string): { readonly key: VerifierKey; readonly signer: ReturnType<typeof nodeSigner> } {
  const malformed = (problem: string): CalybrisError =>
    new CalybrisError("CAL_PROOF_MALFORMED", { format: "signer key", problem });
  const bytes = readSecret(file, (path, problem) => malformed(`in ${path} is refused: ${problem}`));
  const { name, type, seed, keyId } = parseSignerKey(Buffer.from(bytes).toString().trim());
  if (type !== "cosignature")
    throw malformed("is that of a log; a witness signs with a key of `calybris witness keygen`");
  const signer = nodeSigner(seed);
  const key = verifierKey(name, type, signer.publicKey);
  if (key.keyId !== keyId) throw malformed("has an ID that is not of its name, type and public key");
  return { key, signer };
}

function portOf(text: string): number {
  if (!/^[0-9]{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError("Write a port from 0 to 65535.");
  return Number(text);
}
