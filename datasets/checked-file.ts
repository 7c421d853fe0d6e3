/**
 * Reads a file of a public data set and verifies its published checksum: figures are only comparable on the same bytes.
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";

/** The folder of the data sets, if there is one: `CALYBRIS_DATA`, or `shared/data` beside the repository. */
export function dataDirectory(root: string): string | undefined {
  const given = process.env["CALYBRIS_DATA"];
  if (given !== undefined && given !== "") return resolve(given);
  const beside = join(root, "..", "shared", "data");
  return existsSync(beside) ? beside : undefined;
}

/** The text of a gzip file. Throws if its bytes do not match the published checksum. */
export async function readChecked(file: string, sha256: string): Promise<string> {
  const bytes = await readFile(file);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== sha256) throw new Error(`${file} has SHA-256 ${found}, expected ${sha256}`);
  return gunzipSync(bytes).toString("utf8");
}
