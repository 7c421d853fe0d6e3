/**
 * A file of a public data set, held to the checksum it was published with: figures are only comparable on the same bytes.
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";

/** Where data sets are, if anywhere: `CALYBRIS_DATA`, or `shared/data` beside the repository. */
export function dataDirectory(root: string): string | undefined {
  const given = process.env["CALYBRIS_DATA"];
  if (given !== undefined && given !== "") return resolve(given);
  const beside = join(root, "..", "shared", "data");
  return existsSync(beside) ? beside : undefined;
}

/** Text of a gzip file; throws when its bytes are not the published ones. */
export async function readChecked(file: string, sha256: string): Promise<string> {
  const bytes = await readFile(file);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== sha256) throw new Error(`${file} has SHA-256 ${found}, expected ${sha256}`);
  return gunzipSync(bytes).toString("utf8");
}
