/**
 * Checkpoints and evidence of split views, verified with keys that the reader enters.
 * @module
 */
import {
  CalybrisError,
  openNote,
  parseSplitView,
  parseVerifierKey,
  type SplitView,
  type VerifierKey,
  verifySplitView,
  webCryptoVerifier,
} from "@calybris/kernel";
import { element, section } from "./elements.ts";
import type { NoteGiven } from "./protocol.ts";

const verify = webCryptoVerifier(crypto.subtle);

/** The evidence in a text; `undefined` for any other text. */
export function evidenceIn(text: string): SplitView | undefined {
  return text.includes('"calybris.split-view.v1"') ? parseSplitView(text) : undefined;
}

export function evidenceView(evidence: SplitView): HTMLElement {
  const judged = async (keys: readonly VerifierKey[]): Promise<readonly string[]> => {
    const { origin, first, second } = await verifySplitView(evidence, keys, verify);
    return [`${origin} signed two histories: of ${first.treeSize} and of ${second.treeSize} entries.`];
  };
  return section("Evidence of a split view", form("Verifier key of the log", "Verify the evidence", judged));
}

/** A form that shows which of the reader's keys signed the checkpoints. */
export function signersForm(notes: readonly NoteGiven[]): HTMLElement {
  const judged = (keys: readonly VerifierKey[]): Promise<readonly string[]> =>
    Promise.all(
      notes.map(async ({ file, text }) => {
        const { verified } = await openNote(text, keys, verify);
        return `${file}: signed by ${verified.map(({ key }) => key.name).join(", ")}.`;
      }),
    );
  return form("Verifier keys of the log and of witnesses", "Verify the signatures", judged);
}

function form(
  title: string,
  action: string,
  judged: (keys: readonly VerifierKey[]) => Promise<readonly string[]>,
): HTMLElement {
  const attributes = {
    type: "text",
    name: "keys",
    placeholder: "name+ID+base64",
    autocomplete: "off",
    spellcheck: "false",
  };
  const input = element("input", attributes) as HTMLInputElement;
  const result = element("p", { class: "result", role: "status" });
  const button = element("button", { type: "button" }, action);
  button.addEventListener("click", () => {
    void outcomeOf(input.value, judged).then(({ text, isGood }) => {
      result.textContent = text;
      result.className = isGood ? "result good" : "result bad";
    });
  });
  return element(
    "div",
    {},
    element("p", {}, "Get the keys from a source that you trust, never from what they sign."),
    element("label", {}, title, input),
    button,
    result,
  );
}

async function outcomeOf(
  keys: string,
  judged: (keys: readonly VerifierKey[]) => Promise<readonly string[]>,
): Promise<{ readonly text: string; readonly isGood: boolean }> {
  try {
    const lines = await judged(
      keys
        .split(/\s+/)
        .filter((key) => key !== "")
        .map(parseVerifierKey),
    );
    return { text: lines.join(" "), isGood: true };
  } catch (error) {
    return { text: error instanceof CalybrisError ? error.message : String(error), isGood: false };
  }
}
