/**
 * The table of all options of the service: place in the configuration file, range, default and purpose. Flags, environment
 * variables, the file's schema, the file that `calybris init` writes and the documentation are generated from it.
 * @module
 */

import {
  CHECKPOINT_ENTRIES,
  CHECKPOINT_SECONDS,
  OPEN_RESERVATIONS_MAX,
  SEGMENT_BYTES_MAX,
  WAITING_MAX,
} from "@calybris/engine/internal";
import { CALL_MODES, type CallList } from "./call-config.ts";

/** The type of an option's value. Text from a flag or an environment variable is parsed accordingly. */
export type OptionKind =
  | { readonly is: "text"; readonly max: number }
  | { readonly is: "whole"; readonly min: number; readonly max: number }
  | { readonly is: "one of"; readonly values: readonly string[] }
  | { readonly is: "texts"; readonly max: number }
  | { readonly is: "keys"; readonly max: number }
  | { readonly is: "list"; readonly of: CallList; readonly max: number };

export interface ServiceOption {
  /** Section and key in the file: `listen.port`. */
  readonly path: string;
  readonly kind: OptionKind;
  /** `undefined`: the option is unset by default. */
  readonly default?: string | number | readonly never[];
  /** Its purpose, as the end of a sentence. */
  readonly what: string;
  /** Its flag, if that is shorter than the path. */
  readonly flag?: string;
}

const MIB = 1024 * 1024;
const PATH: OptionKind = { is: "text", max: 4_096 };

function whole(min: number, max: number): OptionKind {
  return { is: "whole", min, max };
}

export const OPTIONS: readonly ServiceOption[] = Object.freeze([
  {
    path: "listen.host",
    kind: { is: "text", max: 255 },
    default: "127.0.0.1",
    flag: "host",
    what: "address to listen on; any address but loopback requires at least one key",
  },
  {
    path: "listen.port",
    kind: whole(0, 65_535),
    default: 8_787,
    flag: "port",
    what: "port to listen on; 0 picks a free one",
  },
  { path: "tls.certificateFile", kind: PATH, what: "PEM certificate chain; when set, only HTTPS is served" },
  { path: "tls.keyFile", kind: PATH, what: "PEM private key of the certificate" },
  {
    path: "journal.directory",
    kind: PATH,
    default: "calybris-journal",
    flag: "journal",
    what: "directory of the journal; created if it does not exist",
  },
  {
    path: "journal.keyFile",
    kind: PATH,
    what: "secret key of a keyed chain; it cannot change during the life of a journal",
  },
  {
    path: "journal.waitingMax",
    kind: whole(1, 1_000_000),
    default: WAITING_MAX,
    what: "maximum number of entries that wait for the disk; above it, requests are answered with 429",
  },
  {
    path: "journal.segmentBytesMax",
    kind: whole(64 * 1024, 16 * 1024 * MIB),
    default: SEGMENT_BYTES_MAX,
    what: "size in bytes after which a segment is rotated",
  },
  {
    path: "receipts.keyFile",
    kind: PATH,
    what: "key that signs receipts of decisions, created with `calybris checkpoint keygen`; without it, no receipts are issued",
  },
  {
    path: "checkpoint.signerFile",
    kind: PATH,
    what: "key that signs checkpoints of the journal, created with `calybris checkpoint keygen`; or set `CALYBRIS_CHECKPOINT_KEY` to the key",
  },
  {
    path: "checkpoint.signerCommand",
    kind: { is: "text", max: 4_096 },
    what: "command that signs checkpoints: it prints the base64 signature of its standard input; requires checkpoint.logKey",
  },
  {
    path: "checkpoint.logKey",
    kind: { is: "text", max: 2_048 },
    what: "verifier key for the signatures of checkpoint.signerCommand",
  },
  {
    path: "checkpoint.everyEntries",
    kind: whole(1, 1_000_000_000),
    default: CHECKPOINT_ENTRIES,
    what: "number of entries after which a checkpoint is signed",
  },
  {
    path: "checkpoint.everySeconds",
    kind: whole(1, 86_400),
    default: CHECKPOINT_SECONDS,
    what: "time after which a checkpoint is signed if there are new entries",
  },
  {
    path: "checkpoint.trustFile",
    kind: PATH,
    what: "keys and URLs of the witnesses that cosign each checkpoint, and their quorum; docs/keys.md describes the file",
  },
  {
    path: "policy.file",
    kind: PATH,
    flag: "policy",
    what: "first policy of a new journal; activated at a start or reload if the file has changed",
  },
  {
    path: "rollout.signersFile",
    kind: PATH,
    what: "public keys that may sign policy changes; if set, each change needs a signature; docs/rollout.md describes both",
  },
  { path: "budgets.file", kind: PATH, flag: "budgets", what: "limits of tenants, applied at a start or reload" },
  {
    path: "budgets.unknownTenants",
    kind: { is: "one of", values: ["unmetered", "refuse"] },
    default: "unmetered",
    what: "handling of requests that name a tenant without a limit: decided without a reservation, or refused",
  },
  {
    path: "budgets.openReservationsMax",
    kind: whole(1, 100_000_000),
    default: OPEN_RESERVATIONS_MAX,
    what: "maximum number of open reservations of a tenant; above it, requests are answered with 429",
  },
  { path: "keys", kind: { is: "keys", max: 1_000 }, default: [], what: "API keys; `calybris key create` writes one" },
  {
    path: "cors.origins",
    kind: { is: "texts", max: 100 },
    default: [],
    what: "origins whose pages may call the service",
  },
  {
    path: "limits.bodyBytesMax",
    kind: whole(1_024, 64 * MIB),
    default: 2 * MIB,
    what: "maximum size of a request body",
  },
  {
    path: "limits.bodiesBytesMax",
    kind: whole(1_024, 16 * 1024 * MIB),
    default: 64 * MIB,
    what: "maximum bytes of request bodies in flight, over all connections; above it, requests are answered with 429",
  },
  {
    path: "limits.answersBytesMax",
    kind: whole(1_024, 16 * 1024 * MIB),
    default: 64 * MIB,
    what: "maximum bytes of answers that clients have not read yet, over all connections; above it, requests are answered with 429",
  },
  { path: "limits.depthMax", kind: whole(4, 64), default: 16, what: "maximum nesting depth of a request body" },
  { path: "limits.headerBytesMax", kind: whole(1_024, 65_536), default: 8_192, what: "maximum size of a request head" },
  { path: "limits.batchMax", kind: whole(1, 10_000), default: 1_000, what: "maximum number of requests in a batch" },
  {
    path: "limits.candidatesMax",
    kind: whole(1, 65_535),
    default: 1_024,
    what: "maximum number of candidates of a policy that is set over HTTP; does not apply to `policy.file`",
  },
  { path: "limits.connectionsMax", kind: whole(1, 1_000_000), default: 10_000, what: "maximum number of connections" },
  {
    path: "limits.headersMs",
    kind: whole(100, 600_000),
    default: 10_000,
    what: "time limit for the head of a request to arrive",
  },
  {
    path: "limits.requestMs",
    kind: whole(100, 600_000),
    default: 30_000,
    what: "time limit for a whole request to arrive",
  },
  {
    path: "limits.answerMs",
    kind: whole(100, 600_000),
    default: 10_000,
    what: "time limit for a client to read what was sent to it; a slower connection is closed",
  },
  {
    path: "limits.idleMs",
    kind: whole(100, 3_600_000),
    default: 65_000,
    what: "time after which an idle connection is closed",
  },
  {
    path: "limits.drainMs",
    kind: whole(0, 600_000),
    default: 10_000,
    what: "time limit for open requests to finish at a stop",
  },
  {
    path: "limits.perSecond",
    kind: whole(0, 10_000_000),
    default: 0,
    what: "requests per second of a key without a rate of its own; 0 means no limit",
  },
  {
    path: "log.level",
    kind: { is: "one of", values: ["debug", "info", "warn", "error", "silent"] },
    default: "info",
    flag: "log-level",
    what: "minimum level of log lines; `debug` logs every request",
  },
  {
    path: "traces.endpoint",
    kind: { is: "text", max: 2_048 },
    what: "OpenTelemetry collector (OTLP over HTTP) that receives spans; without it, no spans are recorded",
  },
  {
    path: "providers",
    kind: { is: "list", of: "providers", max: 64 },
    default: [],
    what: "model providers: name, api, baseUrl, keyEnv or keyFile, prices",
  },
  {
    path: "deployments",
    kind: { is: "list", of: "deployments", max: 1_024 },
    default: [],
    what: "deployments of the policy's candidates: name, candidate, provider, model, weight; model calls are served if there is at least one",
  },
  {
    path: "models",
    kind: { is: "list", of: "models", max: 1_024 },
    default: [],
    what: "model names that clients may use besides those of candidates: name, candidate or auto, decisions, useCase",
  },
  {
    path: "calls.decisions",
    kind: { is: "one of", values: CALL_MODES },
    default: "observe",
    what: "`observe`: the candidate that the client requested runs, and the decision is only recorded; `enforce`: the decision is carried out",
  },
  {
    path: "calls.refusals",
    kind: { is: "one of", values: ["client", "plain"] },
    default: "client",
    what: "`client`: refusals in the form that stops each client library's retries; `plain`: 402 and 403 for all clients",
  },
  {
    path: "calls.outputTokensMax",
    kind: whole(0, 100_000_000),
    default: 0,
    what: "maximum output tokens of a call, written into the request; 0 keeps the client's limit",
  },
  {
    path: "calls.outputTokensMin",
    kind: whole(1, 100_000_000),
    default: 1_024,
    what: "minimum to which an output limit is lowered when the budget is short; the call is refused if that is not enough",
  },
  {
    path: "calls.unansweredPerMinute",
    kind: whole(1, 1_000),
    default: 10,
    what: "calls with the same prompt that may end without an answer in a minute; further ones are refused where decisions are enforced",
  },
  {
    path: "calls.bodyBytesMax",
    kind: whole(1_024, 64 * MIB),
    default: 32 * MIB,
    what: "maximum size of the body of a model call, decompressed",
  },
  {
    path: "calls.cacheBytesMax",
    kind: whole(0, 4 * 1024 * MIB),
    default: 0,
    what: "maximum size of the cache of answers to identical calls; 0 disables the cache",
  },
  { path: "calls.cacheSeconds", kind: whole(1, 86_400), default: 300, what: "time that a cached answer is kept" },
  {
    path: "calls.attemptsMax",
    kind: whole(1, 10),
    default: 3,
    what: "maximum attempts of a call, over all deployments",
  },
  {
    path: "calls.retryWaitMs",
    kind: whole(1, 60_000),
    default: 250,
    what: "wait before the first retry of a deployment",
  },
  {
    path: "calls.retryWaitMaxMs",
    kind: whole(1, 600_000),
    default: 5_000,
    what: "maximum wait before a retry; a deployment whose provider asks for a longer one is not retried",
  },
  { path: "calls.connectMs", kind: whole(100, 600_000), default: 10_000, what: "time limit to connect to a provider" },
  {
    path: "calls.headMs",
    kind: whole(100, 86_400_000),
    default: 900_000,
    what: "time limit for the head of a provider's answer; if the answer is not streamed, it arrives together with the head",
  },
  {
    path: "calls.firstTokenMs",
    kind: whole(100, 86_400_000),
    default: 600_000,
    what: "time limit from the head of a stream to its first event",
  },
  {
    path: "calls.streamIdleMs",
    kind: whole(100, 86_400_000),
    default: 120_000,
    what: "time limit between two chunks of a stream",
  },
  { path: "calls.totalMs", kind: whole(100, 86_400_000), default: 3_600_000, what: "time limit for a whole call" },
  { path: "traces.shareBps", kind: whole(0, 10_000), default: 10_000, what: "share of requests that are traced" },
] satisfies ServiceOption[]);

/** `limits.bodyBytesMax` as `limits-body-bytes-max`. */
export function flagOf({ path, flag }: ServiceOption): string {
  return flag ?? wordsOf(path).join("-");
}

/** `limits.bodyBytesMax` as `CALYBRIS_LIMITS_BODY_BYTES_MAX`. */
export function variableOf({ path }: ServiceOption): string {
  return `CALYBRIS_${wordsOf(path).join("_").toUpperCase()}`;
}

function wordsOf(path: string): string[] {
  return path
    .replace(/([a-z0-9])([A-Z])/g, "$1.$2")
    .toLowerCase()
    .split(".");
}
