/**
 * `calybris checkpoint create` and `calybris checkpoint proof`: sign the root of a journal's tree, and prove that it
 * includes an entry or extends an earlier checkpoint.
 * @module
 */
import { type LogSigner, nodeVerifyEd25519 } from "@calybris/engine/internal";
import {
  CalybrisError,
  type ChainHash,
  consistencyProof,
  equalBytes,
  formatCheckpoint,
  formatNote,
  inclusionProof,
  openNote,
  parseCheckpoint,
  parseNote,
  signNote,
  toBase64,
  toHex,
} from "@calybris/kernel";
import { EngineError } from "@calybris/engine";
import { Command, InvalidArgumentError } from "commander";
import { chainOfJournal, headOf, keyFileOption } from "../journal/key-file.ts";
import { type JournalOptions, journalOption, placeOf } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { jsonText } from "../terminal/json-text.ts";
import { count } from "../terminal/number-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { logSigner, SIGNER_VARIABLE, type SignerOptions } from "./checkpoint-signer.ts";
import { type JournalTree, proveFromJournal, tooShort, treeOfJournal } from "./journal-tree.ts";
import { type KeptCheckpoint, keepCheckpoint, newestCheckpoint } from "./kept-checkpoints.ts";
import { orRejection, proofText } from "./proof-file.ts";
import { isBefore, type JournalStart, snapshotStart } from "./snapshot-start.ts";
import { proveFromTiles, type TileProof, type TileProofOptions } from "./tile-proofs.ts";
import { addKey } from "./trusted-keys.ts";

interface CreateOptions extends JournalOptions, SignerOptions {
  readonly fromSnapshot?: true;
  readonly json?: true;
}

interface ProofOptions extends JournalOptions {
  readonly sequence?: number;
  readonly from?: number;
  readonly note?: string;
  readonly json?: true;
}

const CREATE_HELP = `
Every hash of the chain is checked, up to the last entry that the journal's head says is durable. The latest checkpoint beside
the journal must be part of the tree: a journal that was cut or rewritten since is not signed. With --from-snapshot, entries
before the newest state snapshot are not read, and damage in them is not found; the tree is continued from the snapshot. The
note is kept in \`checkpoints/\` of the journal. Without --signer-file and --signer-command the key is in ${SIGNER_VARIABLE}.
Exit code: 0 signed, or nothing new to sign; 1 rejected, or the journal is damaged; 2 a file or key is malformed.`;

const PROOF_HELP = `
The proof is made from the hashes beside the journal and verified. If they are missing or damaged, every entry is read.`;

export function createCommand(terminal: Terminal): Command {
  return new Command("create")
    .description("sign the root of a journal's Merkle tree")
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(keyFileOption())
    .option("--signer-file <file>", "signer key of the log; readable by its owner only")
    .option(
      "--signer-command <command>",
      "command that prints the base64 signature of its standard input; requires --log-key",
    )
    .option("--log-key <key>", "verifier key of the command's signing key", addKey)
    .option("--from-snapshot", "begin behind the newest state snapshot; earlier entries are not read")
    .option("--json", "print JSON")
    .addHelpText("after", CREATE_HELP)
    .action(async (options: CreateOptions) => {
      await orRejection(create(options, terminal), terminal, options.json === true);
    });
}

async function create(options: CreateOptions, terminal: Terminal): Promise<void> {
  const signer = logSigner(options, process.env);
  const { directory, chain, until } = await journalOf(options);
  const before = await ownCheckpoint(directory, signer);
  const earlierSize = before === undefined ? undefined : Number(before.checkpoint.treeSize);
  const start = options.fromSnapshot === true ? snapshotStart(directory) : undefined;
  const tree = treeOfJournal({ directory, chain, until, earlierSize, start });
  if (tree.treeSize !== until) throw shorterThanHead(tree.treeSize, until);
  if (before !== undefined) requireExtended(directory, tree, before, start);
  const isNew = tree.treeSize !== earlierSize;
  const note = isNew ? await signed(tree, signer) : (before as KeptCheckpoint).note;
  const file = isNew ? keepCheckpoint(directory, tree.treeSize, note) : (before as KeptCheckpoint).file;
  const { treeSize, root } = tree;
  if (options.json) terminal.print(jsonText({ treeSize, root: toHex(root), file, isNew, note }));
  else
    terminal.print(
      `${isNew ? "signed" : "signed before"}: ${count(treeSize)} entries, root ${toHex(root)}\n${printable(file)}`,
    );
}

export function proofCommand(terminal: Terminal): Command {
  return new Command("proof")
    .description("prove that an entry, or an earlier checkpoint, is in a checkpoint of a journal")
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(keyFileOption())
    .option("--sequence <number>", "the entry", wholeNumber)
    .option("--from <size>", "tree size of the earlier checkpoint", wholeNumber)
    .option("--note <file>", "the checkpoint (default: the newest beside the journal)")
    .option("--json", "print JSON")
    .addHelpText("after", PROOF_HELP)
    .action(async (options: ProofOptions, command: Command) => {
      const { sequence, from } = options;
      if ((sequence === undefined) === (from === undefined))
        command.error("error: give either option '--sequence' or option '--from'");
      await orRejection(prove(options, terminal), terminal, options.json === true);
    });
}

async function prove(options: ProofOptions, terminal: Terminal): Promise<void> {
  const { sequence, from } = options;
  const { directory, chain } = await journalOf(options);
  const note = options.note === undefined ? newestCheckpoint(directory)?.note : proofText(options.note);
  if (note === undefined) throw uncovered(Number(sequence ?? from));
  const checkpoint = parseCheckpoint(parseNote(note).text);
  const { treeSize } = checkpoint;
  const part = BigInt(sequence ?? from ?? 0);
  if (part > treeSize) throw uncovered(part, treeSize);
  const asked = { directory, chain, sequence, from };
  const proven = proveFromTiles({ ...asked, checkpoint }) ?? proveFromEntries({ ...asked, checkpoint });
  const texts = proven.hashes.map(toBase64);
  const entryHash = proven.entryHash && toHex(proven.entryHash);
  const of = sequence === undefined ? { from } : { index: sequence - 1, entryHash };
  terminal.print(options.json ? jsonText({ ...of, hashes: texts, checkpoint: note }) : texts.join("\n"));
}

/** Used if the stored hashes do not give a proof: reads every entry, and verifies every hash of the chain. */
function proveFromEntries({ directory, chain, checkpoint, sequence, from }: TileProofOptions): TileProof {
  const { treeSize, root } = checkpoint;
  const { tree, hashes } = proveFromJournal({ directory, chain, until: Number(treeSize), sequence }, (nodes) =>
    sequence === undefined
      ? consistencyProof(BigInt(from ?? 0), treeSize, nodes)
      : inclusionProof(BigInt(sequence) - 1n, treeSize, nodes),
  );
  if (BigInt(tree.treeSize) < treeSize) throw tooShort(tree.treeSize, treeSize);
  if (!equalBytes(tree.root, root)) throw rejected(`has another root than the journal's first ${treeSize} entries`);
  return { hashes, entryHash: tree.entryHash };
}

async function journalOf(
  options: JournalOptions,
): Promise<{ readonly directory: string; readonly chain: ChainHash; readonly until: number }> {
  const { directory, keyFile } = await placeOf(options);
  const head = headOf(directory);
  const chain = chainOfJournal(directory, keyFile);
  if (head === undefined || chain === undefined) {
    const problem = head === undefined ? "its head cannot be read" : "it is keyed; give --key-file";
    throw new EngineError("CAL_JOURNAL_KEY", { file: directory, problem });
  }
  return { directory, chain, until: head.sequence };
}

/** The newest stored checkpoint, which must be signed by this signer. */
async function ownCheckpoint(
  directory: string,
  { key }: LogSigner,
): Promise<(KeptCheckpoint & { readonly checkpoint: ReturnType<typeof parseCheckpoint> }) | undefined> {
  const kept = newestCheckpoint(directory);
  if (kept === undefined) return undefined;
  const { note } = await openNote(kept.note, [key], nodeVerifyEd25519);
  return { ...kept, checkpoint: parseCheckpoint(note.text) };
}

/** The tree must extend that of an earlier checkpoint. */
function requireExtended(
  directory: string,
  { earlierRoot, treeSize }: JournalTree,
  before: { readonly checkpoint: ReturnType<typeof parseCheckpoint> },
  start: JournalStart | undefined,
): void {
  const { checkpoint } = before;
  if (start === undefined || checkpoint.treeSize >= BigInt(start.tree.treeSize))
    requirePart(earlierRoot, before, treeSize);
  else if (!isBefore(directory, start, checkpoint)) throw notPart(checkpoint);
}

function requirePart(
  root: Uint8Array | undefined,
  { checkpoint }: { readonly checkpoint: ReturnType<typeof parseCheckpoint> },
  treeSize: number,
): void {
  if (root === undefined) throw tooShort(treeSize, checkpoint.treeSize);
  if (!equalBytes(root, checkpoint.root)) throw notPart(checkpoint);
}

function notPart({ treeSize }: ReturnType<typeof parseCheckpoint>): CalybrisError {
  return rejected(`of ${treeSize} entries, which was signed before, is not part of this journal`);
}

function shorterThanHead(treeSize: number, until: number): CalybrisError {
  return rejected(`is not signed: the journal has ${treeSize} entries, and its head says ${until}`);
}

async function signed(
  { treeSize, root }: { readonly treeSize: number; readonly root: Uint8Array },
  { key, signer }: LogSigner,
): Promise<string> {
  const text = formatCheckpoint({ origin: key.name, treeSize: BigInt(treeSize), root });
  return formatNote({ text, signatures: [await signNote(text, key.name, signer)] });
}

function wholeNumber(value: string): number {
  if (!/^[1-9][0-9]{0,14}$/.test(value)) throw new InvalidArgumentError("It is not a number from 1.");
  return Number(value);
}

function uncovered(needed: number | bigint, treeSize?: bigint): CalybrisError {
  return new CalybrisError("CAL_PROOF_UNCOVERED", { needed, treeSize });
}

function rejected(problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_REJECTED", { format: "checkpoint", problem });
}
