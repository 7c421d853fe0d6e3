/**
 * `calybris serve`: the decision service.
 * @module
 */
import {
  builtInCatalogPath,
  type LogSigner,
  loadCatalog,
  loadPolicy,
  parsePolicyFile,
  type WitnessSettings,
} from "@calybris/engine";
import { readJson, readJsonFile } from "@calybris/engine/internal";
import {
  type Config,
  createLog,
  flagOf,
  GatewayError,
  OPTIONS,
  type ReceiptSigner,
  readConfig,
  Service,
  shippedPrices,
  type ServiceOption,
  type StartReport,
  variableOf,
} from "@calybris/gateway";
import { CalybrisError, parseVerifierKey, type PolicySnapshot } from "@calybris/kernel";
import { Command, Option } from "commander";
import { startingPolicyText } from "../init/init.ts";
import { readKey, requireKeyOfJournal } from "../journal/key-file.ts";
import { logSigner, SIGNER_VARIABLE } from "../proof/checkpoint-signer.ts";
import { readTrustFile } from "../proof/trust-file.ts";
import { configFileOf, configOption } from "./config-file.ts";
import { fundDefault, type Mock, mockText, MOCK_JOURNAL, shownModels, startMock } from "./mock.ts";
import { boundYoungGeneration } from "./young-generation.ts";
import { errorText } from "../terminal/error-text.ts";
import { count, counted } from "../terminal/number-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printable } from "../terminal/terminal-text.ts";

const ACCEPT_LOSS =
  "open a journal of which acknowledged entries are gone, with those before them; what is cut is kept aside";

const MOCK = "call models at a built-in provider that needs no key and bills nothing";

/** Idle days after which a start warns: the clock may have run ahead. */
const DAYS_WARNED = 7;

/** The catalog of the starting policy. */
const STARTING_CATALOG = "llm";

export function serveCommand(terminal: Terminal): Command {
  const command = new Command("serve")
    .description("serve decisions over HTTP, each durable before its answer")
    .addOption(configOption())
    .addOption(new Option("--accept-loss", ACCEPT_LOSS))
    .addOption(new Option("--mock", MOCK));
  for (const option of configOptions()) command.addOption(option);
  return command
    .addHelpText(
      "after",
      "\nA flag wins over its environment variable, and that over the configuration file.\nWithout a policy, a new journal begins with the one that `calybris init` writes.",
    )
    .action((options: ServeOptions, self: Command) =>
      serve(configFileOf(options.config), flagsOf(self), options, terminal),
    );
}

interface ServeOptions {
  readonly config?: string;
  readonly acceptLoss?: true;
  readonly mock?: true;
}

/** All options of the service as flags. */
export function configOptions(): readonly Option[] {
  return OPTIONS.map((option) => new Option(`--${flagOf(option)} <${placeholderOf(option)}>`, describe(option)));
}

/** The options given on the command line, by flag. */
export function flagsOf(command: Command): { readonly [flag: string]: string | undefined } {
  const options = command.opts<{ readonly [name: string]: string | undefined }>();
  return Object.fromEntries(OPTIONS.map((option) => [flagOf(option), options[camelCase(flagOf(option))]]));
}

async function serve(
  file: string | undefined,
  given: { readonly [flag: string]: string | undefined },
  { acceptLoss = false, mock: isMocked = false }: { readonly acceptLoss?: boolean; readonly mock?: boolean },
  terminal: Terminal,
): Promise<void> {
  const mock = isMocked ? await mockOf(file, given) : undefined;
  const flags = { ...given, ...mock?.flags };
  const read = (): Promise<Config> => readConfig({ file, flags, environment: process.env });
  let service: Service | undefined;
  let isReloadDue = false;
  const reload = (): void => {
    isReloadDue = service === undefined;
    service?.reload().catch((error: unknown) => terminal.complain(reloadFailure(error)));
  };
  // Registered first, because a hangup must not end a starting service.
  terminal.onHangup(reload);
  const config = await read();
  const journalKey = readKey(config.journal.keyFile);
  requireKeyOfJournal(config.journal.directory, config.journal.keyFile, journalKey);
  const receipts = receiptSigner(config.receipts.keyFile);
  const log = createLog(config.log.level);
  const checkpointSigner = checkpointSignerOf(config);
  service = await Service.start({
    config,
    log,
    journalKey,
    checkpointSigner,
    witnesses: witnessesOf(config, checkpointSigner),
    receipts,
    acceptLoss,
    startingPolicy,
    readConfig: read,
  });
  boundYoungGeneration();
  if (mock !== undefined) await fundDefault(service.engine);
  terminal.complain(reportText(service.report, config));
  if (mock !== undefined)
    terminal.complain(mockText(service.report.url, shownModels(service.engine.snapshot.candidateNames)));
  if (isReloadDue) reload();
  await new Promise<void>((resolve) => {
    terminal.onInterrupt(resolve);
  });
  await service.stop();
  await mock?.provider.close();
}

/** The signer in the configuration or the environment; `undefined` if there is none. */
function checkpointSignerOf({ checkpoint }: Config): LogSigner | undefined {
  const { signerFile, signerCommand, logKey } = checkpoint;
  if (signerFile === undefined && signerCommand === undefined && process.env[SIGNER_VARIABLE] === undefined)
    return undefined;
  const options = {
    ...(signerFile !== undefined && { signerFile }),
    ...(signerCommand !== undefined && { signerCommand }),
    ...(logKey !== undefined && { logKey: [parseVerifierKey(logKey)] }),
  };
  return logSigner(options, process.env);
}

/** The witnesses in `checkpoint.trustFile`; `undefined` if it is not set. */
function witnessesOf({ checkpoint }: Config, signer: LogSigner | undefined): WitnessSettings | undefined {
  if (checkpoint.trustFile === undefined) return undefined;
  if (signer === undefined)
    throw new GatewayError("CAL_CONFIG_INVALID", {
      mistakes: [
        {
          path: "checkpoint.trustFile",
          problem: "names witnesses, and no key signs checkpoints",
          remedy: `Set checkpoint.signerFile, checkpoint.signerCommand or \`${SIGNER_VARIABLE}\`.`,
        },
      ],
    });
  const { witnesses, quorum } = readTrustFile(checkpoint.trustFile);
  return { list: witnesses, quorum };
}

function receiptSigner(file: string | undefined): ReceiptSigner | undefined {
  if (file === undefined) return undefined;
  const { key, signer } = logSigner({ signerFile: file }, {});
  return { signerId: key.name, signer };
}

/** Starts a mock with all candidates of the service's first policy. */
async function mockOf(file: string | undefined, given: { readonly [flag: string]: string | undefined }): Promise<Mock> {
  const config = await readConfig({ file, flags: given, environment: process.env });
  const isJournalGiven = config.journal.directory !== DEFAULT_JOURNAL;
  const policy = await (config.policy.file === undefined ? startingPolicy() : loadPolicy(config.policy.file));
  const mock = await startMock(policy, await shippedPrices());
  return isJournalGiven ? mock : { ...mock, flags: { ...mock.flags, journal: MOCK_JOURNAL } };
}

const DEFAULT_JOURNAL = OPTIONS.find(({ path }) => path === "journal.directory")?.default;

/** The policy that `calybris init` would write. */
async function startingPolicy(): Promise<PolicySnapshot> {
  const text = startingPolicyText(await loadCatalog(STARTING_CATALOG), { catalog: STARTING_CATALOG, out: "policy" });
  const catalog = await readJsonFile(builtInCatalogPath(STARTING_CATALOG));
  return parsePolicyFile(readJson(text, "the starting policy").value, catalog.value);
}

/** The start-up report as text. */
export function reportText(report: StartReport, config: Config): string {
  const { url, directory, head, setAside, loss, policy, tenantsChanged, keyCount } = report;
  const rows = [
    `calybris listens on ${url} (ready after ${report.milliseconds} ms)`,
    `journal  ${directory}: ${entriesText(report)}, head ${head.sequence} ${head.hash}`,
  ];
  for (const { file, problem } of report.snapshotsRefused) rows.push(`         ${file} was not used: ${problem}`);
  if (report.segmentsAbsent.length > 0)
    rows.push(`         archives that cannot be reached: ${report.segmentsAbsent.join(", ")}`);
  if (loss !== undefined) rows.push(`         LOSS ACCEPTED: ${loss}`);
  if (setAside !== undefined) {
    const what =
      loss === undefined
        ? "were a torn tail, never answered; they are"
        : "are not part of the journal any more; they are";
    rows.push(`         ${setAside.bytes} bytes from entry ${setAside.fromSequence} on ${what} in ${setAside.file}`);
  }
  rows.push(`policy   ${policy.id} ${JSON.stringify(policy.name)} ${policy.snapshotDigest}`);
  if (report.policyActivated) rows.push(`         activated: ${config.policy.file} has changed`);
  if (report.policyOutlivesFile)
    rows.push(`         activated after ${config.policy.file}, which has not changed since`);
  if (report.policyAwaits !== undefined)
    rows.push(
      `         NOT ACTIVATED: ${config.policy.file} has changed and needs a signature: ${report.policyAwaits}`,
    );
  if (config.budgets.file !== undefined)
    rows.push(`budgets  ${config.budgets.file}: ${tenantsChanged} tenants have new limits`);
  rows.push(keyCount > 0 ? `keys     ${keyCount}` : "keys     none: every local process may do everything");
  if (report.idleSeconds > DAYS_WARNED * 86_400)
    rows.push(
      `clock    the last entry is ${Math.floor(report.idleSeconds / 86_400)} days old: make sure that the clock is right`,
    );
  rows.push(`docs     ${url}/docs`);
  if (keyCount === 0)
    rows.push(`try      curl -s ${url}/v1/decisions -H 'content-type: application/json' -d '{"inputTokens":1200}'`);
  return rows.map(printable).join("\n");
}

function entriesText({ entries, fromSequence }: StartReport): string {
  if (entries === 0) return "a new journal begins";
  if (fromSequence === 0) return `${counted(entries, "entry", "entries")} verified`;
  return `${count(entries)} entries, those after ${count(fromSequence)} verified, the others by their snapshot`;
}

function reloadFailure(error: unknown): string {
  return `nothing was reloaded\n${error instanceof CalybrisError ? errorText(error) : String(error)}`;
}

function describe(option: ServiceOption): string {
  const fallback = option.default === undefined ? "" : `; default ${JSON.stringify(option.default)}`;
  return `${option.what} (${variableOf(option)}${fallback})`;
}

function placeholderOf({ kind }: ServiceOption): string {
  switch (kind.is) {
    case "whole":
      return "number";
    case "one of":
      return kind.values.join("|");
    case "texts":
      return "a,b,…";
    case "keys":
    case "list":
      return "json";
    case "text":
      return "text";
  }
}

function camelCase(flag: string): string {
  return flag.replace(/-([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}
