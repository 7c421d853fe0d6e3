/**
 * `calybris checkpoint keygen` and `calybris witness keygen`: create a key pair for the checkpoints of a log or for a
 * witness.
 * @module
 */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { nodeSigner } from "@calybris/engine/internal";
import {
  CalybrisError,
  formatSignerKey,
  formatVerifierKey,
  isKeyName,
  type NoteKeyType,
  verifierKey,
} from "@calybris/kernel";
import { Command, InvalidArgumentError } from "commander";
import { jsonText } from "../terminal/json-text.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface Options {
  readonly name: string;
  readonly out: string;
  readonly json?: true;
}

const SEED_BYTES = 32;

const WORDS: Readonly<Record<NoteKeyType, { readonly does: string; readonly name: string }>> = {
  ed25519: {
    does: "make a key pair that signs checkpoints of a log, or receipts",
    name: "origin of the log, such as example.org/log",
  },
  cosignature: {
    does: "make a key pair that cosigns as a witness",
    name: "name of the witness, such as witness.example",
  },
};

export function makeKeyCommand(type: NoteKeyType, terminal: Terminal): Command {
  return new Command("keygen")
    .description(WORDS[type].does)
    .requiredOption("--name <name>", WORDS[type].name, keyName)
    .requiredOption("--out <file>", "where the signer key is written; a file that exists is not replaced")
    .option("--json", "print JSON")
    .addHelpText("after", "\nKeep the file secret. Publish the verifier key that is printed, apart from the journal.")
    .action(({ name, out, json }: Options) => {
      const seed = randomBytes(SEED_BYTES);
      const key = verifierKey(name, type, nodeSigner(seed).publicKey);
      try {
        const text = formatSignerKey({ name, type, keyId: key.keyId, seed });
        writeFileSync(out, `${text}\n`, { mode: 0o600, flag: "wx" });
      } catch (cause) {
        throw new CalybrisError("CAL_INPUT_UNREADABLE", { file: out, problem: (cause as Error).message }, { cause });
      }
      const verifier = formatVerifierKey(key);
      terminal.print(json ? jsonText({ verifierKey: verifier, file: out }) : verifier);
    });
}

function keyName(text: string): string {
  if (!isKeyName(text)) throw new InvalidArgumentError("Write a name without spaces and plus signs.");
  return text;
}
