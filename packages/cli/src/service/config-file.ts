/**
 * Finds the configuration file: the given one, or the one in the current directory. All commands use the same rule, so that
 * `serve` and `show` use the same journal.
 * @module
 */
import { existsSync } from "node:fs";
import { CONFIG_VARIABLE } from "@calybris/gateway";
import { Option } from "commander";

/** The file that `calybris init --config` writes. */
export const CONFIG_FILE = "calybris.config.jsonc";

/** In search order. */
const CONFIG_FILES: readonly string[] = [
  CONFIG_FILE,
  "calybris.config.json",
  "calybris.config.yaml",
  "calybris.config.yml",
  "calybris.json",
];

/** `--config`, the same for all commands that read the service's configuration. */
export function configOption(): Option {
  const fallback = `default: ${CONFIG_VARIABLE}, or ${CONFIG_FILE} in this directory`;
  return new Option("--config <file>", `configuration of the service, JSON or YAML (${fallback})`);
}

/** The file in `--config`, in the environment, or in the current directory. */
export function configFileOf(named: string | undefined): string | undefined {
  return named ?? process.env[CONFIG_VARIABLE] ?? CONFIG_FILES.find((file) => existsSync(file));
}
