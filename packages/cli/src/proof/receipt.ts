/**
 * `calybris receipt verify`: whether a receipt was signed by a trusted key, and whether its entry is in the log.
 * @module
 */
import { nodeSha256, nodeVerifyEd25519 } from "@calybris/engine/internal";
import {
  fromBase64,
  PUBLIC_KEY_BYTES,
  parseCompactReceipt,
  parseReceiptJson,
  parseVerifierKey,
  type Receipt,
  type ReceiptFindings,
  type TrustedSigner,
  toHex,
  type VerifierKey,
  verifyReceipt,
} from "@calybris/kernel";
import { Command, InvalidArgumentError } from "commander";
import { jsonText } from "../terminal/json-text.ts";
import { count } from "../terminal/number-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { orRejection, proofText, whenText } from "./proof-file.ts";
import { issueCommand } from "./receipt-issue.ts";

interface Options {
  readonly signer: readonly TrustedSigner[];
  readonly logKey: readonly VerifierKey[];
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
    .requiredOption(
      "--signer <key>",
      "a trusted signer: its verifier key, or ID=KEY in base64; may be repeated",
      addSigner,
    )
    .option("--log-key <key>", "verifier key of a log or of a witness; may be repeated", addKey, [])
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action(async (file: string, options: Options) => {
      const receipt = readReceipt(proofText(file));
      const trust = { signers: options.signer, logKeys: options.logKey, verify: nodeVerifyEd25519, hash: nodeSha256 };
      const findings = await orRejection(verifyReceipt(receipt, trust), terminal, options.json === true);
      if (findings === undefined) return;
      terminal.print(options.json ? jsonText(findingsJson(receipt, findings)) : findingsText(receipt, findings));
      if (findings.inclusion === "unknown_log") terminal.exitCode = 3;
    });
}

function readReceipt(text: string): Receipt {
  return text.startsWith("calyrcp1.") ? parseCompactReceipt(text.trimEnd()) : parseReceiptJson(text);
}

/** A verifier key names its signer; ID=KEY is the form for a key that was received as bytes. */
function addSigner(value: string, before: readonly TrustedSigner[] = []): TrustedSigner[] {
  if (/^[^+=]+\+[0-9a-f]{8}\+/.test(value)) {
    const { name, publicKey } = parseVerifierKey(value);
    return [...before, { id: name, publicKey }];
  }
  const at = value.indexOf("=");
  const publicKey = fromBase64(value.slice(at + 1));
  if (at < 1 || publicKey?.byteLength !== PUBLIC_KEY_BYTES)
    throw new InvalidArgumentError(`It is not ID=KEY with a key of ${PUBLIC_KEY_BYTES} bytes in base64.`);
  return [...before, { id: value.slice(0, at), publicKey }];
}

/** Adds one verifier key to those before. @throws CalybrisError `CAL_PROOF_MALFORMED`. */
export function addKey(value: string, before: readonly VerifierKey[] = []): VerifierKey[] {
  return [...before, parseVerifierKey(value)];
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
