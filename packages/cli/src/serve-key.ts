/**
 * `calybris key create`: makes an API key for the service. It is printed once; what is configured is its digest.
 * @module
 */
import { createKey, PLANES, type Plane } from "@calybris/gateway";
import { Command, InvalidArgumentError, Option } from "commander";
import { jsonText } from "./json-text.ts";
import type { Terminal } from "./terminal.ts";

interface KeyOptions {
  readonly name: string;
  readonly plane: readonly Plane[];
  readonly tenant?: readonly string[];
  readonly perSecond?: number;
  readonly json?: true;
}

export function keyCommand(terminal: Terminal): Command {
  const create = new Command("create")
    .description("make an API key; it is printed once")
    .requiredOption("--name <name>", "what people call it")
    .addOption(new Option("--plane <plane...>", "what it may do").choices(PLANES).makeOptionMandatory())
    .option("--tenant <name...>", "the tenants it may act for; all of them unless named")
    .option("--per-second <number>", "requests a second", perSecond)
    .option("--json", "print JSON")
    .action((options: KeyOptions) => terminal.print(keyText(options)));
  return new Command("key").description("API keys of the service").addCommand(create);
}

function keyText({ name, plane, tenant, perSecond: rate, json }: KeyOptions): string {
  const { key, sha256 } = createKey();
  const entry = {
    name,
    planes: plane,
    sha256,
    ...(rate === undefined ? {} : { perSecond: rate }),
    ...(tenant === undefined ? {} : { tenants: tenant }),
  };
  if (json === true) return jsonText({ key, entry });
  return `key      ${key}\n\nIt is not kept anywhere: store it now. In the service's configuration, under "keys":\n\n${JSON.stringify(entry)}`;
}

function perSecond(text: string): number {
  if (!/^[1-9][0-9]{0,6}$/.test(text)) throw new InvalidArgumentError("Write a whole number from 1 to 9999999.");
  return Number(text);
}
