/**
 * A receipt on its own: its signer and claims, verified with keys that the reader enters.
 * @module
 */
import {
  CalybrisError,
  fromBase64,
  parseCompactReceipt,
  parseReceiptJson,
  parseVerifierKey,
  PUBLIC_KEY_BYTES,
  type Receipt,
  toHex,
  verifyReceipt,
  webCryptoVerifier,
} from "@calybris/kernel";
import { element, section, table } from "./elements.ts";

/** The receipt in a text; `undefined` for any other text. */
export function receiptIn(text: string): Receipt | undefined {
  const trimmed = text.trim();
  const isCompact = trimmed.startsWith("calyrcp1.");
  if (!isCompact && !(trimmed.startsWith("{") && trimmed.includes('"claims"'))) return undefined;
  return isCompact ? parseCompactReceipt(trimmed) : parseReceiptJson(text);
}

export function receiptView(receipt: Receipt): HTMLElement {
  const { claims, signature, inclusion } = receipt;
  const signer = field("Public key of the signer, in base64", "signer");
  const log = field("Verifier key of the log, for the inclusion", "log");
  const result = element("p", { class: "result", role: "status" });
  const button = element("button", { type: "button" }, "Verify the signature");
  button.addEventListener("click", () => {
    void judged(receipt, signer.value, log.value).then(({ text, isGood }) => {
      result.textContent = text;
      result.className = isGood ? "result good" : "result bad";
    });
  });
  return section(
    "Receipt",
    table(
      ["claim", ""],
      [
        ["policy", code(toHex(claims.policyDigest))],
        ["request", code(toHex(claims.requestDigest))],
        ["decision", code(toHex(claims.decisionDigest))],
        ["entry", claims.log === undefined ? "none" : `${claims.log.sequence}`],
        ["signer", signature.signerId],
        ["signed at, by the signer's clock", new Date(Number(signature.signedAtMs)).toISOString()],
        ["inclusion", inclusion === undefined ? "none" : "in a checkpoint"],
      ],
    ),
    element("p", {}, "Get the keys from a source that you trust, never from the receipt."),
    element("label", {}, "Public key of the signer", signer),
    element("label", {}, "Verifier key of the log (optional)", log),
    button,
    result,
  );
}

function field(title: string, name: string): HTMLInputElement {
  const input = element("input", { type: "text", name, placeholder: title, autocomplete: "off", spellcheck: "false" });
  return input as HTMLInputElement;
}

function code(text: string): HTMLElement {
  return element("code", {}, text);
}

async function judged(
  receipt: Receipt,
  signer: string,
  log: string,
): Promise<{ readonly text: string; readonly isGood: boolean }> {
  const publicKey = fromBase64(signer.trim());
  if (publicKey?.byteLength !== PUBLIC_KEY_BYTES)
    return { text: `The key of the signer must be ${PUBLIC_KEY_BYTES} bytes in base64.`, isGood: false };
  try {
    const found = await verifyReceipt(receipt, {
      signers: [{ id: receipt.signature.signerId, publicKey }],
      logKeys: log.trim() === "" ? [] : [parseVerifierKey(log.trim())],
      verify: webCryptoVerifier(crypto.subtle),
    });
    const included = {
      proven: `Its entry is in ${found.checkpoint?.origin}.`,
      none: "It names no checkpoint, so it does not show that its entry is in the log.",
      unknown_log: "Its checkpoint is of a log whose key you did not give.",
    }[found.inclusion];
    return { text: `Verified: ${receipt.signature.signerId} signed this. ${included}`, isGood: true };
  } catch (error) {
    return { text: error instanceof CalybrisError ? error.message : String(error), isGood: false };
  }
}
