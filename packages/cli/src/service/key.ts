/**
 * `calybris key create`: makes an API key for the service. The key is printed once; the configuration holds its digest.
 * @module
 */
import { createKey, SCOPES, type Scope } from "@calybris/gateway";
import { Command, InvalidArgumentError, Option } from "commander";
import { jsonText } from "../terminal/json-text.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface KeyOptions {
  readonly name: string;
  readonly scope?: readonly Scope[];
  readonly plane?: readonly Scope[];
  readonly tenant?: readonly string[];
  readonly perSecond?: number;
  readonly json?: true;
}

export function keyCommand(terminal: Terminal): Command {
  const create: Command = new Command("create")
    .description("create an API key; it is printed once")
    .requiredOption("--name <name>", "name of the key")
    .addOption(new Option("--scope <scope...>", "permissions of the key").choices(SCOPES))
    .addOption(new Option("--plane <scope...>", "former name of --scope").choices(SCOPES))
    .option("--tenant <name...>", "tenants it may act for (default: all)")
    .option("--per-second <number>", "rate limit in requests per second", perSecond)
    .option("--json", "print JSON")
    .action((options: KeyOptions) => {
      const scopes = options.scope ?? options.plane;
      if (scopes === undefined) create.error("error: required option '--scope <scope...>' not specified");
      else terminal.print(keyText(options, scopes));
    });
  return new Command("key").description("create API keys for the service").addCommand(create);
}

function keyText({ name, tenant, perSecond: rate, json }: KeyOptions, scopes: readonly Scope[]): string {
  const { key, sha256 } = createKey();
  const entry = {
    name,
    scopes,
    sha256,
    ...(rate === undefined ? {} : { perSecond: rate }),
    ...(tenant === undefined ? {} : { tenants: tenant }),
  };
  if (json === true) return jsonText({ key, entry });
  return `key      ${key}\n\nThe key is not stored anywhere: save it now. Add to "keys" in the service's configuration:\n\n${JSON.stringify(entry)}`;
}

function perSecond(text: string): number {
  if (!/^[1-9][0-9]{0,6}$/.test(text)) throw new InvalidArgumentError("Write a whole number from 1 to 9999999.");
  return Number(text);
}
