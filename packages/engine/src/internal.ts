/**
 * Everything that the other packages of Calybris take from the engine: the journal's format and its files, readers of what
 * people write, the stages. It may change in any release. A program that embeds the engine imports `@calybris/engine`.
 * @module
 */

export * from "./byte-text.ts";
export * from "./checkpoint/checkpoint-keeper.ts";
export * from "./checkpoint/log-signer.ts";
export * from "./checkpoint/note-files.ts";
export * from "./ed25519.ts";
export * from "./engine.ts";
export { RecordedDecision } from "./flows/decided.ts";
export * from "./flows/learning.ts";
export * from "./flows/learning-defaults.ts";
export * from "./flows/ledger.ts";
export * from "./flows/limit-preview.ts";
export * from "./flows/recalled.ts";
export * from "./intake/intake.ts";
export * from "./intake/snapshot-index.ts";
export * from "./journal/chain-hash.ts";
export * from "./journal/chain-start.ts";
export * from "./journal/decision-record.ts";
export * from "./journal/disk.ts";
export * from "./journal/fail-stop.ts";
export * from "./journal/head.ts";
export * from "./journal/head-mac.ts";
export * from "./journal/journal.ts";
export * from "./journal/journal-tree.ts";
export * from "./journal/lay-record.ts";
export { acquireLock } from "./journal/lock.ts";
export * from "./journal/packed-segment.ts";
export * from "./journal/read-lines.ts";
export * from "./journal/record-shelf.ts";
export * from "./journal/recovery.ts";
export * from "./journal/scan.ts";
export * from "./journal/segment.ts";
export * from "./journal/thread-driver.ts";
export * from "./journal/writer.ts";
export * from "./journal/writer-driver.ts";
export * from "./ledger/cells.ts";
export * from "./ledger/handle.ts";
export * from "./ledger/ledger.ts";
export * from "./ledger/ledger-digest.ts";
export * from "./ledger/proof.ts";
export * from "./reading.ts";
export * from "./router/beliefs.ts";
export * from "./router/draws.ts";
export * from "./router/feedback.ts";
export * from "./router/floors.ts";
export * from "./router/prior.ts";
export * from "./router/prior-file.ts";
export * from "./router/prior-success.ts";
export * from "./router/prior-text.ts";
export * from "./router/router.ts";
export * from "./router/tables.ts";
export * from "./router/thompson.ts";
export * from "./snapshot/directory-snapshots.ts";
export * from "./snapshot/snapshot-name.ts";
export * from "./snapshot/start-point.ts";
export * from "./state/read-entry.ts";
export * from "./state/request-index.ts";
export * from "./state/state.ts";
export * from "./state/tier-floors.ts";
export * from "./storage/directory-storage.ts";
export * from "./storage/storage.ts";
export * from "./system-clock.ts";
