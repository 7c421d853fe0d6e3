/**
 * A provider's key. It can be sent and never printed: not by JSON, a template, `console.log` or an error that holds it.
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

/** Where a key is: in a variable of the environment, or in a file, as containers mount secrets. Never in a configuration. */
export type KeySource = { readonly keyEnv: string } | { readonly keyFile: string };

/**
 * @param path - of the option, for the error.
 * @throws GatewayError `CAL_CONFIG_INVALID` for a variable that is not set, a file that cannot be read, and a key that no header
 *   can carry. The error has the name, and nothing of the key.
 */
export function readKey(source: KeySource, path: string, env: { readonly [name: string]: string | undefined }): Secret {
  const text = "keyEnv" in source ? env[source.keyEnv] : fileText(source.keyFile);
  const name = "keyEnv" in source ? `the variable ${source.keyEnv}` : `the file ${source.keyFile}`;
  const key = (text ?? "").trim();
  // A line break would add a header of its own.
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
