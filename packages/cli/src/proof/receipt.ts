/**
 * `calybris receipt verify`: verifies that a trusted key signed a receipt, and that its entry is in the log.
 * @module
 */
import { nodeSha256, nodeVerifyEd25519 } from "@calybris/engine/internal";
import {
  openCheckpoint,
  parseCompactReceipt,
  parseReceiptJson,
  type Receipt,
  type ReceiptFindings,
  type TrustedSigner,
  toHex,
  type VerifierKey,
  verifyReceipt,
} from "@calybris/kernel";
import { Command } from "commander";
import { jsonText } from "../terminal/json-text.ts";
import { count } from "../terminal/number-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { orRejection, proofText, whenText } from "./proof-file.ts";
import { issueCommand } from "./receipt-issue.ts";
import { readTrustFile } from "./trust-file.ts";
import { addKey, addSigner } from "./trusted-keys.ts";

interface Options {
  readonly signer: readonly TrustedSigner[];
  readonly logKey: readonly VerifierKey[];
  readonly trust?: string;
  readonly json?: true;
}

const HELP = `
Get the keys from a source that you trust, not from the receipt.
Exit code: 0 verified; 1 rejected; 2 a file or key is malformed; 3 no known key signed the checkpoint of its inclusion.`;

export function receiptCommand(terminal: Terminal): Command {
  return new Command("receipt")
    .description("issue and verify receipts of decisions")
    .addCommand(issueCommand(terminal))
    .addCommand(verifyCommand(terminal));
}

function verifyCommand(terminal: Terminal): Command {
  return new Command("verify")
    .description("verify the signature of a receipt, and that its entry is in the log")
    .argument("<file>", "the receipt, as JSON or in its compact form")
    .option("--signer <key>", "a trusted signer: its verifier key, or ID=KEY in base64; may be repeated", addSigner, [])
    .option("--log-key <key>", "verifier key of a log or of a witness; may be repeated", addKey, [])
    .option(
      "--trust <file>",
      "keys of signers, logs and witnesses with their dates, and the quorum, instead of the above",
    )
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action(async (file: string, options: Options, command: Command) => {
      if ((options.trust === undefined) === (options.signer.length === 0))
        command.error("error: give either option '--signer' or option '--trust'");
      const receipt = readReceipt(proofText(file));
      const given = options.trust === undefined ? undefined : readTrustFile(options.trust);
      const signers = given?.signers ?? options.signer;
      const logKeys = given?.logs.map(({ key }) => key) ?? options.logKey;
      const trust = { signers, logKeys, verify: nodeVerifyEd25519, hash: nodeSha256 };
      const findings = await orRejection(verifyReceipt(receipt, trust), terminal, options.json === true);
      if (findings === undefined) return;
      if (given !== undefined && receipt.inclusion !== undefined && findings.inclusion === "proven") {
        const opened = openCheckpoint(receipt.inclusion.checkpoint, given, nodeVerifyEd25519);
        if ((await orRejection(opened, terminal, options.json === true)) === undefined) return;
      }
      terminal.print(options.json ? jsonText(findingsJson(receipt, findings)) : findingsText(receipt, findings));
      if (findings.inclusion === "unknown_log") terminal.exitCode = 3;
    });
}

function readReceipt(text: string): Receipt {
  return text.startsWith("calyrcp1.") ? parseCompactReceipt(text.trimEnd()) : parseReceiptJson(text);
}

function findingsJson({ claims, signature }: Receipt, { signer, inclusion, checkpoint }: ReceiptFindings): object {
  return {
    status: "verified",
    signer: signer.id,
    signedAtMs: signature.signedAtMs,
    policyDigest: toHex(claims.policyDigest),
    requestDigest: toHex(claims.requestDigest),
    decisionDigest: toHex(claims.decisionDigest),
    sequence: claims.log?.sequence,
    inclusion,
    origin: checkpoint?.origin,
    treeSize: checkpoint?.treeSize,
  };
}

function findingsText({ claims, signature }: Receipt, { signer, inclusion, checkpoint }: ReceiptFindings): string {
  const entry = claims.log === undefined ? "none" : count(claims.log.sequence);
  const included =
    checkpoint === undefined
      ? `not established: ${inclusion === "none" ? "the receipt has no inclusion" : "no known key signed its checkpoint"}`
      : `in ${checkpoint.origin}, of ${count(checkpoint.treeSize)} entries`;
  return [
    `verified: signed by ${signer.id} at ${whenText(signature.signedAtMs, 1_000n)}, by its own clock`,
    `  policy    ${toHex(claims.policyDigest)}`,
    `  request   ${toHex(claims.requestDigest)}`,
    `  decision  ${toHex(claims.decisionDigest)}`,
    `  entry     ${entry}`,
    `  inclusion ${included}`,
  ]
    .map(printable)
    .join("\n");
}
