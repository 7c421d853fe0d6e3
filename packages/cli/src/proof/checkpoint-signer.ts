/**
 * The signer of a journal's checkpoints: a key in a file or an environment variable, or an external command, whose key may
 * be in a key management service.
 * @module
 */
import { spawn } from "node:child_process";
import { type LogSigner, nodeVerifyEd25519, pooledSigner } from "@calybris/engine/internal";
import {
  CalybrisError,
  fromBase64,
  parseSignerKey,
  type Signer,
  type VerifierKey,
  verifierKey,
} from "@calybris/kernel";
import { CHECKPOINT_KEY_VARIABLE } from "@calybris/gateway";
import { readSecret } from "../journal/key-file.ts";

/** The variable with the signer key, if no file is given. */
export const SIGNER_VARIABLE: string = CHECKPOINT_KEY_VARIABLE;
const COMMAND_MS = 30_000;
const OUTPUT_LENGTH_MAX = 65_536;

export interface SignerOptions {
  readonly signerFile?: string;
  readonly signerCommand?: string;
  /** Public key of the external command. */
  readonly logKey?: readonly VerifierKey[];
}

/** @throws CalybrisError `CAL_PROOF_MALFORMED` for anything but the key of a log. */
export function logSigner(options: SignerOptions, environment: NodeJS.ProcessEnv): LogSigner {
  const { signerFile, signerCommand, logKey } = options;
  if (signerCommand !== undefined) {
    const [key] = logKey ?? [];
    if (key === undefined || logKey?.length !== 1)
      throw malformed("is missing: --signer-command goes with one --log-key");
    return { key, signer: commandSigner(signerCommand, key) };
  }
  const text = signerFile === undefined ? environment[SIGNER_VARIABLE] : secretText(signerFile);
  if (text === undefined) throw malformed(`is missing: give --signer-file, --signer-command, or ${SIGNER_VARIABLE}`);
  const { name, type, seed, keyId } = parseSignerKey(text.trim());
  if (type !== "ed25519") throw malformed("is that of a witness; a log signs with an Ed25519 key");
  const signer = pooledSigner(seed);
  const key = verifierKey(name, type, signer.publicKey);
  if (key.keyId !== keyId) throw malformed("has an ID that is not of its name, type and public key");
  return { key, signer };
}

/** The command reads the message from standard input and prints the 64-byte signature in base64, which is verified. */
function commandSigner(command: string, { publicKey }: VerifierKey): Signer {
  return {
    publicKey,
    sign: async (message) => {
      const signature = fromBase64((await outputOf(command, message)).trim());
      if (signature === undefined || !(await nodeVerifyEd25519(publicKey, message, signature)))
        throw unsigned("the command printed no signature by the key of --log-key");
      return signature;
    },
  };
}

/** The output of a command. It runs in its own process group, which is killed on a timeout or too much output. */
function outputOf(command: string, input: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: ["pipe", "pipe", "inherit"], detached: true });
    const end = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has already ended.
      }
    };
    const timer = setTimeout(end, COMMAND_MS);
    let output = "";
    child.stdout.setEncoding("latin1").on("data", (text: string) => {
      output += text;
      if (output.length > OUTPUT_LENGTH_MAX) end();
    });
    // A command that does not read its input may still print a signature.
    child.stdin.on("error", () => undefined).end(input);
    child.on("error", reject);
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      if (status === 0) resolve(output);
      else reject(unsigned(`the command ended with ${status ?? signal}`));
    });
  });
}

function secretText(file: string): string {
  return Buffer.from(readSecret(file, (path, problem) => malformed(`in ${path} is refused: ${problem}`))).toString();
}

function malformed(problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_MALFORMED", { format: "signer key", problem });
}

function unsigned(problem: string): CalybrisError {
  return new CalybrisError("CAL_CHECKPOINT_UNSIGNED", { problem });
}
