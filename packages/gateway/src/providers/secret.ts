/**
 * A provider's key. It can be sent but not printed: JSON, templates, `console.log` and errors show a placeholder.
 * @module
 */
import { readFileSync } from "node:fs";
import { GatewayError } from "../gateway-errors.ts";

const SHOWN = "[secret]";

/**
 * @example
 * ```ts
 * const key = new Secret("sk-1");
 * `${key} ${JSON.stringify({ key })}`; // '[secret] {"key":"[secret]"}'
 * key.reveal(); // "sk-1"
 * ```
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }
}

/** Location of a key: an environment variable, or a file, as containers mount secrets. Never in the configuration. */
export type KeySource = { readonly keyEnv: string } | { readonly keyFile: string };

/**
 * @param path - the option's path, for the error.
 * @throws GatewayError `CAL_CONFIG_INVALID` for an unset variable, an unreadable file, or a key that is not valid in a
 *   header. The error has the name, and no part of the key.
 */
export function readKey(source: KeySource, path: string, env: { readonly [name: string]: string | undefined }): Secret {
  const text = "keyEnv" in source ? env[source.keyEnv] : fileText(source.keyFile);
  const name = "keyEnv" in source ? `the variable ${source.keyEnv}` : `the file ${source.keyFile}`;
  const key = (text ?? "").trim();
  // A line break would add another header.
  if (/^[\x21-\x7e]{1,4096}$/.test(key)) return new Secret(key);
  const problem = key === "" ? `${name} holds no key` : `${name} holds characters that no header can carry`;
  const remedy = "Set it to the provider's key, as one line of visible ASCII.";
  throw new GatewayError("CAL_CONFIG_INVALID", { mistakes: [{ path, problem, remedy }] });
}

function fileText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
