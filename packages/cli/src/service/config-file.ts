/**
 * Which configuration applies: the one named, or the one in the current directory. Every command that reads the
 * configuration finds the same one, so that `serve` and `show` mean the same journal.
 * @module
 */
import { existsSync } from "node:fs";
import { CONFIG_VARIABLE } from "@calybris/gateway";
import { Option } from "commander";

/** What `calybris init --config` writes. */
export const CONFIG_FILE = "calybris.config.jsonc";

/** Looked for in this order. */
const CONFIG_FILES: readonly string[] = [
  CONFIG_FILE,
  "calybris.config.json",
  "calybris.config.yaml",
  "calybris.config.yml",
  "calybris.json",
];

/** `--config`, the same for every command that reads the service's configuration. */
export function configOption(): Option {
  const fallback = `default: ${CONFIG_VARIABLE}, or ${CONFIG_FILE} in this directory`;
  return new Option("--config <file>", `configuration of the service, JSON or YAML (${fallback})`);
}

/** The file that `--config` names, or the environment, or that is in the current directory. */
export function configFileOf(named: string | undefined): string | undefined {
  return named ?? process.env[CONFIG_VARIABLE] ?? CONFIG_FILES.find((file) => existsSync(file));
}
