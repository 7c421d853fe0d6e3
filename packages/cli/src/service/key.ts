/**
 * `calybris key`: API keys. Without `--url`, `create` makes a key for the configuration file, which holds its digest. With
 * `--url`, keys are created, listed, rotated and revoked on the running service, and only its journal holds them.
 * @module
 */
import type { CalybrisClient, CreatedKey, Key, KeyRequest } from "@calybris/client";
import { createKey, SCOPES, type Scope } from "@calybris/gateway";
import { Command, InvalidArgumentError, Option } from "commander";
import { jsonText } from "../terminal/json-text.ts";
import { tableText } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";
import { timeText } from "../terminal/time-text.ts";
import { apiKeyFileOption, clientOf, type TargetOptions, urlOption } from "./target.ts";

interface KeyOptions extends Pick<TargetOptions, "url" | "apiKeyFile"> {
  readonly name: string;
  readonly scope: readonly Scope[];
  readonly tenant?: readonly string[];
  readonly perSecond?: number;
  readonly expires?: number;
  readonly allow?: readonly string[];
  readonly useCase?: string;
  readonly json?: true;
}

export function keyCommand(terminal: Terminal): Command {
  const create: Command = withUrl(new Command("create"))
    .description("create an API key; it is printed once")
    .requiredOption("--name <name>", "name of the key")
    .addOption(new Option("--scope <scope...>", "permissions of the key").choices(SCOPES).makeOptionMandatory())
    .option("--tenant <name...>", "tenants it may act for (default: all)")
    .option("--per-second <number>", "rate limit in requests per second", perSecond)
    .option("--expires <days>", "days until the key expires; with --url", days)
    .option("--allow <model...>", "models its calls may request, as `claude-*`; with --url")
    .option("--use-case <name>", "use case of calls that name none; with --url")
    .option("--json", "print JSON")
    .action(async (options: KeyOptions) => {
      const client = clientOf(options);
      if (client !== undefined) return terminal.print(await createdText(client, options));
      const needsUrl = Object.entries({ expires: options.expires, allow: options.allow, "use-case": options.useCase });
      const given = needsUrl.find(([, value]) => value !== undefined);
      if (given !== undefined)
        create.error(`error: option '--${given[0]}' needs --url: the configuration has no such key`);
      terminal.print(keyText(options));
    });
  return new Command("key")
    .alias("keys")
    .description("create, list, rotate and revoke API keys of the service")
    .addCommand(create)
    .addCommand(listCommand(terminal))
    .addCommand(rotateCommand(terminal))
    .addCommand(revokeCommand(terminal));
}

function withUrl(command: Command): Command {
  return command.addOption(urlOption()).addOption(apiKeyFileOption());
}

function listCommand(terminal: Terminal): Command {
  return withUrl(new Command("list"))
    .description("list the keys that were created on a running service")
    .option("--json", "print JSON")
    .action(async (options: TargetOptions & { readonly json?: true }, self: Command) => {
      const { keys } = await required(options, self).keys();
      if (options.json === true) return terminal.print(jsonText(keys));
      terminal.print(
        keys.length === 0 ? "no keys were created; those of the configuration are not listed" : listText(keys),
      );
    });
}

function rotateCommand(terminal: Terminal): Command {
  return withUrl(new Command("rotate"))
    .description("replace the secret of a created key; the old one is refused at once")
    .argument("<id>", "number of the key, as `calybris key list` shows it", keyId)
    .option("--json", "print JSON")
    .action(async (id: number, options: TargetOptions & { readonly json?: true }, self: Command) => {
      const rotated = await required(options, self).rotateKey(id);
      terminal.print(options.json === true ? jsonText(rotated) : secretText(rotated));
    });
}

function revokeCommand(terminal: Terminal): Command {
  return withUrl(new Command("revoke"))
    .description("revoke a created key; it is refused at once")
    .argument("<id>", "number of the key, as `calybris key list` shows it", keyId)
    .action(async (id: number, options: TargetOptions, self: Command) => {
      await required(options, self).revokeKey(id);
      terminal.print(`revoked key ${id}`);
    });
}

function required(options: TargetOptions, command: Command): CalybrisClient {
  const client = clientOf(options);
  if (client === undefined) command.error("error: required option '--url <url>' not specified");
  return client;
}

const DAY_US = 86_400_000_000;

async function createdText(
  client: CalybrisClient,
  { name, scope: scopes, tenant, perSecond: rate, expires, allow, useCase, json }: KeyOptions,
): Promise<string> {
  const asked: KeyRequest = {
    name,
    scopes: [...scopes],
    ...(tenant === undefined ? {} : { tenants: [...tenant] }),
    ...(rate === undefined ? {} : { perSecond: rate }),
    ...(expires === undefined ? {} : { expiresAt: Date.now() * 1_000 + expires * DAY_US }),
    ...(allow === undefined ? {} : { allowed: [...allow] }),
    ...(useCase === undefined ? {} : { useCase }),
  };
  const created = await client.createKey(asked);
  return json === true ? jsonText(created) : secretText(created);
}

function secretText({ id, name, key }: CreatedKey): string {
  return printable(`key      ${key}`).concat(
    `\n\nKey ${id}, ${printable(JSON.stringify(name))}, works from now on. It is not stored anywhere: save it now.`,
  );
}

function listText(keys: readonly Key[]): string {
  const columns = [">id", "<name", "<scopes", "<tenants", "<models", "<expires"];
  const rows = keys.map(({ id, name, scopes, tenants, allowed, expiresAt, expired }) => [
    String(id),
    printable(name),
    scopes.join(", "),
    printable(tenants?.join(", ") ?? "all"),
    printable(allowed?.join(", ") ?? "all"),
    expiresAt === undefined ? "never" : `${timeText(expiresAt)}${expired ? " (expired)" : ""}`,
  ]);
  return tableText(columns, rows);
}

function keyText({ name, scope: scopes, tenant, perSecond: rate, json }: KeyOptions): string {
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

function days(text: string): number {
  if (!/^[1-9][0-9]{0,4}$/.test(text)) throw new InvalidArgumentError("Write a whole number of days from 1 to 99999.");
  return Number(text);
}

function keyId(text: string): number {
  if (!/^[1-9][0-9]{0,15}$/.test(text)) throw new InvalidArgumentError("Write the number of a key.");
  return Number(text);
}
