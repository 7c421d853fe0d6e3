/**
 * `calybris receipt issue`: issues a signed receipt for a durable decision, with an inclusion proof if a checkpoint covers
 * its entry.
 * @module
 */
import { nodeSha256 } from "@calybris/engine/internal";
import {
  CalybrisError,
  type ChainHash,
  claimsOfEntry,
  equalBytes,
  formatCompactReceipt,
  formatReceiptJson,
  fromHex,
  inclusionProof,
  parseCheckpoint,
  parseNote,
  type Receipt,
  type ReceiptInclusion,
  signReceipt,
  toHex,
} from "@calybris/kernel";
import { Command, InvalidArgumentError } from "commander";
import { DirectorySource } from "../journal/directory-source.ts";
import { chainOfJournal, headOf, keyFileOption } from "../journal/key-file.ts";
import { type JournalOptions, journalOption, placeOf } from "../journal/place.ts";
import { JournalReader, type ReadDecision } from "../journal/reader.ts";
import { configOption } from "../service/config-file.ts";
import { findEntry } from "../show/show.ts";
import { qrSvg, qrText } from "../terminal/qr-code.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { writeOutput } from "../terminal/write-output.ts";
import { logSigner, type SignerOptions } from "./checkpoint-signer.ts";
import { proveFromJournal } from "./journal-tree.ts";
import { newestCheckpoint } from "./kept-checkpoints.ts";
import { proofText } from "./proof-file.ts";
import { addKey } from "./trusted-keys.ts";

interface IssueOptions extends JournalOptions, SignerOptions {
  readonly key?: string;
  readonly checkpoint?: string;
  readonly inclusion: boolean;
  readonly compact?: true;
  readonly qr?: true;
  readonly svg?: string;
}

const HELP = `
The entry must be durable and follow from its policy. The newest checkpoint beside the journal adds the proof of inclusion when
it covers the entry; every hash of the chain is checked then. Without --key and --signer-command the key is in
CALYBRIS_CHECKPOINT_KEY. The name of the key is the signer's ID.
Exit code: 0 issued; 2 a file or key is malformed, or no receipt can be issued of this entry.`;

export function issueCommand(terminal: Terminal): Command {
  return new Command("issue")
    .description("sign a receipt of a decision")
    .argument("<decision>", "decision ID, or sequence of the decision", decisionName)
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(keyFileOption())
    .option("--key <file>", "key that signs, as `calybris checkpoint keygen` made it; readable by its owner only")
    .option(
      "--signer-command <command>",
      "command that prints the base64 signature of its standard input; requires --log-key",
    )
    .option("--log-key <key>", "verifier key of the command's signing key", addKey)
    .option("--checkpoint <file>", "checkpoint to prove the inclusion in (default: the newest beside the journal)")
    .option("--no-inclusion", "omit the proof of inclusion")
    .option("--compact", "print the compact form, for a header or a log line")
    .option("--qr", "print the compact form without inclusion as a QR code")
    .option("--svg <file>", "write the same QR code as an SVG image")
    .addHelpText("after", HELP)
    .action(async (decision: string, options: IssueOptions) => {
      const receipt = await issue(decision, options);
      const compact = formatCompactReceipt(receipt, { withoutInclusion: true });
      if (options.svg !== undefined) writeOutput(options.svg, qrSvg(compact));
      if (options.qr) terminal.print(qrText(compact));
      else terminal.print(options.compact ? formatCompactReceipt(receipt) : formatReceiptJson(receipt).trimEnd());
    });
}

async function issue(name: string, options: IssueOptions): Promise<Receipt> {
  const { key, signer } = logSigner({ ...options, ...(options.key && { signerFile: options.key }) }, process.env);
  const { directory, keyFile } = await placeOf(options);
  const chain = chainOfJournal(directory, keyFile);
  const source = new DirectorySource(directory);
  const found = await findEntry(new JournalReader(source, chain), name);
  const { sequence } = found;
  if (!("snapshot" in found)) throw refused(sequence, `it is not a decision but ${found.head.kind}`);
  if (found.isChained !== true) throw refused(sequence, chainProblem(found));
  if (!(await isDurable(directory, source, sequence))) throw refused(sequence, "nothing says yet that it is durable");
  const entryHash = fromHex(found.entryHash) as Uint8Array;
  const claims = claimsOfEntry(found.snapshot.policy, found.entry, { sequence, entryHash }, nodeSha256);
  const by = { signerId: key.name, signedAtMs: BigInt(Date.now()), signer };
  const receipt = await signReceipt(claims, by, nodeSha256);
  const inclusion = inclusionOf({ directory, chain: chain as ChainHash, sequence, entryHash }, options);
  return inclusion === undefined ? receipt : { ...receipt, inclusion };
}

/** Whether the head has reached the entry, or a later entry states that it was durable. */
async function isDurable(directory: string, source: DirectorySource, sequence: number): Promise<boolean> {
  if ((headOf(directory)?.sequence ?? 0) >= sequence) return true;
  for await (const { head } of source.from(sequence + 1)) if (head.durable >= sequence) return true;
  return false;
}

interface Leaf {
  readonly directory: string;
  readonly chain: ChainHash;
  readonly sequence: number;
  readonly entryHash: Uint8Array;
}

/** `undefined` if no checkpoint covers the entry; a checkpoint that was given must cover it. */
function inclusionOf(leaf: Leaf, options: IssueOptions): ReceiptInclusion | undefined {
  const { directory, chain, sequence, entryHash } = leaf;
  if (!options.inclusion) return undefined;
  const isNamed = options.checkpoint !== undefined;
  const note = isNamed ? proofText(options.checkpoint as string) : newestCheckpoint(directory)?.note;
  if (note === undefined) return undefined;
  const { treeSize, root } = parseCheckpoint(parseNote(note).text);
  if (treeSize < sequence) {
    if (isNamed) throw refused(sequence, `the checkpoint is of ${treeSize} entries`);
    return undefined;
  }
  const leafIndex = BigInt(sequence) - 1n;
  const of = { directory, chain, until: Number(treeSize), sequence };
  const { tree, hashes } = proveFromJournal(of, (nodes) => inclusionProof(leafIndex, treeSize, nodes));
  const isPart = equalBytes(tree.root, root) && tree.entryHash !== undefined && equalBytes(tree.entryHash, entryHash);
  if (!isPart) throw refused(sequence, `the checkpoint has another root than the journal's first ${treeSize} entries`);
  return { checkpoint: note, leafIndex, hashes };
}

function chainProblem({ isChained, entryHash }: ReadDecision): string {
  if (isChained === undefined) return "the journal is keyed; give --key-file";
  return `its hash ${toHex(fromHex(entryHash) as Uint8Array)} does not follow from its data`;
}

function decisionName(text: string): string {
  if (/^[1-9][0-9]{0,14}(-[0-9a-f]{8})?$/.test(text)) return text;
  throw new InvalidArgumentError("Write a decision ID such as 3-1c176df6, or the sequence of a decision.");
}

function refused(sequence: number, problem: string): CalybrisError {
  return new CalybrisError("CAL_RECEIPT_REFUSED", { sequence, problem });
}
