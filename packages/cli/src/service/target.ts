/**
 * The target of a command: the running service at `--url`, or a journal.
 * @module
 */
import { CalybrisClient } from "@calybris/client";
import { API_KEY_VARIABLE } from "@calybris/gateway";
import type { CalybrisError } from "@calybris/kernel";
import { InvalidArgumentError, Option } from "commander";
import { readSecret } from "../journal/key-file.ts";
import type { JournalOptions } from "../journal/place.ts";
import { CliError } from "../cli-errors.ts";

/** The options for a service or a journal. */
export interface TargetOptions extends JournalOptions {
  readonly url?: string;
  readonly apiKeyFile?: string;
}

/** `--url`, the same for all commands that can work on a running service. */
export function urlOption(): Option {
  const text = `work on the running service at this URL; its key is ${API_KEY_VARIABLE} or --api-key-file`;
  return new Option("--url <url>", text).conflicts(["journal", "config"]).argParser(parseUrl);
}

export function apiKeyFileOption(): Option {
  return new Option("--api-key-file <file>", "file with the API key for --url, readable by its owner only");
}

/**
 * A client of the service at `--url`; `undefined` without `--url`.
 *
 * @throws CalybrisError `CAL_SERVICE_KEY` for a file without a valid key.
 */
export function clientOf({ url, apiKeyFile }: TargetOptions): CalybrisClient | undefined {
  if (url === undefined) return undefined;
  return new CalybrisClient({ url, key: apiKeyOf(apiKeyFile), fetch: reached });
}

function apiKeyOf(file: string | undefined): string | undefined {
  if (file === undefined) return process.env[API_KEY_VARIABLE];
  const key = Buffer.from(readSecret(file, refused)).toString("utf8").trim();
  // Other characters could inject another header.
  if (!/^[\x21-\x7e]+$/.test(key)) throw refused(file, "it is not one line of printable characters");
  return key;
}

function refused(file: string, problem: string): CalybrisError {
  return new CliError("CAL_SERVICE_KEY", { file, problem });
}

/** `fetch` with errors that name the service. */
async function reached(...request: Parameters<typeof fetch>): Promise<Response> {
  try {
    return await fetch(...request);
  } catch (cause) {
    const { message, cause: inner } = cause as Error;
    const problem = inner instanceof Error ? inner.message || String((inner as NodeJS.ErrnoException).code) : message;
    throw new CliError("CAL_SERVICE_UNREACHABLE", { url: originOf(request[0]), problem }, { cause });
  }
}

function originOf(target: Parameters<typeof fetch>[0]): string {
  return new URL(target instanceof Request ? target.url : target).origin;
}

/** An http or https URL without credentials, query and fragment. */
export function parseUrl(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.search === "" && url.hash === "")
    return text;
  throw new InvalidArgumentError("Write an http or https URL, such as http://127.0.0.1:8787.");
}
