/**
 * Who signs the checkpoints of a journal: a key in a file or in an environment variable, or an external command, behind which
 * the key may be in a key management service.
 * @module
 */
import { spawnSync } from "node:child_process";
import { nodeSigner, nodeVerifyEd25519 } from "@calybris/engine/internal";
import {
  CalybrisError,
  fromBase64,
  parseSignerKey,
  type Signer,
  type VerifierKey,
  verifierKey,
} from "@calybris/kernel";
import { readSecret } from "../journal/key-file.ts";

/** Holds a signer key where no file does. */
export const SIGNER_VARIABLE = "CALYBRIS_CHECKPOINT_KEY";
const COMMAND_MS = 30_000;

export interface SignerOptions {
  readonly signerFile?: string;
  readonly signerCommand?: string;
  /** Of the key behind the command. */
  readonly logKey?: readonly VerifierKey[];
}

export interface LogSigner {
  readonly key: VerifierKey;
  readonly signer: Signer;
}

/** @throws CalybrisError `CAL_PROOF_MALFORMED` for what is no key of a log. */
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
  const signer = nodeSigner(seed);
  const key = verifierKey(name, type, signer.publicKey);
  if (key.keyId !== keyId) throw malformed("has an ID that is not of its name, type and public key");
  return { key, signer };
}

/** The command is given what it signs, and prints the signature of 64 bytes in base64. What it prints is verified. */
function commandSigner(command: string, { publicKey }: VerifierKey): Signer {
  return {
    publicKey,
    sign: async (message) => {
      const options = { shell: true, input: message, timeout: COMMAND_MS } as const;
      const { status, stdout, error } = spawnSync(command, { ...options, stdio: ["pipe", "pipe", "inherit"] });
      if (error !== undefined || status !== 0)
        throw rejected(`was not signed: the command ended with ${error?.message ?? status ?? "a signal"}`);
      const signature = fromBase64(String(stdout).trim());
      if (signature === undefined || !(await nodeVerifyEd25519(publicKey, message, signature)))
        throw rejected("was not signed: the command printed no signature by the key of --log-key");
      return signature;
    },
  };
}

function secretText(file: string): string {
  return Buffer.from(readSecret(file, (path, problem) => malformed(`in ${path} is refused: ${problem}`))).toString();
}

function malformed(problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_MALFORMED", { format: "signer key", problem });
}

function rejected(problem: string): CalybrisError {
  return new CalybrisError("CAL_PROOF_REJECTED", { format: "checkpoint", problem });
}
