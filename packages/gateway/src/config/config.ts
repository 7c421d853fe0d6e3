/**
 * The configuration of the service, read and checked.
 * @module
 */
import type { UnknownTenants } from "@calybris/engine";
import type { Scope } from "../keys/scope.ts";
import type { CallMode, DeploymentConfig, ModelConfig, ProviderConfig } from "./call-config.ts";

/** One configured API key: its digest, never the key itself. */
export interface KeyConfig {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** SHA-256 of the key, in hexadecimal. */
  readonly sha256: string;
  /** Requests per second. Default: `limits.perSecond`. */
  readonly perSecond?: number;
  /** The tenants it may act for. Default: all. */
  readonly tenants?: readonly string[];
}

export interface Config {
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: { readonly certificateFile?: string; readonly keyFile?: string };
  readonly journal: {
    readonly directory: string;
    readonly keyFile?: string;
    readonly waitingMax: number;
    readonly segmentBytesMax: number;
  };
  readonly receipts: { readonly keyFile?: string };
  readonly checkpoint: {
    readonly signerFile?: string;
    readonly signerCommand?: string;
    readonly logKey?: string;
    readonly trustFile?: string;
    readonly everyEntries: number;
    readonly everySeconds: number;
  };
  readonly policy: { readonly file?: string };
  readonly rollout: { readonly signersFile?: string };
  readonly budgets: {
    readonly file?: string;
    readonly unknownTenants: UnknownTenants;
    readonly openReservationsMax: number;
  };
  readonly keys: readonly KeyConfig[];
  readonly cors: { readonly origins: readonly string[] };
  readonly limits: {
    readonly bodyBytesMax: number;
    readonly bodiesBytesMax: number;
    readonly answersBytesMax: number;
    readonly depthMax: number;
    readonly headerBytesMax: number;
    readonly batchMax: number;
    readonly candidatesMax: number;
    readonly connectionsMax: number;
    readonly headersMs: number;
    readonly requestMs: number;
    readonly answerMs: number;
    readonly idleMs: number;
    readonly drainMs: number;
    readonly perSecond: number;
  };
  readonly providers: readonly ProviderConfig[];
  readonly deployments: readonly DeploymentConfig[];
  readonly models: readonly ModelConfig[];
  readonly calls: {
    readonly decisions: CallMode;
    readonly refusals: "client" | "plain";
    readonly outputTokensMax: number;
    readonly outputTokensMin: number;
    readonly unansweredPerMinute: number;
    readonly bodyBytesMax: number;
    readonly cacheBytesMax: number;
    readonly cacheSeconds: number;
    readonly attemptsMax: number;
    readonly retryWaitMs: number;
    readonly retryWaitMaxMs: number;
    readonly connectMs: number;
    readonly headMs: number;
    readonly firstTokenMs: number;
    readonly streamIdleMs: number;
    readonly totalMs: number;
  };
  readonly log: { readonly level: "debug" | "info" | "warn" | "error" | "silent" };
  readonly traces: { readonly endpoint?: string; readonly shareBps: number };
}

/** Whether an address is reachable only from this machine. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.[0-9]{1,3}){3}$/.test(host);
}
