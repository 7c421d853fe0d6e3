/**
 * Reads the configuration from its three sources: the file, environment variables, and flags; later sources win. All
 * mistakes are reported at once, each with its place.
 * @module
 */
import { membersOf, mistakeAt, nearestName, readJson, shapeMistakes } from "@calybris/engine/internal";
import type { Mistake } from "@calybris/kernel";
import { GatewayError } from "../gateway-errors.ts";
import { callMistakes } from "./call-config.ts";
import { type Config, isLoopback, type KeyConfig } from "./config.ts";
import { readConfigFile } from "./config-file.ts";
import { configSchema } from "./config-schema.ts";
import { flagOf, OPTIONS, type ServiceOption, variableOf } from "./options.ts";

export interface ConfigSources {
  readonly file?: string | undefined;
  /** By the flag's name without leading dashes: `listen-port`, or `port` if it has a shorter one. */
  readonly flags?: { readonly [flag: string]: string | undefined };
  readonly environment?: { readonly [name: string]: string | undefined };
}

/** The variable with the path of the configuration file, like `--config`. */
export const CONFIG_VARIABLE = "CALYBRIS_CONFIG";

/**
 * @throws CalybrisError `CAL_CONFIG_INVALID` with every mistake; `CAL_INPUT_UNREADABLE` or `CAL_INPUT_MALFORMED` for
 *   the file.
 */
export async function readConfig(sources: ConfigSources): Promise<Config> {
  const { flags = {}, environment = {} } = sources;
  const file = sources.file ?? environment[CONFIG_VARIABLE];
  const mistakes: Mistake[] = [];
  const document = file === undefined ? undefined : await readConfigFile(file);
  if (document !== undefined) mistakes.push(...shapeMistakes(configSchema, document.value, document.lineOf));
  mistakes.push(...unknownVariables(environment));

  const values = new Map<string, unknown>();
  for (const option of OPTIONS) {
    const given = [
      { place: `--${flagOf(option)}`, text: flags[flagOf(option)] },
      { place: variableOf(option), text: environment[variableOf(option)] },
    ].find(({ text }) => text !== undefined);
    const inFile = option.path
      .split(".")
      .reduce<unknown>((value, key) => membersOf(value)[key], document?.value as unknown);
    if (given?.text === undefined) values.set(option.path, inFile ?? option.default);
    else {
      const reading = readText(option, given.text, given.place);
      mistakes.push(...reading.mistakes);
      values.set(option.path, reading.value);
    }
  }
  if (mistakes.length === 0) mistakes.push(...contradictions(values));
  if (mistakes.length > 0)
    throw new GatewayError("CAL_CONFIG_INVALID", {
      mistakes: mistakes.map(withoutKeys),
      ...(file === undefined ? {} : { file }),
    });
  return assemble(values);
}

/** Parses the text of a flag or a variable as a value of the file, and validates it with the same schema. */
function readText(
  option: ServiceOption,
  text: string,
  place: string,
): { readonly value: unknown; readonly mistakes: readonly Mistake[] } {
  const value = parsedText(option, text);
  const wrapped = option.path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  const mistakes = shapeMistakes(configSchema, wrapped).map((mistake) => ({
    ...mistake,
    path: mistake.path.replace(option.path, place),
  }));
  return { value, mistakes };
}

function parsedText({ path, kind }: ServiceOption, text: string): unknown {
  switch (kind.is) {
    case "text":
    case "one of":
      return text;
    case "whole":
      return /^[0-9]{1,15}$/.test(text) ? Number(text) : text;
    case "texts":
      return text === "" ? [] : text.split(",").map((part) => part.trim());
    case "keys":
    case "list":
      try {
        return readJson(text, path).value;
      } catch {
        return text;
      }
  }
}

const PREFIX = "CALYBRIS_";

/** Read by the command line: the key for calls to a service. */
export const API_KEY_VARIABLE = "CALYBRIS_KEY";

/** The variable with the signer key of checkpoints, if no file is configured. */
export const CHECKPOINT_KEY_VARIABLE = "CALYBRIS_CHECKPOINT_KEY";

/** Variables with a name close to a known one are typos; others may belong to other programs. */
function unknownVariables(environment: { readonly [name: string]: string | undefined }): Mistake[] {
  const known = [CONFIG_VARIABLE, API_KEY_VARIABLE, CHECKPOINT_KEY_VARIABLE, ...OPTIONS.map(variableOf)].map((name) =>
    name.slice(PREFIX.length),
  );
  return Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name.slice(PREFIX.length)))
    .map((name) => ({ name, nearest: nearestName(name.slice(PREFIX.length), known) }))
    .filter(({ nearest }) => nearest !== undefined)
    .map(({ name, nearest }) => ({
      path: name,
      problem: "is an unknown variable",
      remedy: `Did you mean ${PREFIX}${nearest}?`,
    }));
}

/** Redacts API keys, which may have been written in place of their digest or elsewhere. */
function withoutKeys(mistake: Mistake): Mistake {
  const hidden = (text: string): string => text.replace(/cal_[A-Za-z0-9_-]+/g, "cal_…");
  const problem = /sha256$/.test(mistake.path)
    ? mistake.problem.replace(/^is .*/s, "is not a digest")
    : mistake.problem;
  return { ...mistake, path: hidden(mistake.path), problem: hidden(problem), remedy: hidden(mistake.remedy) };
}

/** Mistakes that involve more than one option. */
function contradictions(values: ReadonlyMap<string, unknown>): Mistake[] {
  const mistakes: Mistake[] = [];
  const keys = values.get("keys") as readonly KeyConfig[];
  const host = values.get("listen.host") as string;
  if (!isLoopback(host) && keys.length === 0)
    mistakes.push(
      mistakeAt(
        ["listen", "host"],
        `is ${host}, and there are no keys`,
        "Others can reach that address: configure a key (`calybris key create`), or listen on 127.0.0.1.",
      ),
    );
  mistakes.push(...keyMistakes(keys), ...callMistakes(listsOf(values)));
  if ((values.get("tls.certificateFile") === undefined) !== (values.get("tls.keyFile") === undefined))
    mistakes.push(
      mistakeAt(["tls"], "has one of certificateFile and keyFile", "Give both for HTTPS, or neither for HTTP."),
    );
  for (const [position, origin] of (values.get("cors.origins") as readonly string[]).entries()) {
    if (originOf(origin) === origin) continue;
    const remedy = "Write an origin like `https://console.example`: scheme, host, port if it is not the usual one.";
    mistakes.push(mistakeAt(["cors", "origins", position], `is ${JSON.stringify(origin)}`, remedy));
  }
  mistakes.push(...checkpointMistakes(values));
  const endpoint = values.get("traces.endpoint");
  if (typeof endpoint === "string" && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ""))
    mistakes.push(mistakeAt(["traces", "endpoint"], `is ${JSON.stringify(endpoint)}`, "Write an http or https URL."));
  if (Number(values.get("limits.batchMax")) > Number(values.get("journal.waitingMax")))
    mistakes.push(
      mistakeAt(
        ["limits", "batchMax"],
        "is more than journal.waitingMax",
        "A batch waits for the disk as a whole: raise journal.waitingMax, or lower this.",
      ),
    );
  if (Number(values.get("limits.bodyBytesMax")) > Number(values.get("limits.bodiesBytesMax")))
    mistakes.push(
      mistakeAt(
        ["limits", "bodyBytesMax"],
        "is more than limits.bodiesBytesMax",
        "One body must fit what all bodies together may hold: raise limits.bodiesBytesMax, or lower this.",
      ),
    );
  return mistakes;
}

function checkpointMistakes(values: ReadonlyMap<string, unknown>): Mistake[] {
  const [file, command, key] = ["signerFile", "signerCommand", "logKey"].map((name) =>
    values.get(`checkpoint.${name}`),
  );
  if (file !== undefined && command !== undefined)
    return [mistakeAt(["checkpoint"], "has both signerFile and signerCommand", "Give one of them.")];
  if ((command === undefined) === (key === undefined)) return [];
  const problem = "has one of signerCommand and logKey";
  return [mistakeAt(["checkpoint"], problem, "Give both, so that what the command answers can be verified.")];
}

function listsOf(values: ReadonlyMap<string, unknown>): Parameters<typeof callMistakes>[0] {
  const list = (path: string): never => (values.get(path) ?? []) as never;
  return { providers: list("providers"), deployments: list("deployments"), models: list("models") };
}

function keyMistakes(keys: readonly KeyConfig[]): Mistake[] {
  const mistakes: Mistake[] = [];
  for (const property of ["name", "sha256"] as const) {
    for (const [position, key] of keys.entries()) {
      if (keys.findIndex((other) => other[property] === key[property]) === position) continue;
      mistakes.push(mistakeAt(["keys", position, property], "repeats that of another key", "Give each key its own."));
    }
  }
  for (const [position, { scopes, tenants }] of keys.entries()) {
    if (tenants === undefined || scopes.every((scope) => scope === "decide")) continue;
    const problem = "cannot be combined with a scope that covers every tenant";
    const remedy = "A key that is bound to tenants may only decide; create another key for the other scopes.";
    mistakes.push(mistakeAt(["keys", position, "tenants"], problem, remedy));
  }
  return mistakes;
}

function originOf(text: string): string | undefined {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) ? url.origin : undefined;
}

/** Builds the configuration; the schema has validated every value. */
function assemble(values: ReadonlyMap<string, unknown>): Config {
  const config: { [section: string]: unknown } = { tls: {}, receipts: {}, policy: {}, rollout: {}, budgets: {} };
  for (const [path, value] of values) {
    if (value === undefined) continue;
    const [section = "", key] = path.split(".");
    if (key === undefined) config[section] = value;
    else config[section] = { ...membersOf(config[section]), [key]: value };
  }
  return config as unknown as Config;
}
