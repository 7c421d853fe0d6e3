/**
 * `calybris certificate set`: activates a certificate with an entry that records the actor.
 * @module
 */
import { loadPrior } from "@calybris/engine";
import { readJsonFile } from "@calybris/engine/internal";
import { Command, InvalidArgumentError, Option } from "commander";
import { CERTIFICATE_BOUNDS, type Certificate, readCertificate } from "./certificate-file.ts";
import { byOption, type ClaimOptions, callerOf, withEngine } from "../journal/engine.ts";
import { journalOption } from "../journal/place.ts";
import { configOption } from "../service/config-file.ts";
import { apiKeyFileOption, clientOf, type TargetOptions, urlOption } from "../service/target.ts";
import { jsonText } from "../terminal/json-text.ts";
import { keyFileOption } from "../journal/key-file.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface CertificateSetOptions extends TargetOptions, ClaimOptions {
  readonly regimes?: number;
  readonly alpha?: number;
  readonly delta?: number;
  readonly samples?: number;
  readonly prior?: string;
  readonly json?: true;
}

const HELP = `
The N regimes with the lowest predicted gain may be served below the top tier; the other regimes may not, whatever else was
learned. 0 allows none. A certificate belongs to one prior, which must be active: set it first. When another prior is
activated, the certificate is void, and nothing is served below the top tier until a new one is set. Holdouts use the
floor of their use case only, and a client's own floor always wins.

Examples:
  calybris certify --data later.csv --map map.json --prior prior.json --regimes --alpha 0.04 --delta 0.1 --out certified.json
  calybris certificate set certified.json --journal journal
  calybris certificate set --regimes 5 --alpha 400 --delta 500 --samples 7000 --prior prior.json --journal journal`;

export function certificateCommand(terminal: Terminal): Command {
  return new Command("certificate")
    .description("set the certificate, which allows regimes to be served below the top tier")
    .addCommand(setCommand(terminal));
}

function setCommand(terminal: Terminal): Command {
  const command = new Command("set");
  return command
    .description("activate a certificate, from the next decision on")
    .argument("[file]", "certificate written by `calybris certify --out`; without it, use the options")
    .addOption(numberOption("--regimes <count>", "how many regimes may be served below the top tier", "regimes"))
    .addOption(numberOption("--alpha <bps>", "risk α, in ten-thousandths", "alphaBps"))
    .addOption(numberOption("--delta <bps>", "failure probability δ, in ten-thousandths", "deltaBps"))
    .addOption(numberOption("--samples <count>", "labelled requests that it is based on", "samples"))
    .option("--prior <file>", "prior that it belongs to")
    .addOption(journalOption())
    .addOption(configOption())
    .addOption(urlOption())
    .addOption(apiKeyFileOption())
    .addOption(byOption())
    .addOption(keyFileOption())
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action((file: string | undefined, options: CertificateSetOptions) =>
      setCertificate(file, options, terminal, command),
    );
}

async function setCertificate(
  file: string | undefined,
  options: CertificateSetOptions,
  terminal: Terminal,
  command: Command,
): Promise<void> {
  const caller = callerOf(options);
  const certificate =
    file === undefined ? await certificateOf(options, command) : await certificateIn(file, options, command);
  const client = clientOf(options);
  const { sequence, holdoutBps } =
    client === undefined
      ? await withEngine(options, undefined, async ({ learning, snapshot }) => ({
          sequence: await learning.certify(certificate, caller),
          holdoutBps: snapshot.learning?.holdoutBps ?? 0,
        }))
      : await client.setCertificate({ ...certificate, ...caller });
  if (options.json) {
    terminal.print(jsonText({ sequence, ...certificate, ...caller }));
    return;
  }
  const { regimes, alphaBps, deltaBps, samples, prior } = certificate;
  const risk = `risk at most ${alphaBps} bps with failure probability ${deltaBps} bps, on ${samples} samples`;
  terminal.print(
    `from entry ${sequence} on, ${regimes} of 8 regimes may be served below the top tier: ${risk}${prior === undefined ? "" : ` (prior ${prior})`}`,
  );
  if (holdoutBps > 0)
    terminal.print(`it does not cover holdouts: ${holdoutBps} bps of decisions use the floor of their use case only`);
}

async function certificateOf(options: CertificateSetOptions, command: Command): Promise<Certificate> {
  const { regimes, alpha, delta, samples, prior: file } = options;
  if (regimes === undefined || alpha === undefined || delta === undefined || samples === undefined)
    return command.error("error: name a file, or write all of --regimes, --alpha, --delta and --samples");
  const prior = file === undefined ? {} : { prior: loadPrior((await readJsonFile(file)).value, file).digestHex };
  return { regimes, alphaBps: alpha, deltaBps: delta, samples, ...prior };
}

async function certificateIn(file: string, options: CertificateSetOptions, command: Command): Promise<Certificate> {
  const { regimes, alpha, delta, samples, prior } = options;
  if ([regimes, alpha, delta, samples, prior].some((given) => given !== undefined))
    return command.error("error: --regimes, --alpha, --delta, --samples and --prior cannot be combined with a file");
  return readCertificate(file);
}

function numberOption(flags: string, text: string, key: keyof typeof CERTIFICATE_BOUNDS): Option {
  const [min, max] = CERTIFICATE_BOUNDS[key];
  return new Option(flags, text).argParser((given: string) => {
    const value = Number(given);
    if (/^[0-9]{1,16}$/.test(given) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Write a whole number from ${min} to ${max}.`);
  });
}
