/**
 * The demo's input: Markdown documents that every installation has, because npm put them there.
 * @module
 */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { countTokens } from "gpt-tokenizer";

export interface MarkdownDocument {
  /** Below `node_modules`. */
  readonly path: string;
  /** The first 96 bits of SHA-256, in base64url: it is the request's id, so it should be short. */
  readonly digest: string;
  readonly tokenCount: number;
}

export interface Documents {
  readonly documents: readonly MarkdownDocument[];
  readonly duplicates: number;
  readonly tooLarge: number;
}

const DOCUMENT_MAX_BYTES = 1024 * 1024;
const DIGEST_CHARACTERS = 16;

/** Finds them without following a link, and leaves out what was read already under another name. */
export async function readDocuments(directory: string): Promise<Documents> {
  const documents: MarkdownDocument[] = [];
  const seen = new Set<string>();
  let duplicates = 0;
  let tooLarge = 0;
  for (const file of await markdownFiles(directory)) {
    if ((await stat(file)).size > DOCUMENT_MAX_BYTES) {
      tooLarge += 1;
      continue;
    }
    const bytes = await readFile(file);
    const digest = createHash("sha256").update(bytes).digest("base64url").slice(0, DIGEST_CHARACTERS);
    if (seen.has(digest)) {
      duplicates += 1;
      continue;
    }
    seen.add(digest);
    const tokenCount = countTokens(bytes.toString("utf8"), { disallowedSpecial: new Set() });
    documents.push({ path: relative(directory, file).replaceAll("\\", "/"), digest, tokenCount });
  }
  return { documents, duplicates, tooLarge };
}

async function markdownFiles(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.md$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
