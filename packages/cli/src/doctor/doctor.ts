/**
 * `calybris doctor`: checks whether the service would run well on this machine, with remedies.
 * @module
 */
import { type Config, readConfig } from "@calybris/gateway";
import { CalybrisError, describeMistake, type Mistake } from "@calybris/kernel";
import { Command } from "commander";
import { checkDisk, checkSyncs } from "./disk.ts";
import { checkFiles } from "./files.ts";
import type { Finding } from "./finding.ts";
import { checkClock, checkDescriptors, checkNode, checkPort, checkTls } from "./system.ts";
import { jsonText } from "../terminal/json-text.ts";
import { configFileOf, configOption } from "../service/config-file.ts";
import { configOptions, flagsOf } from "../service/serve.ts";
import { verdictText } from "../terminal/status-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";

export function doctorCommand(terminal: Terminal): Command {
  const command = new Command("doctor")
    .description("check disk, syncs, clock, ports and permissions for the service, and say what to fix")
    .addOption(configOption());
  for (const option of configOptions()) command.addOption(option);
  return command
    .option("--json", "print JSON")
    .addHelpText("after", "\nExit code: 0 no problem found, 1 a problem found.")
    .action(async (options: { readonly config?: string; readonly json?: true }, self: Command) => {
      const findings = await examine({ file: configFileOf(options.config), flags: flagsOf(self) });
      terminal.print(options.json === true ? jsonText({ findings }) : findingsText(findings));
      terminal.exitCode = findings.some(({ verdict }) => verdict === "bad") ? 1 : 0;
    });
}

/** All findings, in the order of the checks; a check that fails to run is a finding too. */
export async function examine(sources: {
  readonly file: string | undefined;
  readonly flags: { readonly [flag: string]: string | undefined };
}): Promise<readonly Finding[]> {
  let config: Config;
  try {
    config = await readConfig({ ...sources, environment: process.env });
  } catch (error) {
    if (!(error instanceof CalybrisError)) throw error;
    return configurationFindings(error);
  }
  return [
    {
      check: "configuration",
      verdict: "ok",
      found: `${config.keys.length} keys, ${config.listen.host} port ${config.listen.port}`,
    },
    checkNode(),
    ...(await checkFiles(config)),
    ...(await checkDisk(config)),
    checkSyncs(config),
    await checkClock(config),
    await checkPort(config),
    checkDescriptors(config),
    ...checkTls(config),
  ];
}

function configurationFindings({ message, remedy, details }: CalybrisError): readonly Finding[] {
  const mistakes = "mistakes" in details ? (details.mistakes as readonly Mistake[]) : [];
  const check = "configuration";
  if (mistakes.length === 0) return [{ check, verdict: "bad", found: message, remedy }];
  return mistakes.map((mistake) => ({
    check,
    verdict: "bad",
    found: describeMistake(mistake),
    remedy: mistake.remedy,
  }));
}

const MARKS: Readonly<Record<Finding["verdict"], () => string>> = Object.freeze({
  ok: () => "ok  ",
  warn: () => verdictText("WARN", "open"),
  bad: () => `${verdictText("BAD", "bad")} `,
});

function findingsText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings
    .flatMap(({ check, verdict, found, remedy }) => [
      `${MARKS[verdict]()}  ${check.padEnd(width)}  ${printable(found)}`,
      ...(remedy === undefined || verdict === "ok" ? [] : [`      ${" ".repeat(width)}  ${printable(remedy)}`]),
    ])
    .join("\n");
}
