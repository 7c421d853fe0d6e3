/**
 * The journal of an engine and the components that follow its progress: reading, the snapshot writer, and the verifier of
 * older entries.
 * @module
 */

import { CheckpointKeeper } from "./checkpoint/checkpoint-keeper.ts";
import { EngineCheckpoints } from "./checkpoint/engine-checkpoints.ts";
import { nodeChain } from "./journal/chain-hash.ts";
import type { FailStop } from "./journal/fail-stop.ts";
import { Journal } from "./journal/journal.ts";
import { SEGMENT_BYTES_MAX } from "./journal/segment.ts";
import { WitnessCollection } from "./checkpoint/witness-collection.ts";
import { TreeProofs } from "./checkpoint/tree-proofs.ts";
import { clockRefusal, type EngineSettings, type Ports } from "./opening.ts";
import { EngineReading } from "./reading.ts";
import { SnapshotKeeper } from "./snapshot/snapshot-keeper.ts";
import { BeliefEntries } from "./state/belief-entries.ts";
import type { EngineState } from "./state/state.ts";
import { OLDER_BYTES_PER_SECOND } from "./storage/older-entries.ts";
import type { OlderVerifier, RecoveredJournal, Storage } from "./storage/storage.ts";

export interface StartedJournal {
  readonly journal: Journal;
  readonly beliefs: BeliefEntries;
  readonly reading: EngineReading;
  readonly snapshots: SnapshotKeeper;
  readonly checkpoints: EngineCheckpoints;
  /** Not started yet. */
  readonly older: OlderVerifier;
}

/**
 * Starts appending after the recovered entries.
 *
 * @param hooks - `onSnapshot` is called after each snapshot, written or failed.
 */
export function startJournal(
  storage: Storage,
  { state, stored, end, before }: RecoveredJournal<EngineState>,
  options: EngineSettings,
  ports: Ports,
  { failStop, onSnapshot }: { readonly failStop: FailStop; readonly onSnapshot: () => void },
): StartedJournal {
  const [chain, keyed] = [nodeChain(options.key), options.key !== undefined];
  const snapshots = new SnapshotKeeper({
    files: storage.snapshots,
    chain,
    segmentBytesMax: options.segmentBytesMax ?? SEGMENT_BYTES_MAX,
    onResult: (result) => {
      options.onSnapshot?.(result);
      onSnapshot();
    },
  });
  const older = storage.verifyOlder({
    key: options.key,
    until: before,
    bytesPerSecond: options.olderBytesPerSecond ?? OLDER_BYTES_PER_SECOND,
    onEnd: (status, broken) => {
      if (broken !== undefined) failStop.stop(broken);
      options.onOlderVerified?.(status);
    },
  });
  const beliefs = new BeliefEntries({ entries: stored, whenDurable: (sequence) => journal.whenDurable(sequence) });
  const journal: Journal = new Journal({
    driver: storage.append(options.key),
    sequence: state.sequence,
    at: state.at,
    sealed: state.sealed || state.sequence === 0,
    segmentBytes: end.segmentBytes,
    nowUs: ports.nowUs,
    clockRefusal: () => clockRefusal(ports),
    waitingMax: options.waitingMax,
    segmentBytesMax: options.segmentBytesMax,
    failStop,
    digests: () => {
      const { snapshot, digests } = state.snapshotToBind();
      snapshots.took(snapshot);
      return digests;
    },
    onOrdered: (sequence, at, body) => {
      state.apply(sequence, at, body);
      beliefs.ordered(sequence, body);
      checkpoints.keeper?.ordered(sequence, body.kind);
    },
    onWritten: (written) => {
      stored.note(written.first, written.segment, written.offset);
      reading.reached(written.durable, written.hash);
      snapshots.reached(written.durable, written.tree);
      checkpoints.keeper?.reached(written.durable, written.tree);
    },
  });
  const { checkpoint } = options;
  const proofs = new TreeProofs((range) => storage.treeHashes(range));
  const checkpoints = new EngineCheckpoints({
    book: state.checkpoints,
    files: storage.notes,
    proofs,
    keeper: (onResult) =>
      checkpoint &&
      new CheckpointKeeper(
        { book: state.checkpoints, files: storage.notes, proofs, journal, onResult },
        checkpoint,
        end.tree,
      ),
    onResult: options.onCheckpoint,
    witnesses: (of) =>
      checkpoint?.witnesses &&
      new WitnessCollection(
        {
          latest: () => of.latest,
          note: () => of.note(),
          proofs,
          replace: (note) => of.replace(note),
          onResult: options.onWitnesses,
        },
        checkpoint.witnesses,
        checkpoint.signer,
      ),
  });
  const reading = new EngineReading(
    {
      state,
      stored,
      storage,
      keyed,
      failure: () => failStop.failure ?? journal.failure,
      waitingCount: () => journal.waitingCount,
    },
    end,
  );
  return { journal, beliefs, reading, snapshots, checkpoints, older };
}
