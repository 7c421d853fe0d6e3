/**
 * The key of prompt digests: a file beside the journal, created at the first start. Digests in the journal are comparable as
 * long as the key is kept. Without it, nobody can test whether a prompt matches a digest.
 * @module
 */
import { randomBytes } from "node:crypto";
import { link, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { CalybrisError } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";
import { DIGEST_KEY_BYTES } from "./prompt-digest.ts";

export const DIGEST_KEY_FILE = "digest-key";

/**
 * Loads the key, or creates it. It is durable once this resolves; of two concurrent creations, one wins.
 *
 * @throws CalybrisError `CAL_CONFIG_INVALID` for a file of a different length, or if it cannot be read or written.
 */
export async function loadDigestKey(directory: string): Promise<Uint8Array> {
  const file = join(directory, DIGEST_KEY_FILE);
  try {
    return (await readKey(file)) ?? (await makeKey(directory, file));
  } catch (cause) {
    if (cause instanceof CalybrisError) throw cause;
    throw invalid(file, cause instanceof Error ? cause.message : String(cause));
  }
}

async function readKey(file: string): Promise<Uint8Array | undefined> {
  try {
    const key = await readFile(file);
    if (key.byteLength !== DIGEST_KEY_BYTES) throw invalid(file, `has ${key.byteLength} bytes`);
    return new Uint8Array(key);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes a temporary file and links it into place, so that readers never see a partial key, and the first link wins. */
async function makeKey(directory: string, file: string): Promise<Uint8Array> {
  const written = `${file}.${randomBytes(8).toString("hex")}`;
  try {
    const handle = await open(written, "wx", 0o600);
    try {
      await handle.writeFile(randomBytes(DIGEST_KEY_BYTES));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(written, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(written, { force: true });
  }
  const folder = await open(directory, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  const key = await readKey(file);
  if (key === undefined) throw invalid(file, "was removed while it was made");
  return key;
}

function invalid(file: string, problem: string): CalybrisError {
  const remedy = "Restore it from a backup; without it, equal prompts are not recognised across the loss.";
  return new GatewayError("CAL_CONFIG_INVALID", { mistakes: [{ path: file, problem, remedy }] });
}
