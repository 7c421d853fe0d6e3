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
    what: "the address to listen on; anything but loopback requires at least one key",
  },
  { path: "listen.port", kind: whole(0, 65_535), default: 8_787, flag: "port", what: "0 picks a free port" },
  { path: "tls.certificateFile", kind: PATH, what: "PEM certificate chain; when set, only HTTPS is served" },
  { path: "tls.keyFile", kind: PATH, what: "PEM private key of the certificate" },
  {
    path: "journal.directory",
    kind: PATH,
    default: "calybris-journal",
    flag: "journal",
    what: "where the journal is; created when it does not exist",
  },
  {
    path: "journal.keyFile",
    kind: PATH,
    what: "secret key of a keyed chain; the same for the whole life of a journal",
  },
  {
    path: "journal.waitingMax",
    kind: whole(1, 1_000_000),
    default: WAITING_MAX,
    what: "most entries that may wait for the disk; beyond it requests are answered 429",
  },
  {
    path: "journal.segmentBytesMax",
    kind: whole(64 * 1024, 16 * 1024 * MIB),
    default: SEGMENT_BYTES_MAX,
    what: "a segment is rotated after this many bytes",
  },
  {
    path: "receipts.keyFile",
    kind: PATH,
    what: "key that signs receipts of decisions, as `calybris checkpoint keygen` makes it; without it none are issued",
  },
  {
    path: "checkpoint.signerFile",
    kind: PATH,
    what: "key that signs checkpoints of the journal, as `calybris checkpoint keygen` makes it; or set `CALYBRIS_CHECKPOINT_KEY` to the key",
  },
  {
    path: "checkpoint.signerCommand",
    kind: { is: "text", max: 4_096 },
    what: "command that signs checkpoints: it prints the base64 signature of its standard input; goes with checkpoint.logKey",
  },
  {
    path: "checkpoint.logKey",
    kind: { is: "text", max: 2_048 },
    what: "verifier key of the key behind checkpoint.signerCommand",
  },
  {
    path: "checkpoint.everyEntries",
    kind: whole(1, 1_000_000_000),
    default: CHECKPOINT_ENTRIES,
    what: "a checkpoint is signed after this many entries",
  },
  {
    path: "checkpoint.everySeconds",
    kind: whole(1, 86_400),
    default: CHECKPOINT_SECONDS,
    what: "a checkpoint is signed after this many seconds if there are new entries",
  },
  {
    path: "checkpoint.trustFile",
    kind: PATH,
    what: "keys and URLs of witnesses that are asked to sign each checkpoint, and their quorum; docs/keys.md describes the file",
  },
  {
    path: "policy.file",
    kind: PATH,
    flag: "policy",
    what: "the policy that begins a new journal; activated at a start or reload when the file has changed",
  },
  {
    path: "rollout.signersFile",
    kind: PATH,
    what: "public keys of those who may sign changes of policy; with it each change needs a signature; docs/rollout.md describes both",
  },
  { path: "budgets.file", kind: PATH, flag: "budgets", what: "limits of tenants, applied at a start or reload" },
  {
    path: "budgets.unknownTenants",
    kind: { is: "one of", values: ["unmetered", "refuse"] },
    default: "unmetered",
    what: "requests that name a tenant without a limit: decide them without a reservation, or refuse them",
  },
  {
    path: "budgets.openReservationsMax",
    kind: whole(1, 100_000_000),
    default: OPEN_RESERVATIONS_MAX,
    what: "most reservations that a tenant may have open; beyond it requests are answered 429",
  },
  { path: "keys", kind: { is: "keys", max: 1_000 }, default: [], what: "API keys; `calybris key create` writes one" },
  {
    path: "cors.origins",
    kind: { is: "texts", max: 100 },
    default: [],
    what: "origins whose pages may call the service; none by default",
  },
  {
    path: "limits.bodyBytesMax",
    kind: whole(1_024, 64 * MIB),
    default: 2 * MIB,
    what: "longest body of a request",
  },
  {
    path: "limits.bodiesBytesMax",
    kind: whole(1_024, 16 * 1024 * MIB),
    default: 64 * MIB,
    what: "most bytes of request bodies in flight, over all connections; beyond it requests are answered 429",
  },
  {
    path: "limits.answersBytesMax",
    kind: whole(1_024, 16 * 1024 * MIB),
    default: 64 * MIB,
    what: "most bytes of answers that clients have yet to take, over all connections; beyond it requests are answered 429",
  },
  { path: "limits.depthMax", kind: whole(4, 64), default: 16, what: "deepest nesting of a body" },
  { path: "limits.headerBytesMax", kind: whole(1_024, 65_536), default: 8_192, what: "longest head of a request" },
  { path: "limits.batchMax", kind: whole(1, 10_000), default: 1_000, what: "most requests in one batch" },
  {
    path: "limits.candidatesMax",
    kind: whole(1, 65_535),
    default: 1_024,
    what: "most candidates of a policy that is set over HTTP; `policy.file` is not bound by it",
  },
  { path: "limits.connectionsMax", kind: whole(1, 1_000_000), default: 10_000, what: "maximum number of connections" },
  { path: "limits.headersMs", kind: whole(100, 600_000), default: 10_000, what: "time for the head of a request" },
  {
    path: "limits.requestMs",
    kind: whole(100, 600_000),
    default: 30_000,
    what: "time for a whole request to arrive",
  },
  {
    path: "limits.answerMs",
    kind: whole(100, 600_000),
    default: 10_000,
    what: "time for a client to take what was sent to it; a slower connection is closed",
  },
  {
    path: "limits.idleMs",
    kind: whole(100, 3_600_000),
    default: 65_000,
    what: "how long an idle connection is kept",
  },
  { path: "limits.drainMs", kind: whole(0, 600_000), default: 10_000, what: "time for open requests when stopping" },
  {
    path: "limits.perSecond",
    kind: whole(0, 10_000_000),
    default: 0,
    what: "requests per second of a key without its own rate; 0 means no limit",
  },
  {
    path: "log.level",
    kind: { is: "one of", values: ["debug", "info", "warn", "error", "silent"] },
    default: "info",
    flag: "log-level",
    what: "`debug` has a line for every request",
  },
  {
    path: "traces.endpoint",
    kind: { is: "text", max: 2_048 },
    what: "OpenTelemetry collector (OTLP over HTTP) that spans are sent to; without it no spans are made",
  },
  {
    path: "providers",
    kind: { is: "list", of: "providers", max: 64 },
    default: [],
    what: "providers of models: name, api, baseUrl, keyEnv or keyFile, prices",
  },
  {
    path: "deployments",
    kind: { is: "list", of: "deployments", max: 1_024 },
    default: [],
    what: "where candidates of the policy are called: name, candidate, provider, model, weight; model calls are served when there is one",
  },
  {
    path: "models",
    kind: { is: "list", of: "models", max: 1_024 },
    default: [],
    what: "names that clients may ask for beside those of candidates: name, candidate or auto, decisions, useCase",
  },
  {
    path: "calls.decisions",
    kind: { is: "one of", values: CALL_MODES },
    default: "observe",
    what: "`observe`: the candidate that a client asks for runs, and the decision is recorded; `enforce`: the decision is carried out",
  },
  {
    path: "calls.refusals",
    kind: { is: "one of", values: ["client", "plain"] },
    default: "client",
    what: "`client`: refusals in the words that end each client's retries; `plain`: 402 and 403 for everybody",
  },
  {
    path: "calls.outputTokensMax",
    kind: whole(0, 100_000_000),
    default: 0,
    what: "most output tokens of a call, written into the request; 0 leaves a client's limit as it is",
  },
  {
    path: "calls.outputTokensMin",
    kind: whole(1, 100_000_000),
    default: 1_024,
    what: "down to which an output limit is lowered before a call is refused for want of money",
  },
  {
    path: "calls.unansweredPerMinute",
    kind: whole(1, 1_000),
    default: 10,
    what: "calls of one prompt that may end without an answer in a minute; further ones are refused where decisions are enforced",
  },
  {
    path: "calls.bodyBytesMax",
    kind: whole(1_024, 64 * MIB),
    default: 32 * MIB,
    what: "longest body of a model call, decompressed",
  },
  {
    path: "calls.cacheBytesMax",
    kind: whole(0, 4 * 1024 * MIB),
    default: 0,
    what: "bytes of answers that are kept for calls that are equal; 0 sends every call",
  },
  { path: "calls.cacheSeconds", kind: whole(1, 86_400), default: 300, what: "how long such an answer is kept" },
  { path: "calls.attemptsMax", kind: whole(1, 10), default: 3, what: "sends of a call, over all deployments" },
  { path: "calls.retryWaitMs", kind: whole(1, 60_000), default: 250, what: "wait before a deployment is called again" },
  {
    path: "calls.retryWaitMaxMs",
    kind: whole(1, 600_000),
    default: 5_000,
    what: "longest such wait; a provider that asks for more is not waited for",
  },
  { path: "calls.connectMs", kind: whole(100, 600_000), default: 10_000, what: "time to connect to a provider" },
  {
    path: "calls.headMs",
    kind: whole(100, 86_400_000),
    default: 900_000,
    what: "time for the head of a provider's answer, which comes with an answer that is not streamed",
  },
  {
    path: "calls.firstTokenMs",
    kind: whole(100, 86_400_000),
    default: 600_000,
    what: "time from the head of a stream to its first event",
  },
  {
    path: "calls.streamIdleMs",
    kind: whole(100, 86_400_000),
    default: 120_000,
    what: "longest time between two pieces of a stream",
  },
  { path: "calls.totalMs", kind: whole(100, 86_400_000), default: 3_600_000, what: "time for a whole call" },
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
