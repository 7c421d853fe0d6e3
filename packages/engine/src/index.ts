/**
 * The engine, for a program that embeds it: decisions that are durable before they are answered, budgets, and learning.
 *
 * @example
 * Open a journal, decide one request, and read what was chosen.
 * ```ts
 * import { mkdtempSync, writeFileSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { Engine, loadPolicy } from "@calybris/engine";
 * const folder = mkdtempSync(join(tmpdir(), "calybris-"));
 * const useCase = { valueDollars: "1", riskBps: 500, confidenceBps: 9000, qualityMinBps: 7500, outputTokens: 900 };
 * const limits = { riskHardLimitBps: 9600, confidenceMinBps: 5500, riskPenaltyMultiplierBps: 3500 };
 * const policy = { name: "example", epoch: 1, catalog: "llm", ...limits, latencyPenaltyMicrocentsPerMs: 2 };
 * writeFileSync(join(folder, "policy.json"), JSON.stringify({ ...policy, useCases: { default: useCase } }));
 * const engine = await Engine.open({
 *   directory: join(folder, "journal"),
 *   policy: await loadPolicy(join(folder, "policy.json")),
 * });
 * const { decision, sequence } = await engine.decide({ inputTokens: 400 });
 * decision.action; // "substitute"
 * sequence; // 2
 * await engine.close();
 * ```
 * @module
 */

// Opening, deciding, activating policies.
export { ENGINE_ERRORS, EngineError, type EngineErrorCode, type EngineErrorDetails } from "./engine-errors.ts";
export type { ClockCorrection } from "./flows/clock.ts";
export type { UnknownTenants } from "./flows/decide-step.ts";
export type { DecidedOrRefused, RefuseRest } from "./flows/decisions.ts";
export type { DecisionWaiter } from "./flows/decision-waiter.ts";
export {
  type Decided,
  Engine,
  type EngineOptions,
  type EngineSettings,
  type PolicyActivation,
  plainDecided,
  type Reconfiguration,
  type Reconfigured,
} from "./engine.ts";
// `engine.rollout`: staging, shadow comparison, promotion, rollback.
export type { EngineRollout, RolloutNow, RolloutStatus } from "./flows/rollout.ts";
export type { ComparedTo } from "./flows/running-comparison.ts";
export type { ExampleChoice, Mismatches, MismatchExample } from "./rollout/mismatch-examples.ts";
export type { Activation } from "./state/policy-book.ts";
export type { ChangeSignature, NextChange } from "./rollout/change-authorization.ts";
export type { ShadowCount, ShadowCounts } from "./state/shadow-counts.ts";
export { type Compared, type Gates, GATES } from "./rollout/comparison.ts";

// `engine.regret`: the value of decisions, compared with that of other policies.
export type { EngineRegret, MeasuredRegret, RegretOptions } from "./regret/engine-regret.ts";
export type { GroupReport, PolicyReport, RegretReport } from "./regret/regret-report.ts";

// `engine.calls`: calls, their attempts, and their ends.
export type { Call } from "./flows/call.ts";
export type { EngineCalls } from "./flows/calls.ts";
export type {
  AttemptEnd,
  Begun,
  BegunAttempt,
  CallMode,
  CallOutcome,
  CallStanding,
  CallState,
  CandidateBound,
  ClientCall,
  Completed,
  InputBound,
  NextAttempt,
  OpenCall,
  RejectedCall,
} from "./flows/client-call.ts";
// `engine.keys`: the callers of commands.
export type { Caller, EngineKeys } from "./flows/keys.ts";
// `engine.learning`: outcomes, priors, certificates.
export type { Certificate, ClientOutcome, EngineLearning } from "./flows/learning.ts";
// `engine.ledger`: budgets and settlements.
export type { EngineLedger, Granted, LedgerTotals, OfDecision, Settled } from "./flows/ledger.ts";
export type { TenantLimits } from "./flows/tenant-limits.ts";
export {
  type NamedExport,
  type ReconciledExport,
  type ReconcilingEngine,
  reconcileExport,
} from "./flows/usage-export.ts";
export { type Budgets, parseBudgets, type TenantLimit } from "./intake/budgets-file.ts";
// Configuration files and client input.
export { type CatalogFile, parseCatalogFile } from "./intake/catalog-file.ts";
export type { Amount, ClientRequest } from "./intake/client-request.ts";
export { BUILT_IN_CATALOGS, builtInCatalogPath, loadBudgets, loadCatalog, loadPolicy } from "./intake/load-policy.ts";
export { type PolicyLines, parsePolicyFile } from "./intake/policy-file.ts";
export type { LineOf } from "./intake/read-json.ts";
export type { ChainPosition } from "./journal/chain-check.ts";
export type { ChainFold } from "./journal/chain-fold.ts";
export type { ChainStart } from "./journal/chain-start.ts";
export { nodeSha256 } from "./journal/chain-hash.ts";
// Ports, for simulations and custom disks.
export type { Disk, DiskFile } from "./journal/disk.ts";
export type { Tail } from "./journal/entry-ring.ts";
export type { FileIdentity } from "./journal/file-identity.ts";
export type { Head } from "./journal/head.ts";
export type { Proofs } from "./journal/proofs.ts";
export type { GoodEntry, Recovered, SetAside } from "./journal/recovery.ts";
export type { Place, WriterStart } from "./journal/segment-writer.ts";
export type { Batch, WriterDriver, Written } from "./journal/writer-driver.ts";
export type { LedgerHandle } from "./ledger/handle.ts";
// `engine.reading`: read-only queries.
export type { EngineReading, FoundDecision, ReadDecided } from "./reading.ts";
export type { Confidence, TierQuality } from "./router/floors.ts";
export type { Prior } from "./router/prior.ts";
export { loadPrior } from "./router/prior-file.ts";
export type { SnapshotFile, SnapshotFiles } from "./snapshot/snapshot-files.ts";
export type { SnapshotResult } from "./snapshot/snapshot-keeper.ts";
export type { RefusedSnapshot, Restorable } from "./snapshot/start-point.ts";
export type { CreatedKey } from "./state/key-book.ts";
export type { Observed } from "./state/observed.ts";
export type { PolicyVersion } from "./state/state.ts";
export type {
  OlderGap,
  OlderLine,
  OlderVerification,
  OlderVerifier,
  RecoveredJournal,
  Recovery,
  SeedStore,
  Started,
  Storage,
  StorageLock,
  StoredEntries,
  StoredEntry,
  VerifyOlder,
} from "./storage/storage.ts";
export type { ClockSource, ClockStep } from "./system-clock.ts";
export type { CheckpointResult, CheckpointSettings } from "./checkpoint/checkpoint-keeper.ts";
export type { CheckpointStatus, EngineCheckpoints } from "./checkpoint/engine-checkpoints.ts";
export { type LogSigner, pooledSigner } from "./checkpoint/log-signer.ts";
export type { NoteFiles } from "./checkpoint/note-files.ts";
export type { BookedCheckpoint } from "./state/checkpoint-book.ts";
export type { TreeProofs } from "./checkpoint/tree-proofs.ts";
export type { WitnessAddress } from "./checkpoint/cosignatures.ts";
export type { WitnessResult, WitnessSettings } from "./checkpoint/witness-collection.ts";
