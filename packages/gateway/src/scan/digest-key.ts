/**
 * The key of prompts' digests: a file beside the journal, made at the first start. A digest that the journal keeps can be
 * compared as long as the key is kept; a prompt cannot be tested without it.
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
 * The key, made where there is none. It is durable when this resolves, and of two that are made at once one counts.
 *
 * @throws CalybrisError `CAL_CONFIG_INVALID` for a file of another length, and when it cannot be read or written.
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

/** Written beside its place and linked there, so that no reader finds a part of it, and the first to link wins. */
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
